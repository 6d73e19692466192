"""Facts x mode x what the lake holds -> the fate of every row, before anything is written.

Temporary tables made here: ``fate(_row, fate)`` for every row that is not a plain insert, ``gone(keys)`` for rows of
the lake that the commit takes out. Rows are compared column by column, never by a hash: a collision would lose a row.

What a natural key means inside one file: rows equal in every stored column are one row (the first is kept, the others
are counted as duplicates); rows that share the key and differ are all quarantined, because nobody can tell which one
is right.

What upsert means between files: the file pushed last wins, unless the contract has a ``restated_at`` column: then a row
restated earlier (never is earliest) leaves the stored one as it is, so that files may come in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from uuid import UUID

import duckdb

from cleanroom.errors import UsageProblem
from cleanroom.names import ColumnName
from cleanroom.vault.commit import RowCounts
from cleanroom.vault.package_file import TABLE
from cleanroom.vault.physical import row_expression, stored_expressions
from cleanroom.vault.session import LAKE
from cleanroom.vault.stage import FIRST_ROWS, Staged, Tally, broken
from cleanroom.vault.tables import SQL_TYPES, literal, quoted, token_columns

TWIN_RULE = "unique:natural_key"
EXISTS_RULE = "append:key_exists"
DUPLICATE_RULE = "duplicate:row"
ERASED_RULE = "erased:person"
OLDER_RULE = "upsert:older"
_VERSION = ColumnName("restated_at")


class Mode(StrEnum):
    """How a file meets what is there."""

    APPEND = "append"
    UPSERT = "upsert"
    REPLACE = "replace"


class Fate(IntEnum):
    """What becomes of a row of the file; no entry is a plain insert."""

    QUARANTINED = 1
    DUPLICATE = 2
    UNCHANGED = 3
    CHANGED = 4
    TWIN = 5  # quarantined by TWIN_RULE
    EXISTS = 6  # quarantined by EXISTS_RULE
    ERASED = 7  # quarantined by ERASED_RULE
    OLDER = 8  # the vault holds a later restatement, which stays: counted as unchanged


_QUARANTINED = frozenset({Fate.QUARANTINED, Fate.TWIN, Fate.EXISTS, Fate.ERASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The outcome before the commit: counts that reconcile, and findings that only the decision could make."""

    staged: Staged
    mode: Mode
    counts: RowCounts
    tallies: tuple[Tally, ...]


def decide(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    mode: Mode,
    period: tuple[date, date] | None,
    erased: Sequence[UUID] = (),
) -> Decided:
    """Give every row of the file its fate; rows that carry one of the ``erased`` tokens stay out.

    Raises:
        UsageProblem: CR-V012 replace without a period, a period without replace, or a dataset without a time column.
    """
    if (mode is Mode.REPLACE) != (period is not None) or (period is not None and staged.contract.time is None):
        raise UsageProblem(
            "CR-V012",
            "`replace` needs a period, and only `replace` takes one",
            help="push with --mode replace --period 2026-01, for a dataset that has a time column",
        )
    connection.execute("CREATE OR REPLACE TEMP TABLE fate (_row BIGINT, fate UTINYINT)")
    if staged.good < staged.rows:
        bad = broken(staged.rules, staged.errors)
        connection.execute(f"INSERT INTO fate SELECT _row, {Fate.QUARANTINED:d} FROM facts WHERE {bad}")
    if erased:
        _keep_out(connection, staged, erased)
    _twins(connection, staged)
    _gone_table(connection, staged)
    if table_exists(connection, staged):
        _matches(connection, staged, mode)
        if period is not None:
            _removed(connection, staged, period)
    return Decided(staged=staged, mode=mode, counts=_counts(connection, staged), tallies=_tallies(connection))


def _keys(staged: Staged, alias: str = "") -> str:
    prefix = f"{alias}." if alias else ""
    return ", ".join(f"{prefix}{quoted(name)}" for name in staged.contract.natural_key)


