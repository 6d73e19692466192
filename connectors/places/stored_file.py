"""The address of a database that is one file -> its path."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from cleanroom.errors import NotFound


def file_of(url: str) -> Path:
    """The file behind ``scheme:////folder/file.db``.

    Raises:
        NotFound: CR-D221.
    """
    path = Path("/" + unquote(urlsplit(url).path).lstrip("/"))
    if not path.is_file():
        raise NotFound("CR-D221", "there is no such database file", help="for example sqlite:////folder/file.db")
    return path
