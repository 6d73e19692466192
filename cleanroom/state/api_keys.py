"""API keys: kept as SHA-256 of 256 random bits, so that a stolen table opens nothing."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from cleanroom.names import UserName
from cleanroom.state.tables import api_keys
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRecord:
    """``key_id`` may be shown; ``scopes`` are roles the key is narrowed to."""

    key_id: str
    user: UserName
    sha256: str = field(repr=False)
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeys:
    """Rows of ``api_keys``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(
        self, key_id: str, *, user: UserName, sha256: str, scopes: tuple[str, ...], expires_at: datetime | None
    ) -> None:
        """Keep a new key's hash."""
        self._tx.add(
            api_keys,
            "key.issued",
            key_id=key_id,
            user=user,
            sha256=sha256,
            scopes=scopes,
            created_at=self._tx.now,
            expires_at=expires_at,
            revoked_at=None,
        )

    def revoke(self, key_id: str) -> None:
        """Make a key useless, at once."""
        self._tx.put(api_keys, "key.revoked", {"key_id": key_id}, {"revoked_at": None}, revoked_at=self._tx.now)

    def by_hash(self, sha256: str) -> ApiKeyRecord | None:
        """The key with this hash, revoked or not."""
        return self._tx.first(ApiKeyRecord, select(api_keys).where(api_keys.c.sha256 == sha256))

    def get(self, key_id: str) -> ApiKeyRecord:
        """One key. Raises NotFound CR-L003."""
        return self._tx.get(ApiKeyRecord, api_keys, key_id=key_id)

    def of(self, user: UserName) -> tuple[ApiKeyRecord, ...]:
        """A user's keys, oldest first."""
        query = select(api_keys).where(api_keys.c.user == user).order_by(api_keys.c.created_at, api_keys.c.key_id)
        return self._tx.many(ApiKeyRecord, query)
