"""A locked DuckDB session over published lakes: what it has attached it can read, and nothing else can be reached.

Comes in: published lakes (immutable catalogue copies), limits. Goes out: result rows of ``EngineSql``, which only
``cleanroom.engine.sql`` and the ledger's grids make. The lock is the second wall, not the first: what DuckDB leaves
open even when locked (``duckdb_databases()`` shows the catalogue's key, ``glob`` lists allowed folders,
``duckdb_settings()``, ``query()``) is why no other text ever gets here. ``tests/attacks/engine`` holds the list.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import duckdb
import pyarrow as pa

from cleanroom.engine.control import RunControl, RunFailed, RunOutOfMemory
from cleanroom.engine.literals import quote_name, quote_text
from cleanroom.engine.rows import lake_alias, lake_reference, table_name
from cleanroom.engine.sql import EngineSql
from cleanroom.errors import CleanroomError
from cleanroom.names import DatasetName, MemberName
from cleanroom.plan import PinnedTable
from cleanroom.vault.lake import PublishedLake, attach_lake, load_lake_extensions

_NO_NULL = r"\]\[Has Null: false, Has No Null: (true|false)\](\[Approx Unique: [0-9]+\])?$"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """What one session may use. ``spill`` is a private folder for encrypted temporary files; None forbids spilling."""

    memory_bytes: int = 2_000_000_000
    threads: int = 2
    spill: Path | None = None
    spill_bytes: int = 20_000_000_000
    statements_at_once: int = 4


@dataclass(frozen=True, slots=True)
class ColumnTypes:
    """The physical columns of one pinned table: name to DuckDB type."""

    by_name: Mapping[str, str]


class Session:
    """One in-memory DuckDB instance with lakes attached read-only and its configuration locked.

    Safe to use from several threads: every statement runs on a connection of its own.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, pool: Iterable[duckdb.DuckDBPyConnection], *, versioned: bool
    ) -> None:
        self._connection = connection
        self._free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for cursor in pool:
            self._free.put(cursor)
        self._versioned = versioned
        self._columns: dict[PinnedTable, ColumnTypes] = {}
        self._full: dict[tuple[PinnedTable, str], bool] = {}

    @classmethod
    def over_lakes(cls, lakes: Iterable[PublishedLake], limits: SessionLimits) -> "Session":
        """A session that can read ``lakes`` (one per member) and nothing else.

        Raises:
            Unavailable: CR-V001 an extension is not installed, CR-R304 the session could not be set up.
            IntegrityFailure: CR-V002 a catalogue does not open.
        """
        attached = tuple(lakes)
        connection = _connect(limits)
        try:
            load_lake_extensions(connection)
            for lake in attached:
                attach_lake(connection, lake, alias=lake_alias(lake.member))
            pool = _lock(connection, [lake.data for lake in attached], limits)
        except duckdb.Error:
            connection.close()
            raise RunFailed from None
        except BaseException:
            connection.close()
            raise
        return cls(connection, pool, versioned=True)

    @classmethod
    def over_tables(
        cls, tables: Mapping[tuple[MemberName, DatasetName], pa.Table], limits: SessionLimits | None = None
    ) -> "Session":
        """A locked session over plain tables in memory, without versions: to try semantics without a vault."""
        limits = limits or SessionLimits()
        connection = _connect(limits)
        for member in sorted({member for member, _ in tables}):
            connection.execute(f"ATTACH ':memory:' AS {quote_name(lake_alias(member))}")
        for (member, dataset), table in tables.items():
            connection.register("incoming", table)
            target = f"{quote_name(lake_alias(member))}.main.{quote_name(dataset)}"
            connection.execute(f"CREATE TABLE {target} AS FROM incoming")
            connection.unregister("incoming")
        return cls(connection, _lock(connection, [], limits), versioned=False)

    def reference(self, table: PinnedTable) -> str:
        """``table`` as this session spells it in FROM."""
        return lake_reference(table) if self._versioned else table_name(table)

    def changes(self, since: PinnedTable, until: PinnedTable) -> str | None:
        """The change feed of one member's table after ``since`` and up to ``until``, as FROM spells it."""
        if not self._versioned:
            return None
        names = ", ".join(map(quote_text, (lake_alias(until.member), "main", until.dataset)))
        return f"ducklake_table_changes({names}, {int(since.snapshot) + 1}, {int(until.snapshot)})"

    def columns(self, table: PinnedTable) -> ColumnTypes:
        """The physical columns of ``table``; cached, a pinned table never changes.

        Raises:
            RunFailed: CR-R304 no such table at that snapshot.
        """
        if table not in self._columns:
            found = self._rows(f"DESCRIBE SELECT * FROM {self.reference(table)}", None)
            self._columns[table] = ColumnTypes({str(row[0]): str(row[1]) for row in found})
        return self._columns[table]

    def is_full(self, table: PinnedTable, column: str) -> bool:
        """Whether ``column`` of ``table`` is known to hold no NULL; cached, a pinned table never changes.

        Read off the statistics that DuckDB itself plans by. Their text quotes the column's least and greatest value, so
        it is judged where it is made, by its end, which no value can reach; only the answer comes out.

        Raises:
            RunFailed: CR-R304 no such table or column at that snapshot.
        """
        if (table, column) not in self._full:
            told = f"regexp_matches(stats({quote_name(column)}), {quote_text(_NO_NULL)})"
            found = self._rows(f"SELECT {told} FROM {self.reference(table)} LIMIT 1", None)
            self._full[table, column] = found == [(True,)]
        return self._full[table, column]

    def fetch(self, sql: EngineSql, control: RunControl) -> list[tuple[object, ...]]:
        """All result rows of ``sql``.

        Raises:
            RunCancelled: CR-R301. RunTimedOut: CR-R302. RunOutOfMemory: CR-R303. RunFailed: CR-R304.
        """
        return self._rows(sql.text, control)

    def close(self) -> None:
        """Let go of the lakes and of all memory; waits for nothing, a running statement keeps its own connection."""
        while not self._free.empty():
            self._free.get().close()
        self._connection.close()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rows(self, text: str, control: RunControl | None) -> list[tuple[object, ...]]:
        cursor = self._free.get()
        ended: CleanroomError = RunFailed()
        try:
            with control.statement(cursor) if control is not None else nullcontext():
                return cursor.execute(_single_select(cursor, text)).fetchall()
        except duckdb.OutOfMemoryException:
            ended = RunOutOfMemory()
        except duckdb.Error:
            # INVARIANT I15: the foreign text quotes cells. Ours is raised outside this block, so that the foreign
            # exception does not travel along as its context either.
            ended = (control.stopped_as() if control is not None else None) or ended
        finally:
            self._free.put(cursor)
        raise ended


