"""Users: the people of a member, their roles, and the hash of a password if they sign in to the pages."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from cleanroom.names import MemberName, UserName
from cleanroom.state.kinds import UserRole
from cleanroom.state.tables import users
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """``roles`` are ``UserRole`` texts. A revoked user stays in the log and can do nothing."""

    name: UserName
    member: MemberName
    roles: tuple[str, ...]
    password_hash: str | None = field(repr=False)
    added_at: datetime
    revoked_at: datetime | None


class Users:
    """Rows of ``users``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(
        self, name: UserName, *, member: MemberName, roles: tuple[UserRole, ...], password_hash: str | None = None
    ) -> None:
        """Add a person. Raises Conflict CR-L004: the name is taken, or there is no such member."""
        self._tx.add(
            users,
            "user.added",
            name=name,
            member=member,
            roles=tuple(sorted(str(role) for role in roles)),
            password_hash=password_hash,
            added_at=self._tx.now,
            revoked_at=None,
        )

    def set_password(self, name: UserName, password_hash: str) -> None:
        """Replace the password's hash."""
        self._tx.put(users, "user.password_set", {"name": name}, _LIVE, password_hash=password_hash)

    def set_roles(self, name: UserName, roles: tuple[UserRole, ...]) -> None:
        """Replace the roles."""
        self._tx.put(users, "user.roles_set", {"name": name}, _LIVE, roles=tuple(sorted(str(role) for role in roles)))

    def revoke(self, name: UserName) -> None:
        """Take everything away from a person, at once."""
        self._tx.put(users, "user.revoked", {"name": name}, _LIVE, revoked_at=self._tx.now)

    def get(self, name: UserName) -> UserRecord:
        """One user. Raises NotFound CR-L003."""
        return self._tx.get(UserRecord, users, name=name)

    def all(self, member: MemberName | None = None) -> tuple[UserRecord, ...]:
        """All users by name, or those of one member."""
        query = select(users).order_by(users.c.name)
        return self._tx.many(UserRecord, query if member is None else query.where(users.c.member == member))


_LIVE = {"revoked_at": None}
