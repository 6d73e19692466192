"""Sessions kept open per set of published catalogues: a published copy never changes, so neither does a session on it.

Opening costs tens of milliseconds (extensions, attaches, decrypting catalogues); a query on a warm session does not pay
that. At most ``keep`` idle sessions stay; one in use is closed only when its last user is done.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from cleanroom.engine.session import Session, SessionLimits
from cleanroom.names import MemberName
from cleanroom.vault.lake import PublishedLake

_Key = tuple[tuple[MemberName, Path, Path], ...]


@dataclass(slots=True)
class _Kept:
    session: Session
    users: int = 0


class Sessions:
    """Lends sessions. One per process; safe to use from several threads."""

    def __init__(self, limits: SessionLimits, *, keep: int = 4) -> None:
        self._limits = limits
        self._keep = keep
        self._lock = Lock()
        self._kept: dict[_Key, _Kept] = {}

    @contextmanager
    def on(self, lakes: Iterable[PublishedLake]) -> Iterator[Session]:
        """A session on ``lakes`` for as long as the block runs; never close it yourself.

        Raises:
            Unavailable, IntegrityFailure: as ``Session.over_lakes``.
        """
        wanted = tuple(sorted(lakes, key=lambda lake: lake.member))
        key = tuple((lake.member, lake.catalogue, lake.data) for lake in wanted)
        with self._lock:
            kept = self._kept.pop(key, None) or _Kept(Session.over_lakes(wanted, self._limits))
            kept.users += 1
            self._kept[key] = kept  # most recently used last
        try:
            yield kept.session
        finally:
            with self._lock:
                kept.users -= 1
                self._close_idle(beyond=self._keep)

    def close(self) -> None:
        """Close what nobody uses, for example before a member's key is destroyed."""
        with self._lock:
            self._close_idle(beyond=0)

    def _close_idle(self, *, beyond: int) -> None:
        idle = [key for key, kept in self._kept.items() if kept.users == 0]
        for key in idle[: max(len(self._kept) - beyond, 0)]:
            self._kept.pop(key).session.close()
