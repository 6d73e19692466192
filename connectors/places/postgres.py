"""``postgresql://...`` -> the rows of a query, by COPY through psycopg (extra ``postgres``)."""

from collections.abc import Iterator
from contextlib import closing
from types import ModuleType

from cleanroom.errors import CleanroomError
from connectors.places.place import PlaceOptions, missing_extra, unreachable
from connectors.places.query import Rows, query_failed


def rows(url: str, query: str, options: PlaceOptions) -> Rows:
    """Its rows. A password may stand in the settings, in the address or in libpq's password file."""
    psycopg = _psycopg()
    return lambda: _copied(psycopg, url, query, options.config.get("password"))


def _psycopg() -> ModuleType:
    try:
        import psycopg
    except ImportError:
        raise missing_extra("PostgreSQL", "psycopg[binary]") from None
    return psycopg


def _copied(psycopg: ModuleType, url: str, query: str, password: str | None) -> Iterator[bytes]:
    secret = {} if password is None else {"password": password}
    try:
        connection = psycopg.connect(url, connect_timeout=15, **secret)
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
        raise query_failed() from None
