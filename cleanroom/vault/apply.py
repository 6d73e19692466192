"""A decided file -> one atomic commit of the lake, with its note. INVARIANT I6: all of it or nothing.

One transaction holds the table's creation or growth, the deletes, the inserts (read from the package straight into
encrypted Parquet) and the note. The counts that the receipt will state are compared with what DuckDB did before the
commit is asked for.
"""

from dataclasses import replace

from cleanroom.contracts import Contract
from cleanroom.errors import IntegrityFailure
from cleanroom.names import SnapshotId
from cleanroom.vault.commit import CommitNote
from cleanroom.vault.decide import Decided, Fate, lake_table
from cleanroom.vault.package_file import TABLE
from cleanroom.vault.physical import physical_expressions, row_expression
from cleanroom.vault.session import LAKE
from cleanroom.vault.tables import create_statements, evolve_statements, literal, physical_columns, quoted
from cleanroom.vault.vault import LakeWriter


def apply(writer: LakeWriter, decided: Decided, note: CommitNote) -> SnapshotId:
    """Commit what was decided and return the snapshot that shows it.

    A file that changes nothing makes no snapshot; the newest one shows it already.

    Raises:
        IntegrityFailure: CR-V013 DuckDB wrote or removed another number of rows than decided; nothing was committed.
    """
    counts = decided.counts
    if not (counts.inserted or counts.changed or counts.removed):
        return writer.snapshot()
    connection = writer.connection
    connection.execute("BEGIN")
    ensure_table(writer, decided.staged.contract)
    removed = _delete(writer, decided) if counts.changed or counts.removed else 0
    inserted = _insert(writer, decided) if counts.inserted or counts.changed else 0
    if (inserted, removed) != (counts.inserted + counts.changed, counts.changed + counts.removed):
        connection.execute("ROLLBACK")
        raise IntegrityFailure("CR-V013", "the commit does not match what was decided; nothing was committed")
    say(writer, replace(note, counts=counts))
    connection.execute("COMMIT")
    return writer.snapshot()


def say(writer: LakeWriter, note: CommitNote) -> None:
    """Put ``note`` on the transaction that is open."""
    writer.connection.execute(
        f"CALL {LAKE}.set_commit_message({literal(writer.member)}, {literal(note.kind)}, "
        f"extra_info => {literal(note.to_json())})"
    )


def ensure_table(writer: LakeWriter, contract: Contract) -> None:
    """Create the dataset's table, or add the columns a newer contract has, in the open transaction."""
    rows = writer.connection.execute(
        f"SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = '{LAKE}' "
        f"AND table_name = {literal(contract.dataset)}"
    ).fetchall()
    present = {str(name): str(kind) for name, kind in rows}
    statements = evolve_statements(contract, present, lake=LAKE) if present else create_statements(contract, lake=LAKE)
    for statement in statements:
        writer.connection.execute(statement)


def _delete(writer: LakeWriter, decided: Decided) -> int:
    keys = ", ".join(quoted(name) for name in decided.staged.contract.natural_key)
    row = writer.connection.execute(
        f"DELETE FROM {lake_table(decided.staged)} WHERE ({keys}) IN (SELECT ({keys}) FROM gone)"
        if len(decided.staged.contract.natural_key) > 1
        else f"DELETE FROM {lake_table(decided.staged)} WHERE {keys} IN (SELECT {keys} FROM gone)"
    ).fetchone()
    return int(row[0]) if row else 0


def _insert(writer: LakeWriter, decided: Decided) -> int:
    staged, counts = decided.staged, decided.counts
    names = ", ".join(quoted(name) for name, _ in physical_columns(staged.contract))
    values = ", ".join(physical_expressions(staged.contract, staged.present))
    all_new = counts.inserted + counts.changed == counts.rows
    kept = f"{row_expression(staged.present)} NOT IN (SELECT _row FROM fate WHERE fate <> {Fate.CHANGED:d})"
    row = writer.connection.execute(
        f"INSERT INTO {lake_table(staged)} ({names}) SELECT {values} FROM {TABLE} WHERE {'true' if all_new else kept}"
    ).fetchone()
    return int(row[0]) if row else 0
