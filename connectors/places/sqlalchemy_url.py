"""Any SQLAlchemy address (``dialect+driver://...``) -> the rows of a query, through SQLAlchemy (extra ``sql``) and that driver."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cleanroom.errors import CleanroomError, UsageProblem
from connectors.places.place import PlaceOptions, missing_extra, unreachable
from connectors.places.query import FETCH_ROWS, Rows, csv_pieces, query_failed

if TYPE_CHECKING:
    from sqlalchemy import Engine

DIALECTS = frozenset({"mysql", "mariadb", "oracle", "mssql"})
"""Addresses that name no driver; SQLAlchemy takes its usual one."""

_READ_ONLY: Mapping[str, str] = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
    "postgresql": "SET TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
"""How each dialect is told to write nothing. Elsewhere nothing is committed, so what was written is undone."""


def rows(url: str, query: str, options: PlaceOptions) -> Rows:
    """Its rows. A ``password`` among the settings takes the place of the address's.

    Raises:
        UsageProblem: CR-D220 not an address SQLAlchemy understands, CR-D225 SQLAlchemy or the driver is missing.
    """
    try:
        from sqlalchemy import create_engine, make_url
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
        from sqlalchemy.pool import NullPool
    except ImportError:
        raise missing_extra("this database address", "sqlalchemy") from None
    try:
        parsed = make_url(url)
        if "password" in options.config:
            parsed = parsed.set(password=options.config["password"])
        # Errors quote parameters unless told otherwise; the query has none, but a driver may add some.
        engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise UsageProblem(
            "CR-D220", "this kind of database is not known", help="dialect+driver://..., or adbc+DRIVER://..."
        ) from None
    except ImportError:
        raise UsageProblem(
            "CR-D225", "the database's driver is not installed", help="install the driver that the address names"
        ) from None
    return lambda: _fetched(engine, query)


def _fetched(engine: "Engine", query: str) -> Iterator[bytes]:
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        connection = engine.connect()
    except SQLAlchemyError:
        raise unreachable("the database") from None
    try:
        # Never committed: closing rolls back.
        with connection:
            if engine.dialect.name in _READ_ONLY:
                connection.exec_driver_sql(_READ_ONLY[engine.dialect.name])
            # A server-side cursor where the driver has one; no parameters, so that a % in the query is a %.
            streaming = connection.execution_options(stream_results=True, max_row_buffer=FETCH_ROWS, no_parameters=True)
            result = streaming.exec_driver_sql(query)
            yield from csv_pieces(list(result.keys()), result.partitions(FETCH_ROWS))
    except CleanroomError:
        raise
    except DBAPIError as error:
        raise (unreachable("the database broke off: it") if error.connection_invalidated else query_failed()) from None
    except SQLAlchemyError:
        raise query_failed() from None
