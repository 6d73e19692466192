"""Data policies: submitted as text, counted only while their owner's steward's signature holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from api.principal import Principal
from api.room import Room
from api.usecases.signing import lacking, persons_of, signed_again, signers_of
from cleanroom.approvals import ApprovedText, Signers
from cleanroom.errors import CleanroomError, Conflict, DataRefused, IntegrityFailure, NotFound
from cleanroom.names import DatasetName, Digest, MemberName, PolicyId
from cleanroom.state import MemberStatus, TextStatus, Tx, UserRole
from cleanroom.state.policies import PolicyRecord, policy_id
from policies.lint import require_saveable
from policies.load import load_policy
from policies.model import DataPolicy

_MAX_TEXT_BYTES = 256_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """A version of a policy. ``text`` is None in listings of others' policies; ``warnings`` come with submission.

    ``status`` is of now: an active version past its last day is expired. ``signatures_missing`` are those a submitted
    version waits for; ``signers`` who gave one, where two persons must.
    """

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
    signatures_missing: int = 0
    signers: tuple[str, ...] = ()


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
        return replace(_view(room, tx, tx.policies.get(name), readable=True), warnings=warnings)


def approve_policy(room: Room, who: Principal, name: PolicyId, signature: str) -> PolicyView:
    """Sign a submitted version; with its last signature it becomes the active one.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003, also for other members' policies (I17).
        IntegrityFailure: CR-K011 the signature does not hold. DataRefused: CR-A044 the member has no keys yet.
        Conflict: CR-L002 it is not waiting any more, CR-A120 this person or this key signed already, CR-A123 a later
            version was in force.
    """
    who.need(UserRole.STEWARD)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        record = _own(tx, who, name)
        _require_newest(record, tx.policies.all(member=who.member))
        # The text is loaded again: what is activated is what the digest names, not what a row claims.
        if _digest(record) != record.digest:
            raise IntegrityFailure("CR-A045", "a stored policy is not the one its digest names", help="stop and look")
        signers = _signers(tx, record)
        signed = signed_again(
            room,
            who,
            text=ApprovedText.POLICY,
            digest=record.digest,
            signers=signers,
            stored=record.signature or "",
            signature=signature,
        )
        if lacking(room, ApprovedText.POLICY, record.digest, signers, signed):
            tx.policies.sign(name, signatures=signed, signed_by=who.user)
        else:
            tx.policies.activate(name, signature=signed, signed_by=who.user)
        return _view(room, tx, tx.policies.get(name), readable=True)


def withdraw_policy(room: Room, who: Principal, name: PolicyId) -> PolicyView:
    """End a version at once: from the next statement on nothing is released under it.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003. Conflict: CR-L002.
    """
    who.need(UserRole.STEWARD)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        _own(tx, who, name)
        tx.policies.end(name, TextStatus.WITHDRAWN)
        return _view(room, tx, tx.policies.get(name), readable=True)


def list_policies(room: Room, who: Principal) -> tuple[PolicyView, ...]:
    """One's own member's policies in full; of others, the active ones that name one's member as a querier."""
    with room.state.read() as tx:
        found = [record for record in tx.policies.all() if _visible(record, who)]
        return tuple(_view(room, tx, record, readable=record.member == who.member) for record in found)


def get_policy(room: Room, who: Principal, name: PolicyId) -> PolicyView:
    """One version. Raises NotFound CR-L003, also for what one may not see (I17)."""
    with room.state.read() as tx:
        record = tx.policies.get(name)
        if not _visible(record, who):
            raise not_found()
        return _view(room, tx, record, readable=True)


def active_policies(room: Room) -> tuple[DataPolicy, ...]:
    """Every policy that counts now: active, its member still here, its signatures verified again (INVARIANT I9).

    A policy whose signature does not hold any more, say after its member's keys changed, does not count: its data
    is then nobody's to ask about until the steward signs again.
    """
    with room.state.read() as tx:
        records = tx.policies.all()
        here = {member.name for member in tx.members.all() if member.status is MemberStatus.ACTIVE}
        active = (record for record in records if record.status is TextStatus.ACTIVE and record.member in here)
        return tuple(_meaning(record.text) for record in active if _is_signed(room, tx, record, records))


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


