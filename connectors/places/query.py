"""Rows of a query -> CSV bytes in pieces, and what every way into a database says when it goes wrong."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence

from cleanroom.errors import DataRefused
from connectors.limits import MAX_QUERY_ROWS

FETCH_ROWS = 10_000
"""Rows that are held at once, in every driver that can stream."""

Rows = Callable[[], Iterator[bytes]]
"""Runs the query and gives its answer as CSV with a header, in pieces."""


def csv_pieces(names: Sequence[str], batches: Iterable[Iterable[Sequence[object]]]) -> Iterator[bytes]:
    """``batches`` of rows as CSV, a piece for each batch.

    Raises:
        DataRefused: CR-D224 more rows than are taken.
    """
    count = 0
    yield _written([names])
    for batch in batches:
        rows = [[_cell(value) for value in row] for row in batch]
        count += len(rows)
        if count > MAX_QUERY_ROWS:
            raise DataRefused("CR-D224", f"the query yields more than {MAX_QUERY_ROWS} rows", help="narrow the query")
        yield _written(rows)


def query_failed() -> DataRefused:
    """A query that the database refuses; its own words may quote rows."""
    return DataRefused("CR-D227", "the query fails", help="run it in the database's own client to see why")


def _written(rows: Iterable[Sequence[object]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def _cell(value: object) -> object:
    """Text as people write it: lower-case booleans, bytes in hex; NULL is an empty cell."""
    match value:
        case bool():
            return "true" if value else "false"
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case _:
            return value
