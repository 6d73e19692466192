"""Places: where outside files lie. One file each; ``PLACES`` lists them by scheme; ``locate`` picks."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from cleanroom.errors import UsageProblem
from connectors.places.database import ROWS, database, is_database
from connectors.places.http import http
from connectors.places.local import local
from connectors.places.place import Located, Place, PlaceOptions
from connectors.places.s3 import s3
from connectors.places.sftp import sftp

PLACES: Mapping[str, Place] = {
    "file": local,
    "http": http,
    "https": http,
    "s3": s3,
    "sftp": sftp,
}
"""Beside these, every scheme of a database: ``connectors.places.database``."""


def locate(url: str, options: PlaceOptions | None = None) -> Iterator[Located]:
    """The files at ``url`` (a path, folder, glob or address), sorted by name.

    Raises:
        UsageProblem: CR-D220 not understood, CR-D225 an optional package is missing, CR-D226 redirects;
        NotFound: CR-D221; NotAuthorised, UsageProblem: CR-D222; Unavailable: CR-D223; DataRefused: CR-D224, CR-D228.
    """
    scheme = urlsplit(url).scheme if "://" in url else "file"
    place = database if is_database(scheme) else PLACES.get(scheme)
    if place is None:
        known = ", ".join((*PLACES, *ROWS, "dialect+driver", "adbc+driver"))
        raise UsageProblem("CR-D220", "this kind of place is not known", help=f"a path, or {known}")
    return place(url, options or PlaceOptions())


__all__ = ["PLACES", "Located", "Place", "PlaceOptions", "locate"]
