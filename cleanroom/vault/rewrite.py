"""A catalogue -> the same catalogue in a new file that remembers nothing of what was deleted.

Attack stopped: a DuckLake catalogue holds the smallest and largest value of each column, per data file and per table,
tokens among them. A database file keeps deleted rows in blocks it no longer uses, and DuckLake never narrows a table's
range: whoever has the member's key could read an erased person's token there.
"""

import os
from pathlib import Path

import duckdb

from cleanroom.crypto.keys import DataKey
from cleanroom.errors import IntegrityFailure
from cleanroom.names import SnapshotId
from cleanroom.vault.lake import LakePlace, load_lake_extensions, quoted_path
from cleanroom.vault.publish import publish, published, sync_folder

_BLOCK_BYTES = 16_384


def rewrite_catalogue(place: LakePlace, key: DataKey) -> SnapshotId:
    """Put a fresh copy in the live catalogue's place, publish it, and remove every other published copy.

    The caller holds the writer's lock and has no session open. Killed anywhere, either the old catalogue is in place or
    the new one, whole.

    Raises:
        IntegrityFailure: CR-V002 the catalogue does not open.
    """
    fresh = place.root / "catalogue.partial"
    fresh.unlink(missing_ok=True)
    try:
        snapshot = _copied(place.catalogue, fresh, key)
    except duckdb.Error:
        fresh.unlink(missing_ok=True)
        # INVARIANT I5: the text of this error holds the statement, and so the key.
        raise IntegrityFailure(
            "CR-V002",
            "a member's catalogue does not open: missing, damaged, or made under another key",
            help="restore the room from a backup together with its keyring",
            place=place.catalogue.name,
        ) from None
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(place.catalogue)
    sync_folder(place.root)
    newest = publish(place, snapshot)
    for copy in published(place):
        if copy != newest:
            copy.unlink(missing_ok=True)
    return snapshot


def _copied(old: Path, new: Path, key: DataKey) -> SnapshotId:
    how = f"ENCRYPTION_KEY '{key.duckdb_key()}', ENCRYPTION_CIPHER 'GCM'"
    with duckdb.connect(config={"temp_directory": "", "threads": 1}) as connection:
        load_lake_extensions(connection)  # encrypted files are written with httpfs' OpenSSL only
        connection.execute(f"ATTACH '{quoted_path(old)}' AS old ({how}, READ_ONLY)")
        connection.execute(f"ATTACH '{quoted_path(new)}' AS new ({how}, BLOCK_SIZE {_BLOCK_BYTES})")
        connection.execute("COPY FROM DATABASE old TO new")
        _narrow_ranges(connection)
        row = connection.execute("SELECT max(snapshot_id) FROM new.ducklake_snapshot").fetchone()
        connection.execute("DETACH new")
    return SnapshotId(int(row[0])) if row else SnapshotId(0)


def _narrow_ranges(connection: duckdb.DuckDBPyConnection) -> None:
    """Each table's smallest and largest values, from the files that are left; unknown where one does not say."""
    columns = connection.execute(
        "SELECT DISTINCT s.table_id, s.column_id, c.column_type FROM new.ducklake_table_column_stats s "
        "JOIN new.ducklake_column c USING (table_id, column_id) WHERE s.min_value IS NOT NULL OR s.max_value IS NOT NULL"
    ).fetchall()
    for table, column, kind in columns:
        left = f"new.ducklake_file_column_stats WHERE table_id = {int(table)} AND column_id = {int(column)}"
        ends = ", ".join(
            f"{end}_value = (SELECT CASE WHEN count(*) = count({end}_value) "
            f"THEN CAST({end}(CAST({end}_value AS {kind})) AS VARCHAR) END FROM {left} AND value_count IS DISTINCT FROM 0)"
            for end in ("min", "max")
        )
        connection.execute(
            f"UPDATE new.ducklake_table_column_stats SET {ends} "
            f"WHERE table_id = {int(table)} AND column_id = {int(column)}"
        )
