"""A question reads the asker's own data as its last answer did, until enough of them have changed.

Attack stopped (group testing): a member asks how many of its own list another member knows, adds one person to the list,
and asks again. Whether the ledger then withholds the new number or lets the old one pass again tells whether that person
is known. So the decision rests on the list alone: while fewer than the owners' minimum units changed in it, the question
is about the list as it was, whoever the added ones are, and the earlier answer is given again, marked with its date.
"""

from collections.abc import Sequence
from dataclasses import replace

from api.principal import Principal
from api.room import Room
from api.usecases.erasure import is_removal
from api.usecases.freshness import reads_of
from cleanroom.contracts.model import Role
from cleanroom.errors import NotFound
from cleanroom.names import DatasetName, SnapshotId
from cleanroom.plan import PinnedTable, SourceObligations
from cleanroom.vault.history import changed_units

_LOOKED_AT = 400
"""Answers that are looked through for the last one on a dataset."""

Tables = tuple[PinnedTable, ...]


def own_list_held(
    room: Room, who: Principal, tables: Sequence[Tables], sources: Sequence[SourceObligations]
) -> tuple[Tables, ...]:
    """``tables`` with the asker's own at the snapshot of its last answer, where too few units changed since.

    A question about nothing but one's own data reads the newest.
    """
    others = [s.minimum_units for s, pinned in zip(sources, tables, strict=True) if _is_of_others(who, pinned)]
    if not others:
        return tuple(tables)
    minimum = max(others)
    return tuple(tuple(_held(room, who, table, minimum) for table in pinned) for pinned in tables)


def _is_of_others(who: Principal, pinned: Tables) -> bool:
    return any(table.member != who.member for table in pinned)


def _held(room: Room, who: Principal, table: PinnedTable, minimum: int) -> PinnedTable:
    if table.member != who.member:
        return table
    before = _last_read(room, who, table.dataset)
    if before is None or before >= table.snapshot or _was_taken_from(room, table, since=before):
        return table
    tokens = [c.name for c in room.contracts()[table.dataset].stored if c.role is Role.TOKEN]
    try:
        counts = changed_units(room.vault(who.member), table.dataset, before, table.snapshot, tokens, limit=minimum)
    except NotFound:  # the history up to there was purged: what it was cannot be read any more
        return table
    is_small = any(0 < count < minimum for count in counts)
    return replace(table, snapshot=before) if is_small else table


def _was_taken_from(room: Room, table: PinnedTable, *, since: SnapshotId) -> bool:
    """Whether people were erased since: nobody may be read again then, and the ledger alone keeps them from being told.

    It holds numbers against each other as questions about the asker's own rows, too (``own_rows.py``).
    """
    with room.state.read() as tx:
        known = tx.snapshots.all(member=table.member)
    return any(
        is_removal(record.upload_id) for record in known if record.dataset == table.dataset and record.snapshot > since
    )


def _last_read(room: Room, who: Principal, dataset: DatasetName) -> SnapshotId | None:
    """The snapshot of one's own dataset that the newest answer with it read, whoever of one's member asked."""
    with room.state.read() as tx:
        for run in tx.releases.runs_of(who.member, limit=_LOOKED_AT):
            for member, known, snapshot in reads_of(tx.log.about("runs", run)):
                if (member, known) == (who.member, dataset):
                    return snapshot
    return None
