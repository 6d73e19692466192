"""The ledger's entries in the room's state, sealed; and one review at a time across all processes of the room.

Comes in: what ``cleanroom.privacy.ledger`` wants remembered. Goes out: rows of ``ledger``, opaque (INVARIANT I4).
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from api.room import Room
from cleanroom.crypto import open_blob, seal_blob
from cleanroom.engine.control import RunFailed
from cleanroom.engine.session import Session
from cleanroom.errors import PolicyRefused, Violation
from cleanroom.names import DatasetName, MemberName
from cleanroom.plan import PinnedTable, Plan
from cleanroom.privacy.about_own import AboutOwn
from cleanroom.privacy.ledger.entry import decode_entry
from cleanroom.privacy.ledger.family import GridReader
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.released import CellKey
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
        self._store = RoomLedgerStore(room)
        self._ledger = Ledger(self._store)
        self._lock_file = room.folder / ".ledger.lock"

    def ask(self, plan: Plan, *, session: Session) -> Sequence[AboutOwn]:
        """``Ledger.ask``, alone.

        Raises:
            PolicyRefused: CR-L015, as ``review``.
        """
        with self._alone(plan, session):
            return self._ledger.ask(plan, session=cast("GridReader", session))

    def review(
        self, plan: Plan, *, cells: Sequence[CellKey], passed: Sequence[Sequence[bool]], session: Session
    ) -> Sequence[Sequence[bool]]:
        """``Ledger.review``, alone.

        Raises:
            PolicyRefused: CR-L015, an earlier answer rests on data that is gone (a member left, history was purged):
                nothing new can be held against it, so nothing new is told. The room prefers silence to a guess.
        """
        with self._alone(plan, session):
            return self._ledger.review(plan, cells=cells, passed=passed, session=cast("GridReader", session))

    @contextmanager
    def _alone(self, plan: Plan, session: Session) -> Iterator[None]:
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        except RunFailed:
            if self._rests_on_gone_data(plan, session):
                raise PolicyRefused((_gone(),)) from None
            raise
        finally:
            os.close(handle)

    def _rests_on_gone_data(self, plan: Plan, session: Session) -> bool:
        receivers = {*plan.obligations.receivers, plan.querier}
        held = (decode_entry(entry) for name in sorted(receivers) for _, entry in self._store.entries(name, after=0))
        tables = {table for entry in held for source in entry.plan.tables for table in source}
        return any(not _is_there(table, session) for table in tables)


def _is_there(table: PinnedTable, session: Session) -> bool:
    try:
        session.columns(table)
    except RunFailed:
        return False
    return True


def _gone() -> Violation:
    return Violation(
        code="CR-L015",
        rule="ledger",
        owner="room",
        message="an answer that was released before rests on data that is gone, so nothing new can be held against it",
        help="ask about datasets the earlier answers did not read; see docs/ledger.md",
    )


def _context(receiver: MemberName, identity: str) -> bytes:
    return f"ledger/{receiver}/{identity}".encode()
