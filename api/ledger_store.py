"""The ledger's entries in the room's state, sealed; and one review at a time across all processes of the room.

Comes in: what ``cleanroom.privacy.ledger`` wants remembered. Goes out: rows of ``ledger``, opaque (INVARIANT I4).
"""

import fcntl
import os
from collections.abc import Sequence
from typing import cast

from api.room import Room
from cleanroom.crypto import open_blob, seal_blob
from cleanroom.engine.session import Session
from cleanroom.names import DatasetName, MemberName
from cleanroom.plan import Plan
from cleanroom.privacy.ledger.entry import decode_entry
from cleanroom.privacy.ledger.family import GridReader
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.privacy.ledger_port import CellKey
from cleanroom.state import ROOM
from cleanroom.state.ledger import LedgerRow


class RoomLedgerStore:
    """An append-only list of entries per receiver; satisfies ``cleanroom.privacy.ledger.store.LedgerStore``."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._key = room.blob_key("ledger")

    def append(self, receivers: Sequence[MemberName], entry: bytes) -> None:
        """Remember ``entry`` for every one of ``receivers`` in one transaction with its log entries."""
        identity = self._room.surroundings.new_id()
        datasets = tuple(sorted(DatasetName(name) for name in decode_entry(entry).datasets))
        with self._room.state.change(ROOM, self._room.surroundings.now()) as tx:
            for receiver in receivers:
                sealed = seal_blob(
                    self._key, entry, associated=_context(receiver, identity), random=self._room.surroundings.random
                )
                tx.ledger.append(receiver, (LedgerRow(entry_id=identity, datasets=datasets, entry_blob=sealed),))

    def entries(self, receiver: MemberName, *, after: int) -> Sequence[tuple[int, bytes]]:
        """What ``receiver`` holds, from the position above ``after``."""
        with self._room.state.read() as tx:
            rows = tx.ledger.of(receiver, after=after)
        return [
            (row.number, open_blob(self._key, row.entry_blob, associated=_context(receiver, row.entry_id)))
            for row in rows
        ]


class RoomLedger:
    """The ledger of a room. A file lock lets one process review at a time: two could each allow half a subtraction."""

    def __init__(self, room: Room) -> None:
        self._ledger = Ledger(RoomLedgerStore(room))
        self._lock_file = room.folder / ".ledger.lock"

    def review(
        self, plan: Plan, *, cells: Sequence[CellKey], passed: Sequence[Sequence[bool]], session: Session
    ) -> Sequence[Sequence[bool]]:
        """``Ledger.review``, alone."""
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            return self._ledger.review(plan, cells=cells, passed=passed, session=cast("GridReader", session))
        finally:
            os.close(handle)


def _context(receiver: MemberName, identity: str) -> bytes:
    return f"ledger/{receiver}/{identity}".encode()
