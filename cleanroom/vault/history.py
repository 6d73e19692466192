"""A vault's past: commits, tables at a snapshot, and what changed between two."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from cleanroom.errors import NotFound
from cleanroom.names import ColumnName, DatasetName, SnapshotId
from cleanroom.vault.commit import Commit
from cleanroom.vault.lake import attach_lake, load_lake_extensions
from cleanroom.vault.session import lake_border
from cleanroom.vault.tables import quoted
from cleanroom.vault.vault import Vault, commits

ALIAS = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How many rows of a dataset were inserted or deleted between two snapshots (an update is one of each)."""

    inserted: int
    deleted: int


def history(vault: Vault, dataset: DatasetName | None = None) -> tuple[Commit, ...]:
    """Commits that are still kept, oldest first; of one dataset if named."""
    with reader(vault) as connection:
        found = commits(connection, ALIAS)
    return tuple(c for c in found if dataset is None or (c.note is not None and c.note.dataset == dataset))


def datasets(vault: Vault) -> tuple[DatasetName, ...]:
    """The datasets the vault holds, by name."""
    with reader(vault) as connection:
        rows = connection.execute(
            f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{ALIAS}' ORDER BY table_name"
        ).fetchall()
    return tuple(DatasetName(name) for (name,) in rows)


def row_count(vault: Vault, dataset: DatasetName, snapshot: SnapshotId | None = None) -> int:
    """Rows of a dataset, now or at a snapshot.

    Raises:
        NotFound: CR-V008 no such dataset, or no such snapshot (any more).
    """
    at = "" if snapshot is None else f" AT (VERSION => {int(snapshot)})"
    with reader(vault) as connection:
        row = _found(connection, f"SELECT count(*) FROM {ALIAS}.{quoted(dataset)}{at}")
    return row[0]


def changes(vault: Vault, dataset: DatasetName, since: SnapshotId, until: SnapshotId) -> Change:
    """What changed in ``dataset`` after ``since`` and up to ``until``; CR-V008 as above."""
    window = f"{int(since) + 1}, {int(until)}"
    name = dataset.replace("'", "''")
    with reader(vault) as connection:
        row = _found(
            connection,
            "SELECT count(*) FILTER (change_type IN ('insert', 'update_postimage')), "
            "count(*) FILTER (change_type IN ('delete', 'update_preimage')) "
            f"FROM ducklake_table_changes('{ALIAS}', 'main', '{name}', {window})",
        )
    return Change(inserted=row[0], deleted=row[1])


def changed_units(
    vault: Vault,
    dataset: DatasetName,
    since: SnapshotId,
    until: SnapshotId,
    columns: Sequence[ColumnName],
    *,
    limit: int,
) -> tuple[int, ...]:
    """Per token column, how many distinct tokens stand in rows that changed after ``since``, counted up to ``limit``.

    Raises:
        NotFound: CR-V008 no such dataset, or no such snapshot (any more).
    """
    name = dataset.replace("'", "''")
    changed = f"ducklake_table_changes('{ALIAS}', 'main', '{name}', {int(since) + 1}, {int(until)})"
    each = ", ".join(
        f"(SELECT count(*) FROM (SELECT DISTINCT {quoted(c)} FROM {changed} WHERE {quoted(c)} IS NOT NULL LIMIT {limit}))"
        for c in columns
    )
    if not columns:
        return ()
    with reader(vault) as connection:
        # Its rows at ``since`` must still be readable, or what changed after it is not all that changed.
        _found(connection, f"SELECT count(*) FROM {ALIAS}.{quoted(dataset)} AT (VERSION => {int(since)})")
        return _found(connection, f"SELECT {each}")


def _found(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    try:
        row = connection.execute(query).fetchone()
    except duckdb.Error:
        raise NotFound("CR-V008", "no such dataset or snapshot in this vault", help="see `data history`") from None
    return tuple(int(value) for value in row or ())


@contextmanager
def reader(vault: Vault) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session with the newest published copy attached read-only as ``past``."""
    with lake_border(), duckdb.connect(config={"threads": vault.limits.threads}) as connection:
        load_lake_extensions(connection)
        attach_lake(connection, vault.published(), alias=ALIAS)
        yield connection
