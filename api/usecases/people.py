"""People: who they are, what they may do, and the secrets they prove it with."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from api.credentials import hash_password, hash_secret, new_secret, password_matches
from api.principal import LOCAL_OPERATOR_NAME, Principal
from api.room import Room
from cleanroom.errors import DataRefused, NotAuthorised, NotFound
from cleanroom.names import MemberName, UserName, is_name
from cleanroom.state import MemberStatus, Tx, UserRole
from cleanroom.state.users import UserRecord

SESSION_HOURS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """A person as their member and the operator see them."""

    name: UserName
    member: MemberName
    roles: tuple[str, ...]
    has_password: bool
    added_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """An API key as its user and the operator see it: everything but what it is."""

    key_id: str
    user: UserName
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new API key; ``clear`` is shown this once."""

    key_id: str
    user: UserName
    scopes: tuple[str, ...]
    clear: str = field(repr=False)


def add_user(
    room: Room, who: Principal, name: str, *, member: str, roles: Iterable[UserRole], password: str | None = None
) -> UserView:
    """Add a person of a member.

    Raises:
        NotAuthorised: CR-A003. DataRefused: CR-A031 not a name, CR-A037 the password, CR-A039 no role.
        Conflict: CR-L004. NotFound: CR-L003 no such member.
    """
    who.need(UserRole.OPERATOR)
    given = tuple(sorted(set(roles)))
    if not is_name(name) or name == LOCAL_OPERATOR_NAME:
        raise DataRefused("CR-A031", "a user's name is lower-case letters, digits, _ and -, at most 63")
    if not given:
        raise DataRefused("CR-A039", "a user has at least one role")
    hashed = None if password is None else hash_password(password)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        _active(tx, MemberName(member))
        tx.users.add(UserName(name), member=MemberName(member), roles=given, password_hash=hashed)
        return _view(tx.users.get(UserName(name)))


def issue_key(
    room: Room,
    who: Principal,
    user: str,
    *,
    scopes: Iterable[UserRole] | None = None,
    ttl_days: int | None = None,
) -> IssuedKey:
    """Make an API key for a user: the operator for anybody, everybody for themselves; never wider than the roles.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003. DataRefused: CR-A039 a scope the user does not have.
    """
    if user != who.user:
        who.need(UserRole.OPERATOR)
    secret = new_secret(room.surroundings.random)
    now = room.surroundings.now()
    with room.state.change(who.actor, now) as tx:
        found = _live(tx, UserName(user))
        allowed = found.roles if user != who.user else tuple(sorted(str(role) for role in who.roles))
        wanted = allowed if scopes is None else tuple(sorted({str(scope) for scope in scopes}))
        if not wanted or not set(wanted) <= set(allowed):
            raise DataRefused("CR-A039", "a key's scopes are roles its user has", help="give fewer scopes")
        key_id = room.surroundings.new_id()
        expires = None if ttl_days is None else now + timedelta(days=ttl_days)
        tx.api_keys.add(key_id, user=found.name, sha256=secret.sha256, scopes=wanted, expires_at=expires)
    return IssuedKey(key_id=key_id, user=found.name, scopes=wanted, clear=secret.clear)


def revoke_key(room: Room, who: Principal, key_id: str) -> None:
    """Make a key useless: the operator any, everybody their own; another's looks like none (I17).

    Raises:
        NotFound: CR-L003. Conflict: CR-L002, revoked already.
    """
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        found = tx.api_keys.get(key_id)
        if found.user != who.user and not who.has(UserRole.OPERATOR):
            raise NotFound("CR-L003", "no such entry in `api_keys`", help="check the name; list what there is")
        tx.api_keys.revoke(key_id)


def list_keys(room: Room, who: Principal, user: str) -> tuple[KeyView, ...]:
    """A user's keys (ids, scopes, times): their own, or anybody's for the operator."""
    if user != who.user:
        who.need(UserRole.OPERATOR)
    with room.state.read() as tx:
        return tuple(
            KeyView(
                key_id=key.key_id,
                user=key.user,
                scopes=key.scopes,
                created_at=key.created_at,
                expires_at=key.expires_at,
                revoked_at=key.revoked_at,
            )
            for key in tx.api_keys.of(UserName(user))
        )


def set_password(room: Room, who: Principal, user: str, password: str) -> None:
    """Set a password and end the user's sessions: the operator anybody's, everybody their own."""
    if user != who.user:
        who.need(UserRole.OPERATOR)
    hashed = hash_password(password)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.users.set_password(UserName(user), hashed)
        tx.sessions.close_all(UserName(user))


