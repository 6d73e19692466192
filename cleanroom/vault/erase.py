"""Erasure by token and retention by age: rows leave all later answers at once, and the disk with ``compact.purge``.

Tokens come from the member: identifiers are hashed on its machine. What has been released before stays released;
the ledger of released cells holds no row.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from cleanroom.contracts import Contract
from cleanroom.crypto.keys import Random
from cleanroom.errors import UsageProblem
from cleanroom.names import DatasetName
from cleanroom.vault.apply import say
from cleanroom.vault.commit import CommitNote, RowCounts
from cleanroom.vault.erased import remember_erased
from cleanroom.vault.session import LAKE
from cleanroom.vault.tables import quoted
from cleanroom.vault.vault import LakeWriter, Vault

MAX_TOKENS = 10_000


def erase(vault: Vault, tokens: Sequence[UUID], *, random: Random) -> Mapping[DatasetName, int]:
    """Remove every row of every dataset that carries one of ``tokens`` in any token column; rows gone per dataset.

    The tokens are remembered, so that no later file brings the people back.

    One commit for all datasets. Follow it with ``compact.purge`` to take the rows off the disk.

    Raises:
        UsageProblem: CR-V045 no tokens, or more than 10,000 at once.
    """
    if not 0 < len(tokens) <= MAX_TOKENS:
        raise UsageProblem("CR-V045", "give between one and 10,000 tokens at once")
    with vault.writer(wait=True) as writer:
        # First: a crash after this leaves rows that a repeated erasure removes, never a person who may come back.
        remember_erased(vault.place, vault.key, tokens, random)
        rows = ", ".join(f"(UUID '{token}')" for token in tokens)
        writer.connection.execute(f"CREATE OR REPLACE TEMP TABLE erased AS SELECT * FROM (VALUES {rows}) AS v(token)")
        wanted = {
            dataset: " OR ".join(f"{quoted(name)} IN (SELECT token FROM erased)" for name in columns)
            for dataset, columns in _uuid_columns(writer).items()
        }
        return _delete(writer, wanted, "erase")


def retain(vault: Vault, contract: Contract, *, first_kept: date) -> int:
    """Remove the rows of a dataset that are older than ``first_kept`` by its time column; how many went.

    Raises:
        UsageProblem: CR-V046 the dataset has no time column.
    """
    if contract.time is None:
        raise UsageProblem("CR-V046", f"`{contract.dataset}` has no time column to retain by")
    with vault.writer(wait=True) as writer:
        if contract.dataset not in _tables(writer):
            return 0
        older = f"CAST({quoted(contract.time)} AS DATE) < DATE '{first_kept}'"
        return _delete(writer, {contract.dataset: older}, "retain")[contract.dataset]


def _delete(writer: LakeWriter, wanted: Mapping[DatasetName, str], kind: str) -> dict[DatasetName, int]:
    writer.connection.execute("BEGIN")
    gone = {}
    for dataset, condition in wanted.items():
        row = writer.connection.execute(f"DELETE FROM {LAKE}.{quoted(dataset)} WHERE {condition}").fetchone()
        gone[dataset] = int(row[0]) if row else 0
    if any(gone.values()):
        say(writer, CommitNote(kind=kind, counts=RowCounts(removed=sum(gone.values()))))
    writer.connection.execute("COMMIT")
    return gone


def _uuid_columns(writer: LakeWriter) -> dict[DatasetName, list[str]]:
    rows = writer.connection.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        f"WHERE database_name = '{LAKE}' AND data_type = 'UUID' GROUP BY table_name ORDER BY table_name"
    ).fetchall()
    return {DatasetName(table): list(columns) for table, columns in rows}


def _tables(writer: LakeWriter) -> frozenset[str]:
    rows = writer.connection.execute(
        f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{LAKE}'"
    ).fetchall()
    return frozenset(str(name) for (name,) in rows)
