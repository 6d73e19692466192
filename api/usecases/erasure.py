"""Erasure: a member takes people out of all its later answers, by tokens made on its own machine.

What was released before stays released; the ledger then keeps anybody from subtracting the erased person out of it.
The rows leave the newest snapshot at once, and no later file brings them back. They leave the disk when the vault's
history is purged, which the member asks for: the ledger holds new answers against the snapshots of earlier ones, and
withholds what it can no longer compare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from api.principal import Principal
from api.room import Room
from cleanroom.names import DatasetName, MemberName, SnapshotId, UploadId
from cleanroom.state import Actor, Tx, UserRole
from cleanroom.state.snapshots import SnapshotRecord
from cleanroom.vault.compact import purge
from cleanroom.vault.erase import erase

_REMOVALS = frozenset({"erase", "retain"})
_REMOVAL = "erasure-"
"""How the snapshots that removals left are named where others name their upload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many rows left each dataset; a dataset without any is not named."""

    removed: Mapping[str, int]


def erase_people(room: Room, who: Principal, tokens: Sequence[UUID], *, purging: bool = False) -> Erased:
    """Remove every row of one's own member that carries one of ``tokens``, from all of its datasets, in one commit.

    ``purging`` gives up the vault's history, so that the rows leave the disk now.

    Raises:
        NotAuthorised: CR-A003. UsageProblem: CR-V045 no tokens, or more than 10,000.
    """
    who.need(UserRole.STEWARD, UserRole.UPLOADER)
    vault = room.vault(who.member)
    # 1. The intent: how many tokens, never which.
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.note("erasure.begun", "members", who.member, {"tokens": len(tokens)})
    # 2. The lake, in one commit that says what it is.
    random = room.surroundings.random
    gone = {dataset: count for dataset, count in erase(vault, tokens, random=random).items() if count}
    # 3. The state: questions pin the new snapshots from now on. A crash before this is healed on opening.
    record_removals(room, who.actor, who.member, gone)
    # 4. The disk, where it is wanted; questions then pin what the purge left.
    if purging:
        purge(vault)
        record_removals(room, who.actor, who.member)
    return Erased(removed={str(dataset): count for dataset, count in sorted(gone.items())})


def record_removals(
    room: Room, actor: Actor, member: MemberName, gone: Mapping[DatasetName, int] | None = None
) -> None:
    """Pin the snapshots that removals left and the state does not know yet; all datasets where it is not known which."""
    with room.state.read() as tx:
        newest = {record.dataset: record for record in tx.snapshots.all(member=member)}
    if not newest or room.vault(member).published().snapshot <= max(r.snapshot for r in newest.values()):
        return
    with room.vault(member).writer(wait=True) as writer:
        kept = writer.commits()
    late = max((c.snapshot for c in kept if c.note is not None and c.note.kind in _REMOVALS), default=SnapshotId(0))
    first, last = kept[0].snapshot, kept[-1].snapshot
    with room.state.change(actor, room.surroundings.now()) as change:
        for dataset, record in sorted(newest.items()):
            if record.snapshot < first:  # purged: what the state knew cannot be read any more, the newest can
                _pin(change, room, record, last, {})
            elif record.snapshot < late and (gone is None or dataset in gone):
                _pin(change, room, record, late, {} if gone is None else {"removed": gone[dataset]})


def is_removal(upload: UploadId) -> bool:
    """Whether a snapshot was left by an erasure or a retention rule and by no upload."""
    return upload.startswith(_REMOVAL)


def _pin(tx: Tx, room: Room, record: SnapshotRecord, snapshot: SnapshotId, counts: Mapping[str, int]) -> None:
    tx.snapshots.add(
        member=record.member,
        dataset=record.dataset,
        snapshot=snapshot,
        upload_id=UploadId(f"{_REMOVAL}{room.surroundings.new_id()}"),
        data_date=record.data_date,
        counts=counts,
    )
