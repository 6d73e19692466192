"""``sqlite:////folder/file.db`` -> the rows of a query; the file is opened read-only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from connectors.places.place import PlaceOptions
from connectors.places.query import FETCH_ROWS, Rows, csv_pieces, query_failed
from connectors.places.stored_file import file_of


def rows(url: str, query: str, options: PlaceOptions) -> Rows:  # noqa: ARG001 - a file has no settings
    """Its rows; NotFound CR-D221 without the file."""
    path = file_of(url)
    return lambda: _fetched(path, query)


def _fetched(path: Path, query: str) -> Iterator[bytes]:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            cursor = connection.execute(query)
            names = [item[0] for item in cursor.description or ()]
            yield from csv_pieces(names, iter(lambda: cursor.fetchmany(FETCH_ROWS), []))
    except (sqlite3.Error, sqlite3.Warning):
        raise query_failed() from None
