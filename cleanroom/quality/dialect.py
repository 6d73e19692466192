"""DuckDB for SQLAlchemy, as little as Great Expectations needs; imported in the worker process only.

The stock dialect opens a connection per checkout and lets results die with it, which Great Expectations does not
survive: it fetches after closing. Here there is one connection, and every result is fetched whole at once (they are
counts). Only tables made by us are ever read.
"""

# ruff: noqa: ARG002, ARG003  # the signatures are SQLAlchemy's

from collections.abc import Sequence
from typing import Any

import duckdb
from sqlalchemy import pool, types
from sqlalchemy.dialects import registry
from sqlalchemy.engine import default

NAME = "cleanroomduck"
URL = f"{NAME}://"
_TYPES = {
    "VARCHAR": types.String(),
    "BIGINT": types.BigInteger(),
    "BOOLEAN": types.Boolean(),
    "DATE": types.Date(),
    "TIMESTAMP": types.DateTime(),
    "UUID": types.Uuid(),
}


class _Cursor:
    """A DB-API cursor whose rows are here before anyone can close the connection."""

    arraysize = 1
    rowcount = -1
    lastrowid = None

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: list[tuple[Any, ...]] | None = None

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        done = self._connection.execute(statement, list(parameters))
        self.description = list(done.description or [])
        self._rows = done.fetchall()

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def close(self) -> None:
        self._rows = []


class OneConnection:
    """The DB-API face of the worker's connection: it does not close, and nothing it reads needs a transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def cursor(self) -> _Cursor:
        """A new cursor on the one connection."""
        return _Cursor(self._connection)

    def commit(self) -> None:
        """Nothing to do."""

    def rollback(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class _Driver:
    """The DB-API module."""

    apilevel = "2.0"
    threadsafety = 1
    paramstyle = "qmark"
    Error = duckdb.Error
    connection: OneConnection | None = None

    @classmethod
    def connect(cls, *_: object, **__: object) -> OneConnection:
        """The one connection there is."""
        if cls.connection is None:
            raise duckdb.Error("no rows were given to the worker")
        return cls.connection


class CleanroomDuck(default.DefaultDialect):
    """The dialect; Great Expectations treats it as ``other``, so patterns travel as SQL of our own."""

    name = NAME
    driver = NAME
    default_paramstyle = "qmark"
    supports_statement_cache = False
    supports_native_boolean = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """Ours."""
        return _Driver

    @classmethod
    def get_pool_class(cls, url: object) -> type[pool.Pool]:
        """One connection for everybody."""
        return pool.StaticPool

    def _get_server_version_info(self, connection: object) -> tuple[int, ...]:
        return (1,)

    def _get_default_schema_name(self, connection: object) -> str:
        return "main"

    def get_schema_names(self, connection: Any, **_: Any) -> list[str]:
        return ["main"]

    def get_table_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        return [name for (name,) in connection.exec_driver_sql("SELECT table_name FROM duckdb_tables()").fetchall()]

    def get_view_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        return []

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> bool:
        return table_name in self.get_table_names(connection)

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> list[Any]:
        rows = connection.exec_driver_sql(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", (table_name,)
        ).fetchall()
        return [
            {"name": name, "type": _TYPES.get(kind, types.Numeric()), "nullable": True, "default": None}
            for name, kind in rows
        ]


def use(connection: duckdb.DuckDBPyConnection) -> str:
    """Make ``connection`` the one that ``URL`` connects to; returns the URL."""
    registry.register(NAME, __name__, CleanroomDuck.__name__)
    _Driver.connection = OneConnection(connection)
    return URL
