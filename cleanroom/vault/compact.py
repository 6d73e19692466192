"""Small files become few, and what no snapshot needs any more leaves the disk.

A nightly feed leaves a file per partition and night. ``compact`` merges them and keeps all history; ``purge`` also
gives history up, which is what takes deleted rows off the disk.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cleanroom.vault.apply import say
from cleanroom.vault.commit import CommitNote
from cleanroom.vault.lock import writer_lock
from cleanroom.vault.publish import published
from cleanroom.vault.rewrite import rewrite_catalogue
from cleanroom.vault.session import LAKE
from cleanroom.vault.vault import LakeWriter, Vault

GRACE = timedelta(hours=24)
"""How long replaced files stay for readers that attached an older published copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """Data files before and after, on disk."""

    files_before: int
    files_after: int


CROWDED_FILES = 256
"""Live data files of a vault beyond which it is worth compacting: two months of nights."""


def crowded(writer: LakeWriter, *, files: int = CROWDED_FILES) -> bool:
    """Whether the vault's live tables lie in more than ``files`` data files."""
    row = writer.connection.execute(
        f"SELECT coalesce(sum(file_count), 0) FROM ducklake_table_info('{LAKE}')"
    ).fetchone()
    return row is not None and int(row[0]) > files


def compact(vault: Vault, *, now: datetime, grace: timedelta = GRACE) -> Compacted:
    """Merge small files; remove those replaced longer than ``grace`` ago. History and time travel stay.

    Args:
        vault: the member's.
        now: the current moment, with time zone.
        grace: how long a reader may keep an older published copy open.
    """
    limit = now - grace
    with vault.writer(wait=True) as writer:
        before = _files(vault)
        writer.connection.execute(f"CALL ducklake_merge_adjacent_files('{LAKE}')")
        stamp = f"TIMESTAMPTZ '{limit.isoformat()}'"
        writer.connection.execute(f"CALL ducklake_cleanup_old_files('{LAKE}', older_than => {stamp})")
        _drop_copies(vault, older_than=limit)
    return Compacted(files_before=before, files_after=_files(vault))


def purge(vault: Vault) -> Compacted:
    """Give up all history: afterwards nothing of a deleted row is on disk, in data or in published catalogues.

    Runs that read an older copy at this moment fail and are run again. Recovery must have ended every open intent
    before (``ingest.recover``): the notes it looks for go with the history.
    """
    with vault.writer(wait=True) as writer:
        before = _files(vault)
        purge_open(writer)
    with writer_lock(vault.place.lock, wait=True):
        rewrite_catalogue(vault.place, vault.key)
    return Compacted(files_before=before, files_after=_files(vault))


def purge_open(writer: LakeWriter) -> None:
    """Rewrite files that hold deleted rows, expire all older snapshots, remove every file nothing refers to."""
    connection = writer.connection
    connection.execute(f"CALL ducklake_rewrite_data_files('{LAKE}', delete_threshold => 0.0)")
    connection.execute(f"CALL ducklake_merge_adjacent_files('{LAKE}')")
    connection.execute("BEGIN")
    say(writer, CommitNote(kind="compact"))
    connection.execute("COMMIT")
    newest = int(writer.snapshot())
    older = [int(commit.snapshot) for commit in writer.commits() if int(commit.snapshot) != newest]
    if older:
        connection.execute(f"CALL ducklake_expire_snapshots('{LAKE}', versions => {older})")
    connection.execute(f"CALL ducklake_cleanup_old_files('{LAKE}', cleanup_all => true)")
    # Files of a transaction that was killed: under the lock nobody else can be writing one now.
    connection.execute(f"CALL ducklake_delete_orphaned_files('{LAKE}', cleanup_all => true)")


def _files(vault: Vault) -> int:
    return sum(1 for path in vault.place.data.rglob("*.parquet") if path.is_file())


def _drop_copies(vault: Vault, *, older_than: datetime) -> None:
    for copy in published(vault.place)[1:]:
        if copy.stat().st_mtime < older_than.timestamp():
            copy.unlink(missing_ok=True)
