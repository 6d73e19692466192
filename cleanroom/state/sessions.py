"""Browser sessions: kept by the hash of their secret, ended by time, sign-out or revocation."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select

from cleanroom.names import UserName
from cleanroom.state.tables import sessions
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One signed-in browser."""

    sha256: str = field(repr=False)
    user: UserName
    created_at: datetime
    expires_at: datetime


class Sessions:
    """Rows of ``sessions``. They come and go: the log notes who signed in and out, rows are not audited."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def open(self, *, sha256: str, user: UserName, expires_at: datetime) -> None:
        """Begin a session and drop those that have run out."""
        self._tx.connection.execute(delete(sessions).where(sessions.c.expires_at <= self._tx.now))
        self._tx.connection.execute(
            insert(sessions).values(sha256=sha256, user=user, created_at=self._tx.now, expires_at=expires_at)
        )
        self._tx.note("session.opened", "users", user, {})

    def close(self, sha256: str) -> None:
        """End a session; ending one that is gone is fine."""
        self._tx.connection.execute(delete(sessions).where(sessions.c.sha256 == sha256))

    def close_all(self, user: UserName) -> None:
        """End all sessions of a user."""
        self._tx.connection.execute(delete(sessions).where(sessions.c.user == user))

    def by_hash(self, sha256: str) -> SessionRecord | None:
        """The session with this hash, run out or not."""
        return self._tx.first(SessionRecord, select(sessions).where(sessions.c.sha256 == sha256))
