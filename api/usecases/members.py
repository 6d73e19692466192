"""Members come and go; their stewards register the keys their signatures are checked with."""

import shutil
from dataclasses import dataclass
from datetime import datetime

from api.principal import Principal
from api.room import Room
from cleanroom.approvals import KEYS_DOMAIN, keys_statement
from cleanroom.crypto import MemberPublicKeys, Signature, VerifyKey
from cleanroom.errors import DataRefused, NotAuthorised
from cleanroom.names import MemberName, is_name
from cleanroom.state import MemberKind, MemberStatus, UserRole
from cleanroom.state.members import MemberRecord

_RESERVED = frozenset({"room", "operator"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A member as every member sees it. ``public_keys`` is empty until its steward registered some."""

    name: MemberName
    kind: MemberKind
    status: MemberStatus
    public_keys: str
    added_at: datetime


def add_member(room: Room, who: Principal, name: str, kind: MemberKind) -> MemberView:
    """Admit a member with a data key of its own.

    Raises:
        NotAuthorised: CR-A003. DataRefused: CR-A031 not a name. Conflict: CR-L004 it exists.
    """
    who.need(UserRole.OPERATOR)
    if not is_name(name) or name in _RESERVED:
        raise DataRefused("CR-A031", "a member's name is lower-case letters, digits, _ and -, at most 63")
    member = MemberName(name)
    # The key only: the vault is made by the first upload, and until then there is nothing to hold.
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.members.add(member, kind=kind, wrapped_data_key=room.new_data_key())
    return get_member(room, member)


def remove_member(room: Room, who: Principal, name: str) -> None:
    """Destroy a member's key and remove its files; INVARIANT I18: nobody else's data changes.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003. Conflict: CR-L002, removed already.
    """
    who.need(UserRole.OPERATOR)
    member = MemberName(name)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.members.remove(member)
        for user in tx.users.all(member):
            tx.sessions.close_all(user.name)
            if user.revoked_at is None:
                tx.users.revoke(user.name)
    # From here on the vault is noise; removing the noise may fail and be repeated without harm.
    room.state.forget_deleted()
    shutil.rmtree(room.folder / "vaults" / member, ignore_errors=True)
    shutil.rmtree(room.incoming / member, ignore_errors=True)


def register_keys(room: Room, who: Principal, public_keys: str, *, signature: str | None = None) -> MemberView:
    """Set the public keys of the steward's own member.

    The first time, the steward's word is enough. Later the present key must vouch for the new ones, so that a stolen
    API key alone cannot put another signer in the member's place.

    Raises:
        NotAuthorised: CR-A003, CR-A038 no signature of the present key. DataRefused: CR-K002 not public keys.
        IntegrityFailure: CR-K011 the signature does not hold.
    """
    who.need(UserRole.STEWARD)
    keys = MemberPublicKeys.from_text(public_keys)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        present = tx.members.get(who.member)
        if present.signing_key is not None:
            if signature is None:
                raise NotAuthorised(
                    "CR-A038",
                    "the member's present key must sign the new ones",
                    help="`cleanroom key rotate` does this where the present key file is",
                )
            statement = keys_statement(room=room.name, member=who.member, public_keys=keys.to_text())
            VerifyKey.from_text(present.signing_key).verify(KEYS_DOMAIN, statement, Signature.from_text(signature))
        tx.members.register_keys(who.member, signing_key=keys.verify.to_text(), sealing_key=keys.seal.to_text())
    return get_member(room, who.member)


def get_member(room: Room, name: MemberName) -> MemberView:
    """One member. Raises NotFound CR-L003."""
    with room.state.read() as tx:
        return _view(tx.members.get(name))


def list_members(room: Room) -> tuple[MemberView, ...]:
    """All members by name; every member knows who is in the room."""
    with room.state.read() as tx:
        return tuple(_view(member) for member in tx.members.all())


def _view(record: MemberRecord) -> MemberView:
    keys = f"{record.signing_key} {record.sealing_key}" if record.signing_key and record.sealing_key else ""
    return MemberView(
        name=record.name, kind=record.kind, status=record.status, public_keys=keys, added_at=record.added_at
    )
