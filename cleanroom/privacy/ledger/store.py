"""Where ledger entries are kept: opaque bytes, per receiving member, in the order they left.

The room's state keeps them encrypted in its transactional store; ``MemoryStore`` serves tests and single sessions.
"""

from collections.abc import Sequence
from typing import Protocol

from cleanroom.names import MemberName


class LedgerStore(Protocol):
    """An append-only list of entries per receiver."""

    def append(self, receivers: Sequence[MemberName], entry: bytes) -> None:
        """Remember ``entry`` for every one of ``receivers``, durably, all or none, before it returns."""

    def entries(self, receiver: MemberName, *, after: int) -> Sequence[tuple[int, bytes]]:
        """Entries of ``receiver`` with positions above ``after`` (0: all), ascending; positions only grow."""


class MemoryStore:
    """Entries in memory."""

    def __init__(self) -> None:
        self._entries: list[tuple[frozenset[MemberName], bytes]] = []

    def append(self, receivers: Sequence[MemberName], entry: bytes) -> None:
        """Remember ``entry`` for ``receivers``."""
        self._entries.append((frozenset(receivers), entry))

    def entries(self, receiver: MemberName, *, after: int) -> Sequence[tuple[int, bytes]]:
        """Entries of ``receiver`` above position ``after``."""
        return [
            (position, entry)
            for position, (receivers, entry) in enumerate(self._entries, start=1)
            if position > after and receiver in receivers
        ]
