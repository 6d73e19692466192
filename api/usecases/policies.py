"""Data policies: submitted as text, counted only while their owner's steward's signature holds."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from api.principal import Principal
from api.room import Room
from cleanroom.approvals import APPROVAL_DOMAIN, ApprovedText, approval_statement
from cleanroom.crypto import Signature, VerifyKey
from cleanroom.errors import CleanroomError, DataRefused, IntegrityFailure, NotFound
from cleanroom.names import DatasetName, Digest, MemberName, PolicyId
from cleanroom.state import MemberStatus, TextStatus, Tx, UserRole
from cleanroom.state.members import MemberRecord
from cleanroom.state.policies import PolicyRecord, policy_id
from policies.lint import require_saveable
from policies.load import load_policy
from policies.model import DataPolicy

_MAX_TEXT_BYTES = 256_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """A version of a policy. ``text`` is None in listings of others' policies; ``warnings`` come with submission."""

    policy_id: PolicyId
    member: MemberName
    dataset: DatasetName
    version: int
    digest: Digest
    status: TextStatus
    signed_by: str | None
    expires: date | None
    submitted_at: datetime
    text: str | None
    warnings: tuple[str, ...] = ()


def submit_policy(room: Room, who: Principal, text: str) -> PolicyView:
    """Keep a version of a policy of the steward's own member, to be signed.

    Raises:
        NotAuthorised: CR-A003. PolicyRefused: CR-P0xx, all that is wrong with the text at once.
        DataRefused: CR-A040 another member's, CR-A043 no such dataset.
        Conflict: CR-L004 this version exists.
    """
    who.need(UserRole.STEWARD)
    policy, warnings = _loaded(room, who, text)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        name = tx.policies.submit(
            member=policy.member,
            dataset=policy.dataset,
            version=policy.version,
            text=text,
            digest=policy.digest,
            expires=policy.expires,
        )
        return replace(_view(tx.policies.get(name), readable=True), warnings=warnings)


def approve_policy(room: Room, who: Principal, name: PolicyId, signature: str) -> PolicyView:
    """Make a submitted version the active one, under the member's signature over its digest.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003, also for other members' policies (I17).
        IntegrityFailure: CR-K011 the signature does not hold. DataRefused: CR-A044 the member has no keys yet.
        Conflict: CR-L002 it is not waiting any more.
    """
    who.need(UserRole.STEWARD)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        record = _own(tx, who, name)
        # The text is loaded again: what is activated is what the digest names, not what a row claims.
        if _digest(record) != record.digest:
            raise IntegrityFailure("CR-A045", "a stored policy is not the one its digest names", help="stop and look")
        verify_approval(room, tx.members.get(record.member), ApprovedText.POLICY, record.digest, signature)
        tx.policies.activate(name, signature=signature, signed_by=who.user)
        return _view(tx.policies.get(name), readable=True)


def withdraw_policy(room: Room, who: Principal, name: PolicyId) -> PolicyView:
    """End a version at once: from the next statement on nothing is released under it.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003. Conflict: CR-L002.
    """
    who.need(UserRole.STEWARD)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        _own(tx, who, name)
        tx.policies.end(name, TextStatus.WITHDRAWN)
        return _view(tx.policies.get(name), readable=True)


def list_policies(room: Room, who: Principal) -> tuple[PolicyView, ...]:
    """One's own member's policies in full; of others, the active ones that name one's member as a querier."""
    with room.state.read() as tx:
        found = tx.policies.all()
    views = (_view(record, readable=record.member == who.member) for record in found if _visible(record, who))
    return tuple(views)


def get_policy(room: Room, who: Principal, name: PolicyId) -> PolicyView:
    """One version. Raises NotFound CR-L003, also for what one may not see (I17)."""
    with room.state.read() as tx:
        record = tx.policies.get(name)
    if not _visible(record, who):
        raise not_found()
    return _view(record, readable=True)


