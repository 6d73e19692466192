"""Who must sign an approval, and whether what is stored is signed: asked at every use, never remembered as a fact.

One signature by the member's own key is enough, unless the owner's policies name keys for two persons. Then two of
those must sign, each for another person. A version that follows a two-person one needs two of its keys as well: nobody
alone takes the rule away.
"""

from collections.abc import Sequence
from functools import lru_cache

from api.principal import Principal
from api.room import Room
from cleanroom.approvals import (
    ApprovedText,
    Signed,
    Signers,
    approval_statement,
    missing_signatures,
    signatures_from_text,
    signatures_to_text,
    signing_key,
)
from cleanroom.errors import CleanroomError, Conflict, DataRefused, IntegrityFailure
from cleanroom.names import Digest
from cleanroom.state import UserRole
from cleanroom.state.members import MemberRecord
from policies.model import DataPolicy

TWO = 2


def signers_of(member: MemberRecord, policies: Sequence[DataPolicy]) -> tuple[Signers, ...]:
    """What an approval by ``member`` needs under ``policies`` of its own; every one of them has to be met.

    Raises:
        DataRefused: CR-A044 one signature would be enough, and the member has no key yet.
    """
    pairs = sorted({policy.two_person for policy in policies if policy.two_person})
    if pairs:
        return tuple(Signers(keys=keys, needed=TWO) for keys in pairs)
    if member.signing_key is None:
        raise DataRefused("CR-A044", "the member has no signing key in this room", help="`cleanroom key share` first")
    return (Signers(keys=(member.signing_key,), needed=1),)


def lacking(room: Room, text: ApprovedText, digest: Digest, signers: Sequence[Signers], stored: str) -> int:
    """How many signatures ``stored`` lacks at least; zero: it is approved. Nobody to ask for one means refuse."""
    statement = approval_statement(room=room.name, text=text, digest=digest)
    return max((_lacking(statement, one, stored) for one in signers), default=1)


def signed_again(
    room: Room,
    who: Principal,
    *,
    text: ApprovedText,
    digest: Digest,
    signers: Sequence[Signers],
    stored: str,
    signature: str,
) -> str:
    """``stored`` with the person's signature beside those of others who are still stewards of the member.

    Attack stopped: a person who signs and is then taken out of the member, whose signature waits for a second one.

    Raises:
        IntegrityFailure: CR-K011 it is not by a key that may sign this.
        Conflict: CR-A120 this person or this key signed already.
    """
    statement = approval_statement(room=room.name, text=text, digest=digest)
    everybody = Signers(keys=tuple(sorted({key for one in signers for key in one.keys})), needed=TWO)
    key = signing_key(statement, everybody, signature)
    if key is None:
        raise IntegrityFailure(
            "CR-K011",
            "the signature does not hold",
            help="sign this text again, with a key that may; `two_person` in the policy names them where it is set",
        )
    if all(one.needed == 1 for one in signers):
        return signatures_to_text((Signed(user="", signature=signature),))
    with room.state.read() as tx:
        stewards = {
            user.name for user in tx.users.all(who.member) if user.revoked_at is None and UserRole.STEWARD in user.roles
        }
    given = tuple(one for one in _readable(stored) if one.user in stewards)
    if who.user in {one.user for one in given} or key in {
        signing_key(statement, everybody, s.signature) for s in given
    }:
        raise Conflict("CR-A120", "this person or this key has signed already", help="another steward's key must sign")
    return signatures_to_text((*given, Signed(user=who.user, signature=signature)))


def persons_of(stored: str | None) -> tuple[str, ...]:
    """Who signed, where that is recorded with the signatures."""
    return tuple(one.user for one in _readable(stored or "") if one.user)


@lru_cache(maxsize=4096)
def _lacking(statement: bytes, signers: Signers, stored: str) -> int:
    # All three decide, so the same three are verified once.
    return missing_signatures(statement, signers, _readable(stored))


def _readable(stored: str) -> tuple[Signed, ...]:
    try:
        return signatures_from_text(stored)
    except CleanroomError:
        return ()