def _signers(tx: Tx, record: PolicyRecord, versions: Sequence[PolicyRecord] | None = None) -> tuple[Signers, ...]:
    """Who must sign a version: as it says itself, and as the version it follows said."""
    held = tx.policies.all(member=record.member) if versions is None else versions
    texts = [_meaning(record.text)]
    before = _before(record, held)
    if before is not None:
        texts.append(_meaning(before.text))
    return signers_of(tx.members.get(record.member), texts)


def _before(record: PolicyRecord, versions: Sequence[PolicyRecord]) -> PolicyRecord | None:
    """The version that was in force last before this one, whatever its number.

    Attack stopped: withdrawing a two-person version, or keeping an older one unsigned until then, to sign alone.
    """
    # The version that was superseded ended at the moment its successor was signed.
    until = record.decided_at if record.status is not TextStatus.SUBMITTED else None
    ended = [
        (other.decided_at, other.status is TextStatus.ACTIVE, other.version, other)
        for other in versions
        if (other.member, other.dataset) == (record.member, record.dataset)
        and other.policy_id != record.policy_id
        and _was_in_force(other)
        and other.decided_at is not None
        and (until is None or other.decided_at <= until)
    ]
    return max(ended)[-1] if ended else None


def _require_newest(record: PolicyRecord, versions: Sequence[PolicyRecord]) -> None:
    """Attack stopped: an older, looser text that one steward signed long ago, brought into force by a second one now."""
    if any(
        other.dataset == record.dataset and other.version > record.version and _was_in_force(other)
        for other in versions
    ):
        raise Conflict(
            "CR-A123", "a later version of this policy was in force already", help="submit the text as a new version"
        )


def _was_in_force(record: PolicyRecord) -> bool:
    return record.status is not TextStatus.SUBMITTED and record.signature is not None


def _is_signed(room: Room, tx: Tx, record: PolicyRecord, versions: Sequence[PolicyRecord]) -> bool:
    try:
        signers = _signers(tx, record, versions)
    except CleanroomError:
        return False
    # The digest is of the text that is there now, not of the one a row claims.
    return not lacking(room, ApprovedText.POLICY, _meaning(record.text).digest, signers, record.signature or "")


def _visible(record: PolicyRecord, who: Principal) -> bool:
    if record.member == who.member:
        return True
    if record.status is not TextStatus.ACTIVE:
        return False
    return who.member in _meaning(record.text).queriers


def status_of(record: PolicyRecord, today: date) -> TextStatus:
    """Where a version stands today."""
    is_over = record.expires is not None and today > record.expires
    return TextStatus.EXPIRED if record.status is TextStatus.ACTIVE and is_over else record.status


def _signatures_missing(room: Room, tx: Tx, record: PolicyRecord) -> int:
    if record.status is not TextStatus.SUBMITTED:
        return 0
    try:
        signers = _signers(tx, record)
    except CleanroomError:
        return 1  # the member has no key yet
    return lacking(room, ApprovedText.POLICY, record.digest, signers, record.signature or "")


def _view(room: Room, tx: Tx, record: PolicyRecord, *, readable: bool) -> PolicyView:
    return PolicyView(
        policy_id=record.policy_id,
        member=record.member,
        dataset=record.dataset,
        version=record.version,
        digest=record.digest,
        status=status_of(record, room.surroundings.now().date()),
        signed_by=record.signed_by if readable else None,
        expires=record.expires,
        submitted_at=record.submitted_at,
        text=record.text if readable else None,
        signatures_missing=_signatures_missing(room, tx, record) if readable else 0,
        signers=persons_of(record.signature) if readable else (),
    )
