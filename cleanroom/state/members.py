"""Members: the companies in the room, their public keys and their vault's wrapped data key."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from cleanroom.names import MemberName
from cleanroom.state.kinds import MemberKind, MemberStatus
from cleanroom.state.tables import members
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecord:
    """``wrapped_data_key`` is None once the member was removed: destroying it shreds the vault and nothing else."""

    name: MemberName
    kind: MemberKind
    status: MemberStatus
    signing_key: str | None
    sealing_key: str | None
    wrapped_data_key: bytes | None = field(repr=False)
    added_at: datetime


class Members:
    """Rows of ``members``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, name: MemberName, *, kind: MemberKind, wrapped_data_key: bytes) -> None:
        """Admit a member. Raises Conflict CR-L004."""
        self._tx.add(
            members,
            "member.added",
            name=name,
            kind=kind,
            status=MemberStatus.ACTIVE,
            signing_key=None,
            sealing_key=None,
            wrapped_data_key=wrapped_data_key,
            added_at=self._tx.now,
        )

    def register_keys(self, name: MemberName, *, signing_key: str, sealing_key: str) -> None:
        """Set the member's public keys; the log keeps that they changed, and what signatures they must verify."""
        self._tx.put(
            members,
            "member.keys_registered",
            {"name": name},
            {"status": MemberStatus.ACTIVE},
            signing_key=signing_key,
            sealing_key=sealing_key,
        )

    def remove(self, name: MemberName) -> None:
        """Remove the member and destroy its wrapped data key. INVARIANT I18: no other row changes."""
        self._tx.put(
            members,
            "member.removed",
            {"name": name},
            {"status": MemberStatus.ACTIVE},
            status=MemberStatus.REMOVED,
            wrapped_data_key=None,
        )

    def get(self, name: MemberName) -> MemberRecord:
        """One member. Raises NotFound CR-L003."""
        return self._tx.get(MemberRecord, members, name=name)

    def all(self) -> tuple[MemberRecord, ...]:
        """All members by name, removed ones included."""
        return self._tx.many(MemberRecord, select(members).order_by(members.c.name))