def _single_select(cursor: duckdb.DuckDBPyConnection, text: str) -> duckdb.Statement:
    """The one SELECT that ``text`` is; the lock leaves PRAGMA, CALL and CREATE SECRET open, this does not."""
    statements = cursor.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise duckdb.InvalidInputException("not one SELECT")
    return statements[0]


def _connect(limits: SessionLimits) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        ":memory:",
        config={
            "temp_directory": str(limits.spill.absolute()) if limits.spill else "",
            "max_temp_directory_size": f"{limits.spill_bytes}B" if limits.spill else "0B",
            "temp_file_encryption": True,  # INVARIANT I4
            "memory_limit": f"{limits.memory_bytes}B",
            "threads": limits.threads,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
        },
    )


def _lock(
    connection: duckdb.DuckDBPyConnection, folders: Sequence[Path], limits: SessionLimits
) -> list[duckdb.DuckDBPyConnection]:
    """INVARIANT I11: from here on no file, network, extension, setting or Python variable is within reach.

    Returns the connections that statements run on: progress is a setting of each, so they are made before the lock.
    """
    pool = [connection.cursor() for _ in range(limits.statements_at_once)]
    for cursor in pool:
        cursor.execute("SET enable_progress_bar = true")
        cursor.execute("SET enable_progress_bar_print = false")
        cursor.execute("SET python_enable_replacements = false")
    allowed = ", ".join(quote_text(f"{folder.absolute()}/") for folder in folders)
    connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return pool
