"""One door to the database: how a connection is opened, how a transaction begins, how its failures read.

Comes in: a SQLAlchemy URL (``sqlite:///...`` or ``postgresql+psycopg://...``). Goes out: an engine whose foreign
exceptions leave only as Conflict, Unavailable, OutcomeUnknown or IntegrityFailure (INVARIANT I15: drivers quote
values and statements in their texts).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import make_url

from cleanroom.errors import (
    CleanroomError,
    Conflict,
    IntegrityFailure,
    OutcomeUnknown,
    Unavailable,
    UsageProblem,
)

_BUSY_SECONDS = 20.0
_WRITE = "cleanroom_write"


def connect(url: str) -> Engine:
    """Return an engine for ``url``, with durable commits and foreign keys on.

    Raises:
        UsageProblem: CR-L012, the URL names neither SQLite nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise _bad_url() from None
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    raise _bad_url()


def _bad_url() -> UsageProblem:
    return UsageProblem(
        "CR-L012",
        "the room's state is kept in SQLite or PostgreSQL",
        help="give sqlite:///FILE or postgresql+psycopg://HOST/NAME",
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # INVARIANT I16: what a caller was told survives a power cut
        "foreign_keys=ON",
        "secure_delete=ON",  # a destroyed key leaves no copy in free pages
        "trusted_schema=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE: a writer that reads first would otherwise fail at its first write instead of waiting its turn.
    writes = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write: all of it or nothing."""
    with _translated():
        connection = engine.connect()
    with connection:
        with _translated():
            connection = connection.execution_options(**{_WRITE: True})
            transaction = connection.begin()
        try:
            with _translated():
                yield connection
        except BaseException:
            with _translated():
                transaction.rollback()
            raise
        with _translated(committing=True):
            transaction.commit()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that sees one moment and writes nothing."""
    with _translated(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextmanager
def _translated(*, committing: bool = False) -> Iterator[None]:
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise _ours(error, committing=committing) from None
    except sqlite3.Error as error:
        raise _from_sqlite(error) from None


def _ours(error: exc.SQLAlchemyError, *, committing: bool) -> CleanroomError:
    if isinstance(error, exc.IntegrityError):
        return Conflict("CR-L004", "this exists already, or what it refers to does not", help="read it again")
    cause = error.orig if isinstance(error, exc.DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause)
    state = str(getattr(cause, "sqlstate", None) or "")
    if state in {"40001", "40P01", "55P03"}:
        return Conflict("CR-L002", "somebody else changed this at the same time", help="read it again, then retry")
    if state.startswith("53"):
        return _full()
    if committing and isinstance(error, exc.OperationalError):
        return OutcomeUnknown(
            "CR-L006", "the connection broke while committing", help="read back before you retry: it may have happened"
        )
    if isinstance(error, exc.OperationalError | exc.TimeoutError | exc.InterfaceError):
        return Unavailable("CR-L001", "the room's state cannot be reached", help="wait, then retry")
    return IntegrityFailure("CR-L011", "the room's state refused a statement", help="run `cleanroom room doctor`")


def _from_sqlite(error: sqlite3.Error) -> CleanroomError:
    name = str(getattr(error, "sqlite_errorname", "") or "")
    if name.startswith("SQLITE_CONSTRAINT_TRIGGER"):
        return IntegrityFailure("CR-L010", "the log is append-only", help="nothing rewrites a log entry")
    if name.startswith("SQLITE_CONSTRAINT"):
        return Conflict("CR-L004", "this exists already, or what it refers to does not", help="read it again")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable("CR-L001", "the room's state is busy", help="wait, then retry")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return _full()
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
        return Unavailable("CR-L001", "the room's state cannot be opened", help="check the folder and its rights")
    return IntegrityFailure("CR-L011", "the room's state is damaged", help="run `cleanroom room doctor`")


def _full() -> Unavailable:
    return Unavailable("CR-L005", "the disk is full; nothing was changed", help="free space, then retry")