def active_policies(room: Room) -> tuple[DataPolicy, ...]:
    """Every policy that counts now: active, its member still here, its signature verified again (INVARIANT I9).

    A policy whose signature does not hold any more, say after its member's keys changed, does not count: its data
    is then nobody's to ask about until the steward signs again.
    """
    with room.state.read() as tx:
        records = tx.policies.all(status=TextStatus.ACTIVE)
        members = {member.name: member for member in tx.members.all()}
    found: list[DataPolicy] = []
    for record in records:
        member = members[record.member]
        if member.status is not MemberStatus.ACTIVE:
            continue
        policy = _meaning(record.text)
        try:
            verify_approval(room, member, ApprovedText.POLICY, policy.digest, record.signature or "")
        except CleanroomError:
            continue
        found.append(policy)
    return tuple(found)


def verify_approval(room: Room, member: MemberRecord, text: ApprovedText, digest: Digest, signature: str) -> None:
    """Return only if the member's key signed this digest for this room.

    Raises:
        DataRefused: CR-A044 no keys. IntegrityFailure: CR-K011.
    """
    if member.signing_key is None:
        raise DataRefused("CR-A044", "the member has no signing key in this room", help="`cleanroom key share` first")
    _hold(member.signing_key, approval_statement(room=room.name, text=text, digest=digest), signature)


@lru_cache(maxsize=4096)
def _hold(key: str, statement: bytes, signature: str) -> None:
    """Verify once for the same key, statement and signature: all three decide, and only what holds is remembered."""
    VerifyKey.from_text(key).verify(APPROVAL_DOMAIN, statement, Signature.from_text(signature))


def name_of(member: str, dataset: str, version: int) -> PolicyId:
    """The id of a version."""
    return policy_id(MemberName(member), DatasetName(dataset), version)


def not_found() -> NotFound:
    """The one answer for what is not there and for what one may not see."""
    return NotFound("CR-L003", "no such entry in `policies`", help="check the name; list what there is")


def _loaded(room: Room, who: Principal, text: str) -> tuple[DataPolicy, tuple[str, ...]]:
    if len(text.encode()) > _MAX_TEXT_BYTES:
        raise DataRefused("CR-A046", "the text is longer than 256 KB")
    policy = load_policy(text.encode(), place="policy")
    if policy.member != who.member:
        raise DataRefused("CR-A040", "a steward submits policies of their own member", help="set `member:`")
    if policy.dataset not in room.contracts():
        raise DataRefused("CR-A043", "the room has no contract for this dataset", help="list the contracts")
    # Alone: what two owners' texts make impossible together is said to nobody who may not read both.
    today = room.surroundings.now().date()
    found = require_saveable([policy], contracts=room.contracts(), today=today, floor=room.floor)
    return policy, tuple(f"{finding.field}: {finding.message}; {finding.help}" for finding in found)


@lru_cache(maxsize=512)
def _meaning(text: str) -> DataPolicy:
    # A stored text never changes, so it is read once; its signature is verified each time it is used.
    return load_policy(text.encode(), place="policy")


def _own(tx: Tx, who: Principal, name: PolicyId) -> PolicyRecord:
    record = tx.policies.get(name)
    if record.member != who.member:
        raise not_found()
    return record


def _digest(record: PolicyRecord) -> Digest:
    return _meaning(record.text).digest


def _visible(record: PolicyRecord, who: Principal) -> bool:
    if record.member == who.member:
        return True
    if record.status is not TextStatus.ACTIVE:
        return False
    return who.member in _meaning(record.text).queriers


def _view(record: PolicyRecord, *, readable: bool) -> PolicyView:
    return PolicyView(
        policy_id=record.policy_id,
        member=record.member,
        dataset=record.dataset,
        version=record.version,
        digest=record.digest,
        status=record.status,
        signed_by=record.signed_by if readable else None,
        expires=record.expires,
        submitted_at=record.submitted_at,
        text=record.text if readable else None,
    )
