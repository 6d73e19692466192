"""Who is asking: a person of a member with roles; every use case takes one and asks it first.

Comes in: a user's record and how they proved who they are. Goes out: permission, or ``NotAuthorised``.
"""

from dataclasses import dataclass

from cleanroom.errors import NotAuthorised
from cleanroom.names import MemberName, UserName
from cleanroom.state import Actor, UserRole

LOCAL_OPERATOR_NAME = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """``roles`` are those of the user, narrowed by the scopes of the key they came with."""

    user: UserName
    member: MemberName
    roles: frozenset[UserRole]

    @property
    def actor(self) -> Actor:
        """As the log names them."""
        return Actor(user=self.user, member=self.member)

    def need(self, *roles: UserRole) -> None:
        """Return only when the person has at least one of ``roles``.

        Raises:
            NotAuthorised: CR-A003.
        """
        if not self.roles.intersection(roles):
            wanted = " or ".join(f"`{role}`" for role in roles)
            raise NotAuthorised(
                "CR-A003", f"this needs the role {wanted}", help="ask your member's operator for the role"
            )

    def has(self, *roles: UserRole) -> bool:
        """Whether the person has at least one of ``roles``."""
        return bool(self.roles.intersection(roles))


def local_operator() -> Principal:
    """Whoever holds the room's folder and key file, at its console: may run the room, and read no member's data."""
    return Principal(
        user=UserName(LOCAL_OPERATOR_NAME), member=MemberName("room"), roles=frozenset({UserRole.OPERATOR})
    )
