"""A database and a query -> one CSV file of the query's rows. PostgreSQL (psycopg, extra ``postgres``), SQLite, DuckDB.

The query is the owner's own, on the owner's own database; it runs in a read-only transaction. NULL arrives as an empty
cell. Addresses can hold passwords and database errors quote rows, so neither is ever repeated.
"""

import csv
import hashlib
import io
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import duckdb

from cleanroom.errors import CleanroomError, DataRefused, NotFound, UsageProblem
from connectors.limits import MAX_QUERY_ROWS
from connectors.places.place import Located, PlaceOptions, missing_extra, spooled, unreachable

_FETCH_ROWS = 10_000


def database(url: str, options: PlaceOptions) -> Iterator[Located]:
    """The query's answer as the file ``query.csv``; the query runs when it is opened.

    Raises:
        UsageProblem: CR-D220 no query or another kind of database, CR-D225 a driver is missing; NotFound: CR-D221;
        when opened also DataRefused: CR-D227 the query fails, CR-D224 too large; Unavailable: CR-D223.
    """
    scheme = urlsplit(url).scheme
    query = (options.query or "").strip().rstrip(";")
    if not query:
        raise UsageProblem("CR-D220", "a database needs a query", help="give `query:`, for example SELECT * FROM sales")
    rows = {"postgresql": _postgres, "postgres": _postgres, "sqlite": _sqlite, "duckdb": _duckdb}.get(scheme)
    if rows is None:
        raise UsageProblem(
            "CR-D220", "this kind of database is not read", help="postgresql://, sqlite:/// or duckdb:///"
        )
    if rows is _postgres:
        _psycopg()
    else:
        _file_of(url)
    etag = hashlib.sha256(query.encode()).hexdigest()[:16]
    yield Located(name="query.csv", size=None, etag=etag, open=lambda: spooled(rows(url, query), options))


def _psycopg() -> ModuleType:
    try:
        import psycopg
    except ImportError:
        raise missing_extra("PostgreSQL", "psycopg[binary]") from None
    return psycopg


def _postgres(url: str, query: str) -> Iterator[bytes]:
    psycopg = _psycopg()
    try:
        connection = psycopg.connect(url, connect_timeout=15)
    except psycopg.Error:
        raise unreachable("the database") from None
    try:
        with closing(connection):
            connection.read_only = True
            with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY ({query}\n) TO STDOUT WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')") as copy,
            ):
                for chunk in copy:
                    yield bytes(chunk)
    except CleanroomError:
        raise
    except psycopg.OperationalError:
        raise unreachable("the database broke off: it") from None
    except psycopg.Error:
        raise _failed() from None


def _sqlite(url: str, query: str) -> Iterator[bytes]:
    try:
        with closing(sqlite3.connect(f"{_file_of(url).as_uri()}?mode=ro", uri=True)) as connection:
            cursor = connection.execute(query)
            yield from _lines([item[0] for item in cursor.description or ()], iter(cursor))
    except (sqlite3.Error, sqlite3.Warning):
        raise _failed() from None


def _duckdb(url: str, query: str) -> Iterator[bytes]:
    try:
        with closing(duckdb.connect(str(_file_of(url)), read_only=True)) as connection:
            answer = connection.execute(query)
            names = [item[0] for item in answer.description or ()]

            def rows() -> Iterator[Sequence[object]]:
                while fetched := answer.fetchmany(_FETCH_ROWS):
                    yield from fetched

            yield from _lines(names, rows())
    except duckdb.Error:
        raise _failed() from None


def _file_of(url: str) -> Path:
    path = Path("/" + unquote(urlsplit(url).path).lstrip("/"))
    if not path.is_file():
        raise NotFound("CR-D221", "there is no such database file", help="for example sqlite:////folder/file.db")
    return path


def _lines(names: Sequence[str], rows: Iterator[Sequence[object]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for count, row in enumerate(rows, start=1):
        if count > MAX_QUERY_ROWS:
            raise DataRefused("CR-D224", f"the query yields more than {MAX_QUERY_ROWS} rows", help="narrow the query")
        writer.writerow(row)
        if count % _FETCH_ROWS == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _failed() -> DataRefused:
    return DataRefused("CR-D227", "the query fails", help="run it in the database's own client to see why")
