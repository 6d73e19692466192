"""Healing a crash, when a room is opened by the only one who has it open: by looking, never by guessing.

Each step may be repeated; a crash in here is healed by the next opening.
"""

from typing import TYPE_CHECKING

from api.evidence_desk import interrupt_questions
from api.ingest_journal import RoomJournal
from api.usecases.erasure import record_removals
from cleanroom.ingest import recover as recover_ingest
from cleanroom.state import ROOM, MemberStatus, RunState

if TYPE_CHECKING:
    from api.room import Room


def recover(room: "Room") -> None:
    """Bring lake, state and queue back to agreement. Raises what the vaults raise when one is damaged."""
    # 1. Every lease and every started run belongs to a process that is gone: the work goes back to the queue.
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        tx.jobs.release_all()
        for run in tx.runs.open():
            if run.state is RunState.STARTED:
                tx.runs.restart(run.run_id)
            elif run.state is RunState.CANCELLING:
                tx.runs.end(run.run_id, RunState.CANCELLED, problem="CR-R301")
        members = [member.name for member in tx.members.all() if member.status is MemberStatus.ACTIVE]
    # 2. Commits that were not published yet, receipts that were not written yet. What is not in a lake stays in the
    #    queue and is ingested again. A member whose vault was never written to has nothing to heal.
    vaults = {name: room.vault(name) for name in members}
    recover_ingest(
        {name: vault for name, vault in vaults.items() if vault.place.root.exists()},
        RoomJournal(room),
        room_key=room.signing,
        clock=room.surroundings.now,
        random=room.surroundings.random,
    )
    # 3. Erasures that reached a lake and not the state: later questions must not pin what came before them.
    for name, vault in vaults.items():
        if vault.place.root.exists():
            record_removals(room, ROOM, name)
    # 4. Second opinions that nobody is working on any more: their reports stop saying that one is pending.
    interrupt_questions(room)