def _rows_of(staged: Staged) -> str:
    """The package's rows: number and stored columns."""
    columns = zip(staged.contract.stored, stored_expressions(staged.contract, staged.present), strict=True)
    listed = ", ".join(f"{expression} AS {quoted(column.name)}" for column, expression in columns)
    return f"(SELECT {row_expression(staged.present)} AS _row, {listed} FROM {TABLE})"


def _same(staged: Staged, left: str, right: str) -> str:
    others = (c.name for c in staged.contract.stored if c.name not in staged.contract.natural_key)
    each = (f"{left}.{quoted(name)} IS NOT DISTINCT FROM {right}.{quoted(name)}" for name in others)
    return " AND ".join(each) or "true"


def _keep_out(connection: duckdb.DuckDBPyConnection, staged: Staged, erased: Sequence[UUID]) -> None:
    """Rows of people who were erased: a later file does not bring them back."""
    tokens = [quoted(column.name) for column in token_columns(staged.contract) if column.name in staged.present]
    if not tokens:
        return
    listed = ", ".join(f"'{token}'" for token in erased)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE erased AS SELECT unnest([{listed}])::UUID AS token")
    carries = " OR ".join(f"{token} IN (SELECT token FROM erased)" for token in tokens)
    connection.execute(
        f"INSERT INTO fate SELECT _row, {Fate.ERASED:d} FROM (SELECT {row_expression(staged.present)} AS _row FROM {TABLE} "
        f"WHERE {carries}) WHERE _row NOT IN (SELECT _row FROM fate)"
    )


def _twins(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    keys = _keys(staged)
    good = "_row NOT IN (SELECT _row FROM fate)" if _any(connection, "fate") else "true"
    # As many hashes as rows: no key is there twice. Counting keys themselves would hold every one of them in memory.
    row = connection.execute(f"SELECT count(*), count(DISTINCT hash({keys})) FROM facts WHERE {good}").fetchone()
    if row is not None and row[0] == row[1]:
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE shared AS SELECT {keys}, min(_row) AS first FROM facts WHERE {good} "
        f"GROUP BY {keys} HAVING count(*) > 1"
    )
    if not _any(connection, "shared"):
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE twin AS SELECT _row, {keys}, first FROM facts JOIN shared USING ({keys}) "
        f"WHERE {good}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE twin_row AS SELECT r.*, t.first FROM {_rows_of(staged)} r "
        "JOIN twin t USING (_row)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE compared AS "
        f"SELECT r._row, r.first, {_same(staged, 'r', 'f')} AS same FROM twin_row r JOIN twin_row f ON f._row = r.first"
    )
    connection.execute(
        f"INSERT INTO fate SELECT _row, CASE WHEN NOT agree THEN {Fate.TWIN:d} ELSE {Fate.DUPLICATE:d} END "
        "FROM (SELECT _row, first, bool_and(same) OVER (PARTITION BY first) AS agree FROM compared) "
        "WHERE NOT agree OR _row <> first"
    )


def _gone_table(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    by_name = staged.contract.by_name
    columns = ", ".join(f"{quoted(n)} {SQL_TYPES[by_name[n].type]}" for n in staged.contract.natural_key)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE gone ({columns})")


def _matches(connection: duckdb.DuckDBPyConnection, staged: Staged, mode: Mode) -> None:
    keys, table = _keys(staged), lake_table(staged)
    on = " AND ".join(f"f.{quoted(n)} = l.{quoted(n)}" for n in staged.contract.natural_key)
    # Only the key columns of the lake are read here; on most nights nothing matches, and this is all there is.
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE hit AS SELECT f._row FROM facts f SEMI JOIN {table} l ON {on} "
        "WHERE f._row NOT IN (SELECT _row FROM fate)"
    )
    if not _any(connection, "hit"):
        return
    changed = Fate.EXISTS if mode is Mode.APPEND else Fate.CHANGED
    connection.execute(
        f"INSERT INTO fate SELECT f._row, CASE WHEN {_same(staged, 'f', 'l')} THEN {Fate.UNCHANGED:d} "
        f"WHEN {_older(staged, mode)} THEN {Fate.OLDER:d} ELSE {changed:d} END FROM (SELECT * FROM {_rows_of(staged)} WHERE _row IN (SELECT _row FROM hit)) f "
        f"JOIN {table} l ON {on}"
    )
    connection.execute(
        f"INSERT INTO gone SELECT {keys} FROM facts WHERE _row IN (SELECT _row FROM fate WHERE fate = {Fate.CHANGED:d})"
    )


