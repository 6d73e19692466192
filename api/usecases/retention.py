"""Retention by contract: rows past their time leave the newest snapshot, and then the disk, without anybody asking."""

from datetime import timedelta

from api.room import Room
from api.usecases.erasure import record_removals
from cleanroom.names import DatasetName, MemberName
from cleanroom.state import ROOM, MemberStatus
from cleanroom.vault.compact import purge
from cleanroom.vault.erase import retain


def keep_retention(room: Room) -> dict[tuple[MemberName, DatasetName], int]:
    """Remove what every member holds longer than its contract says; rows removed, where there were any.

    Where rows went, the member's history is purged: they must leave the disk, not only the newest snapshot. A crash
    in between is healed by doing it again, and by the next opening of the room.

    Raises:
        CleanroomError: a vault does not open; the others are done first.
    """
    limits = {name: contract for name, contract in room.contracts().items() if contract.retention_days is not None}
    today = room.surroundings.now().date()
    with room.state.read() as tx:
        active = {member.name for member in tx.members.all() if member.status is MemberStatus.ACTIVE}
        held = sorted({(record.member, record.dataset) for record in tx.snapshots.all()})
    removed: dict[tuple[MemberName, DatasetName], int] = {}
    for member, dataset in held:
        if member not in active or dataset not in limits:
            continue
        days = limits[dataset].retention_days
        assert days is not None  # noqa: S101 - chosen above
        count = retain(room.vault(member), limits[dataset], first_kept=today - timedelta(days=days))
        if count:
            removed[member, dataset] = count
            record_removals(room, ROOM, member, {dataset: count})
    for member in sorted({member for member, _ in removed}):
        purge(room.vault(member))
        record_removals(room, ROOM, member)
    return removed
