"""Snapshots: what each committed upload left in a member's vault."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select

from cleanroom.names import DatasetName, MemberName, SnapshotId, UploadId
from cleanroom.state.tables import snapshots
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRecord:
    """``counts`` are rows: inserted, changed, unchanged, removed, quarantined, total."""

    member: MemberName
    dataset: DatasetName
    snapshot: SnapshotId
    upload_id: UploadId
    data_date: date | None
    counts: Mapping[str, int]
    committed_at: datetime


class Snapshots:
    """Rows of ``snapshots``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(
        self,
        *,
        member: MemberName,
        dataset: DatasetName,
        snapshot: SnapshotId,
        upload_id: UploadId,
        data_date: date | None,
        counts: Mapping[str, int],
    ) -> None:
        """Keep a commit. Raises Conflict CR-L004: the snapshot or the upload is known already."""
        self._tx.add(
            snapshots,
            "snapshot.committed",
            dict(counts),
            member=member,
            dataset=dataset,
            snapshot=snapshot,
            upload_id=upload_id,
            data_date=data_date,
            counts=dict(counts),
            committed_at=self._tx.now,
        )

    def latest(self, member: MemberName, dataset: DatasetName) -> SnapshotRecord | None:
        """The newest snapshot of a member's dataset."""
        return self._tx.first(
            SnapshotRecord, self._query(member=member, dataset=dataset).order_by(snapshots.c.snapshot.desc())
        )

    def all(
        self, *, member: MemberName | None = None, dataset: DatasetName | None = None
    ) -> tuple[SnapshotRecord, ...]:
        """Snapshots by member, dataset and number."""
        query = self._query(member=member, dataset=dataset)
        order = (snapshots.c.member, snapshots.c.dataset, snapshots.c.snapshot)
        return self._tx.many(SnapshotRecord, query.order_by(*order))

    def count(self) -> int:
        """How many there are; it only grows, so that a change of it says that there is something new."""
        return self._tx.count(snapshots)

    def _query(self, **wanted: str | None) -> Select[Any]:
        query = select(snapshots)
        for name, value in wanted.items():
            if value is not None:
                query = query.where(snapshots.c[name] == value)
        return query
