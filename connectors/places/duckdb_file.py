"""``duckdb:////folder/file.db`` -> the rows of a query; the file is opened read-only."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from connectors.places.place import PlaceOptions
from connectors.places.query import FETCH_ROWS, Rows, csv_pieces, query_failed
from connectors.places.stored_file import file_of


def rows(url: str, query: str, options: PlaceOptions) -> Rows:  # noqa: ARG001 - a file has no settings
    """Its rows; NotFound CR-D221 without the file."""
    path = file_of(url)
    return lambda: _fetched(path, query)


def _fetched(path: Path, query: str) -> Iterator[bytes]:
    try:
        with closing(duckdb.connect(str(path), read_only=True)) as connection:
            answer = connection.execute(query)
            names = [item[0] for item in answer.description or ()]
            yield from csv_pieces(names, iter(lambda: answer.fetchmany(FETCH_ROWS), []))
    except duckdb.Error:
        raise query_failed() from None
