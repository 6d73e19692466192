"""What data a member holds, and what of others' it may know exists: datasets and snapshots, never rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from api.principal import Principal
from api.room import Room
from api.usecases.policies import active_policies
from cleanroom.names import DatasetName, MemberName, SnapshotId, UploadId
from cleanroom.state.snapshots import SnapshotRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetView:
    """A member's dataset. ``snapshot`` is None for other members' data."""

    member: MemberName
    dataset: DatasetName
    data_date: date | None
    committed_at: datetime
    snapshot: SnapshotId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotView:
    """One commit of one's own member's data."""

    dataset: DatasetName
    snapshot: SnapshotId
    upload_id: UploadId
    data_date: date | None
    counts: Mapping[str, int]
    committed_at: datetime


def list_datasets(room: Room, who: Principal) -> tuple[DatasetView, ...]:
    """One's own member's datasets, and those of others under whose policies one's member may ask (I17)."""
    open_to_me = {(p.member, p.dataset) for p in active_policies(room) if who.member in p.queriers}
    with room.state.read() as tx:
        found = tx.snapshots.all()
    newest: dict[tuple[MemberName, DatasetName], SnapshotRecord] = {}
    for record in found:
        newest[record.member, record.dataset] = record
    return tuple(
        DatasetView(
            member=member,
            dataset=dataset,
            data_date=record.data_date,
            committed_at=record.committed_at,
            snapshot=record.snapshot if member == who.member else None,
        )
        for (member, dataset), record in sorted(newest.items())
        if member == who.member or (member, dataset) in open_to_me
    )


def list_snapshots(room: Room, who: Principal, dataset: str) -> tuple[SnapshotView, ...]:
    """The commits of one's own member's dataset, oldest first."""
    with room.state.read() as tx:
        found = tx.snapshots.all(member=who.member, dataset=DatasetName(dataset))
    return tuple(
        SnapshotView(
            dataset=record.dataset,
            snapshot=record.snapshot,
            upload_id=record.upload_id,
            data_date=record.data_date,
            counts=record.counts,
            committed_at=record.committed_at,
        )
        for record in found
    )