def _older(staged: Staged, mode: Mode) -> str:
    """Whether the file's row ``f`` was restated before the stored row ``l``."""
    if mode is not Mode.UPSERT or _VERSION not in staged.contract.by_name:
        return "false"
    version = quoted(_VERSION)
    return f"l.{version} IS NOT NULL AND coalesce(f.{version} < l.{version}, true)"


def _removed(connection: duckdb.DuckDBPyConnection, staged: Staged, period: tuple[date, date]) -> None:
    # A row whose new version is quarantined keeps its old one: only keys that the file does not hold at all go.
    assert staged.contract.time is not None  # noqa: S101  # decide refused it
    on = " AND ".join(f"f.{quoted(n)} = l.{quoted(n)}" for n in staged.contract.natural_key)
    time = f"CAST(l.{quoted(staged.contract.time)} AS DATE)"
    connection.execute(
        f"INSERT INTO gone SELECT {_keys(staged, 'l')} FROM {lake_table(staged)} l ANTI JOIN facts f ON {on} "
        f"WHERE {time} BETWEEN DATE '{period[0]}' AND DATE '{period[1]}'"
    )


def _counts(connection: duckdb.DuckDBPyConnection, staged: Staged) -> RowCounts:
    found = dict(connection.execute("SELECT fate, count(*) FROM fate GROUP BY fate").fetchall())
    by = {fate: int(found.get(int(fate), 0)) for fate in Fate}
    gone = int((connection.execute("SELECT count(*) FROM gone").fetchone() or (0,))[0])
    return RowCounts(
        rows=staged.rows,
        inserted=staged.rows - sum(by.values()),
        changed=by[Fate.CHANGED],
        unchanged=by[Fate.UNCHANGED] + by[Fate.OLDER],
        duplicate=by[Fate.DUPLICATE],
        quarantined=sum(by[fate] for fate in _QUARANTINED),
        removed=gone - by[Fate.CHANGED],
    )


def _tallies(connection: duckdb.DuckDBPyConnection) -> tuple[Tally, ...]:
    named = {
        int(Fate.TWIN): TWIN_RULE,
        int(Fate.EXISTS): EXISTS_RULE,
        int(Fate.DUPLICATE): DUPLICATE_RULE,
        int(Fate.ERASED): ERASED_RULE,
        int(Fate.OLDER): OLDER_RULE,
    }
    rows = connection.execute(
        f"SELECT fate, count(*), min(_row, {FIRST_ROWS}) FROM fate GROUP BY fate ORDER BY fate"
    ).fetchall()
    return tuple(
        Tally(rule=named[fate], rows=int(count), first=tuple(first)) for fate, count, first in rows if fate in named
    )


def lake_table(staged: Staged) -> str:
    """The dataset's table in the writer's lake."""
    return f"{LAKE}.{quoted(staged.contract.dataset)}"


def table_exists(connection: duckdb.DuckDBPyConnection, staged: Staged) -> bool:
    """Whether the lake has the dataset's table."""
    row = connection.execute(
        f"SELECT count(*) FROM duckdb_tables() WHERE database_name = '{LAKE}' "
        f"AND table_name = {literal(staged.contract.dataset)}"
    ).fetchone()
    return row is not None and int(row[0]) == 1


def _any(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None
