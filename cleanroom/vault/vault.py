"""One member's vault: created once, written by one at a time, read by any number.

The door to the lake. Whoever writes holds the lock, works in a bounded session, and leaves a published copy behind;
whoever reads takes ``published()`` and never meets a writer.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import duckdb

from cleanroom.crypto.keys import DataKey
from cleanroom.errors import NotFound
from cleanroom.names import DatasetName, Digest, MemberName, SnapshotId, UploadId
from cleanroom.vault.commit import Commit, note_from_json
from cleanroom.vault.engines import SessionLimits
from cleanroom.vault.lake import LakePlace, PublishedLake
from cleanroom.vault.lock import writer_lock
from cleanroom.vault.publish import prune, publish, published
from cleanroom.vault.session import DEFAULT_LIMITS, LAKE, lake_border, writer_session


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeWriter:
    """An open writing session; exists only while its vault's lock is held. ``connection`` has the lake as ``lake``."""

    place: LakePlace
    connection: duckdb.DuckDBPyConnection = field(repr=False)

    @property
    def member(self) -> MemberName:
        """Whose vault this is."""
        return self.place.member

    def snapshot(self) -> SnapshotId:
        """The newest committed snapshot."""
        row = self.connection.execute(f"SELECT max(snapshot_id) FROM {LAKE}.snapshots()").fetchone()
        return SnapshotId(int(row[0])) if row else SnapshotId(0)

    def commits(self) -> tuple[Commit, ...]:
        """All commits that are still kept, oldest first."""
        return commits(self.connection, LAKE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A member's encrypted lake. Frozen and cheap: it holds a place and a key, no connection."""

    place: LakePlace
    key: DataKey = field(repr=False, compare=False)
    limits: SessionLimits = DEFAULT_LIMITS

    @property
    def member(self) -> MemberName:
        """Whose vault this is."""
        return self.place.member

    def create(self) -> SnapshotId:
        """Make the empty lake and publish it; idempotent."""
        with self.writer(wait=True) as writer:
            return writer.snapshot()

    @contextmanager
    def writer(self, *, wait: bool = False) -> Iterator[LakeWriter]:
        """Write to the lake; whatever was committed is published when the block ends, also when it raises.

        Raises:
            Conflict: CR-V003 another writer is at work and ``wait`` is False.
            Unavailable, IntegrityFailure: see ``lake_border``.
        """
        with writer_lock(self.place.lock, wait=wait), lake_border():
            snapshot: SnapshotId | None = None
            try:
                with writer_session(self.place, self.key, self.limits) as connection:
                    writer = LakeWriter(place=self.place, connection=connection)
                    try:
                        yield writer
                    finally:
                        snapshot = _settled(writer)
            finally:
                if snapshot is not None and snapshot != self._newest():
                    publish(self.place, snapshot)
                    prune(self.place)

    def heal(self) -> SnapshotId:
        """Publish a commit that a crash kept from being published; return the newest snapshot."""
        return self.create()

    def published(self) -> PublishedLake:
        """The newest published copy.

        Raises:
            NotFound: CR-V007 nothing was ever published: the vault does not exist.
        """
        copies = published(self.place)
        if not copies:
            raise NotFound("CR-V007", "this vault does not exist yet", help="create the member first")
        return PublishedLake(member=self.member, catalogue=copies[0], data=self.place.data, key=self.key)

    def find_commit(self, upload: UploadId) -> Commit | None:
        """The commit that carries ``upload``, looked up in the live lake: published or not, it is found."""
        with self.writer(wait=True) as writer:
            return next((c for c in writer.commits() if c.note is not None and c.note.upload == upload), None)

    def find_package(self, dataset: DatasetName, package: Digest) -> Commit | None:
        """The newest commit of ``dataset`` that carried the package with this digest."""
        with self.writer(wait=True) as writer:
            return find_package(writer.commits(), dataset, package)

    def _newest(self) -> SnapshotId | None:
        copies = published(self.place)
        return SnapshotId(int(copies[0].stem)) if copies else None


def find_package(history: tuple[Commit, ...], dataset: DatasetName, package: Digest) -> Commit | None:
    """The newest commit in ``history`` that carried this package into ``dataset``."""
    carried = (c for c in reversed(history) if c.note and c.note.dataset == dataset and c.note.package == package)
    return next(carried, None)


def commits(connection: duckdb.DuckDBPyConnection, alias: str) -> tuple[Commit, ...]:
    """All commits of the lake attached as ``alias``, oldest first."""
    rows = connection.execute(
        f"SELECT snapshot_id, snapshot_time, author, commit_extra_info FROM {alias}.snapshots() ORDER BY snapshot_id"
    ).fetchall()
    return tuple(
        Commit(
            snapshot=SnapshotId(int(snapshot)),
            at=at,
            author=MemberName(author) if author else None,
            note=note_from_json(extra),
        )
        for snapshot, at, author, extra in rows
    )


def _settled(writer: LakeWriter) -> SnapshotId:
    """Roll back what was left open, let the catalogue file hold everything, and say which snapshot it shows."""
    connection = writer.connection
    with suppress(duckdb.TransactionException):  # nothing open is the usual case
        connection.execute("ROLLBACK")
    snapshot = writer.snapshot()
    # The published copy is a copy of the file alone: the write-ahead log must be empty before.
    connection.execute(f"DETACH {LAKE}")
    return snapshot