def set_roles(room: Room, who: Principal, user: str, roles: Iterable[UserRole]) -> UserView:
    """Replace a user's roles; their keys and sessions follow at once, because roles are read at each request."""
    who.need(UserRole.OPERATOR)
    given = tuple(sorted(set(roles)))
    if not given:
        raise DataRefused("CR-A039", "a user has at least one role", help="revoke the user instead")
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.users.set_roles(UserName(user), given)
        return _view(tx.users.get(UserName(user)))


def revoke_user(room: Room, who: Principal, user: str) -> None:
    """Take everything away from a person, at once. Raises NotFound CR-L003, Conflict CR-L002."""
    who.need(UserRole.OPERATOR)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.users.revoke(UserName(user))
        tx.sessions.close_all(UserName(user))


def list_users(room: Room, who: Principal) -> tuple[UserView, ...]:
    """The people of one's own member; all people for the operator."""
    with room.state.read() as tx:
        found = tx.users.all(None if who.has(UserRole.OPERATOR) else who.member)
    return tuple(_view(user) for user in found)


def sign_in(room: Room, user: str, password: str) -> str:
    """Open a session and return its secret, for a cookie.

    Raises:
        NotAuthorised: CR-A004, whatever was wrong.
    """
    with room.state.read() as tx:
        found = next((u for u in tx.users.all() if u.name == user and u.revoked_at is None), None)
    if not password_matches(found.password_hash if found else None, password) or found is None:
        raise NotAuthorised("CR-A004", "the name or the password is wrong")
    secret = new_secret(room.surroundings.random, prefix="crs_")
    now = room.surroundings.now()
    with room.state.change(_principal(found, found.roles).actor, now) as change:
        _active(change, found.member)
        change.sessions.open(sha256=secret.sha256, user=found.name, expires_at=now + timedelta(hours=SESSION_HOURS))
    return secret.clear


def sign_out(room: Room, who: Principal, secret: str) -> None:
    """End a session."""
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.sessions.close(hash_secret(secret))


def principal_of_key(room: Room, clear: str) -> Principal:
    """Who carries this API key.

    Raises:
        NotAuthorised: CR-A001: unknown, revoked, run out, or its user or member is gone.
    """
    with room.state.read() as tx:
        key = tx.api_keys.by_hash(hash_secret(clear))
        now = room.surroundings.now()
        if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
            raise not_signed_in()
        user = tx.users.get(key.user)
        return _present(tx, user, tuple(set(key.scopes) & set(user.roles)))


def principal_of_session(room: Room, clear: str) -> Principal:
    """Who is signed in with this session secret; NotAuthorised CR-A001 as above."""
    with room.state.read() as tx:
        session = tx.sessions.by_hash(hash_secret(clear))
        if session is None or session.expires_at <= room.surroundings.now():
            raise not_signed_in()
        user = tx.users.get(session.user)
        return _present(tx, user, user.roles)


def principal_of_user(room: Room, name: str) -> Principal:
    """A user as themselves, for commands at the room's own console.

    Raises:
        NotFound: CR-L003, no such user, or revoked.
    """
    with room.state.read() as tx:
        user = _live(tx, UserName(name))
        return _principal(user, user.roles)


def not_signed_in() -> NotAuthorised:
    """The one answer to every credential that does not count."""
    return NotAuthorised("CR-A001", "sign in first", help="send `Authorization: Bearer crk_...`")


def _present(tx: Tx, user: UserRecord, roles: tuple[str, ...]) -> Principal:
    if user.revoked_at is not None or tx.members.get(user.member).status is not MemberStatus.ACTIVE:
        raise not_signed_in()
    return _principal(user, roles)


def _principal(user: UserRecord, roles: tuple[str, ...]) -> Principal:
    return Principal(user=user.name, member=user.member, roles=frozenset(UserRole(role) for role in roles))


def _live(tx: Tx, name: UserName) -> UserRecord:
    found = tx.users.get(name)
    if found.revoked_at is not None:
        raise NotFound("CR-L003", "no such entry in `users`", help="check the name; list what there is")
    return found


def _active(tx: Tx, member: MemberName) -> None:
    if tx.members.get(member).status is not MemberStatus.ACTIVE:
        raise NotFound("CR-L003", "no such entry in `members`", help="check the name; list what there is")


def _view(user: UserRecord) -> UserView:
    return UserView(
        name=user.name,
        member=user.member,
        roles=user.roles,
        has_password=user.password_hash is not None,
        added_at=user.added_at,
        revoked_at=user.revoked_at,
    )
