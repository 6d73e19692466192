"""Query templates: submitted, approved by the steward of every owner they read from, withdrawn at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from api.principal import Principal
from api.room import Room
from api.usecases.policies import active_policies
from api.usecases.signing import lacking, signed_again, signers_of
from api.usecases.template_names import authored, found, name_for
from cleanroom.approvals import ApprovedText, Signers
from cleanroom.contracts import Contract
from cleanroom.errors import CleanroomError, IntegrityFailure, UsageProblem
from cleanroom.names import DatasetName, Digest, MemberName, TemplateName
from cleanroom.state import MemberStatus, TextStatus, Tx, UserRole
from cleanroom.state.members import MemberRecord
from cleanroom.state.templates import ApprovalRecord, TemplateRecord
from policies.decision import Question
from policies.model import DataPolicy, Mode
from policies.visible import admitted
from queries.template import QueryTemplate, load_template

_ALIVE = frozenset({TextStatus.SUBMITTED, TextStatus.ACTIVE})
_MAX_NAME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A stored text and what it is bound against; equal where its meaning is, so that it is bound once."""

    text: str
    versions: tuple[Digest, ...]
    contracts: Mapping[DatasetName, Contract] = field(compare=False, repr=False)


@lru_cache(maxsize=512)
def _bound(source: _Source) -> QueryTemplate:
    return load_template(source.text.encode(), place="template", contracts=source.contracts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """Where one owner stands."""

    owner: MemberName
    approved_by: str
    approved_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateView:
    """A version of a template. ``waiting_for`` are owners whose approval it lacks: when empty it can be run."""

    template_id: str
    name: str
    version: int
    member: MemberName
    title: str
    digest: Digest
    datasets: tuple[str, ...]
    status: TextStatus
    text: str
    approvals: tuple[ApprovalView, ...]
    waiting_for: tuple[MemberName, ...]
    submitted_at: datetime


def submit_template(room: Room, who: Principal, text: str) -> TemplateView:
    """Keep a version for its owners to approve; from now on it never changes.

    Raises:
        NotAuthorised: CR-A003. PolicyRefused: CR-Q1xx, all that is wrong with the text. Conflict: CR-L004.
    """
    who.need(UserRole.ANALYST, UserRole.STEWARD)
    template = load_template(text.encode(), place="template", contracts=room.contracts())
    datasets = tuple(sorted({str(source.dataset) for source in template.shape.sources}))
    name = f"{who.member}.{template.name}"
    if len(name) > _MAX_NAME:
        raise UsageProblem(
            "CR-A121", "the template's name is too long", help=f"member and name together, {_MAX_NAME - 1} characters"
        )
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        # INVARIANT I17: every member has names, and approvals, of its own; what others call theirs makes no difference.
        tx.templates.submit(
            name=TemplateName(name),
            version=template.version,
            member=who.member,
            text=text,
            digest=authored(who.member, template.digest),
            title=template.title,
            datasets=datasets,
        )
    return get_template(room, who, f"{template.name}@{template.version}")


def approve_template(room: Room, who: Principal, identity: str, signature: str) -> TemplateView:
    """Give one's own member's approval, under its signature over the template's digest.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003. IntegrityFailure: CR-K011. DataRefused: CR-A044.
        Conflict: CR-L002, withdrawn by its author; CR-A120 this person or this key signed already.
    """
    who.need(UserRole.STEWARD)
    record = _visible_record(room, who, identity)
    loaded = _loaded(room, record)
    policies = active_policies(room)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        given = tx.templates.approval(record.digest, who.member)
        signed = signed_again(
            room,
            who,
            text=ApprovedText.TEMPLATE,
            digest=loaded.digest,
            signers=_signers(tx.members.get(who.member), record, policies),
            stored=given.signature if given is not None and given.withdrawn_at is None else "",
            signature=signature,
        )
        tx.templates.approve(record.digest, owner=who.member, signature=signed, approved_by=who.user)
        tx.templates.set_status(record.template_id, before=_ALIVE, after=TextStatus.SUBMITTED)
    view = get_template(room, who, identity)
    if not view.waiting_for:
        with room.state.change(who.actor, room.surroundings.now()) as tx:
            tx.templates.set_status(record.template_id, before=_ALIVE, after=TextStatus.ACTIVE)
        return get_template(room, who, identity)
    return view


def withdraw_template(room: Room, who: Principal, identity: str) -> TemplateView:
    """Take one's own member's approval back, or, as its author's member, the whole template; at once.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003. Conflict: CR-L002, there was nothing to take back.
    """
    who.need(UserRole.STEWARD, UserRole.ANALYST)
    record = _visible_record(room, who, identity)
    if not who.has(UserRole.STEWARD) and record.member != who.member:
        who.need(UserRole.STEWARD)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        given = tx.templates.approval(record.digest, who.member)
        if who.has(UserRole.STEWARD) and given is not None and given.withdrawn_at is None:
            tx.templates.withdraw(record.digest, owner=who.member)
        elif record.member != who.member:
            tx.templates.withdraw(record.digest, owner=who.member)  # raises: there is none
        if record.member == who.member:
            tx.templates.set_status(record.template_id, before=_ALIVE, after=TextStatus.WITHDRAWN)
        elif record.status is TextStatus.ACTIVE:
            tx.templates.set_status(record.template_id, before=_ALIVE, after=TextStatus.SUBMITTED)
    return get_template(room, who, identity)


def list_templates(room: Room, who: Principal) -> tuple[TemplateView, ...]:
    """The templates one's member wrote, is read by, or may ask."""
    policies = active_policies(room)
    with room.state.read() as tx:
        seen = _seen(tx, who, policies)
        return tuple(_view(tx, room, record, policies, name=name_for(record, seen, who.member)) for record in seen)


def get_template(room: Room, who: Principal, identity: str) -> TemplateView:
    """One version. Raises NotFound CR-L003, also for what one may not see (I17)."""
    policies = active_policies(room)
    with room.state.read() as tx:
        seen = _seen(tx, who, policies)
        record = found(seen, who.member, identity)
        return _view(tx, room, record, policies, name=name_for(record, seen, who.member))


def runnable_template(
    room: Room, who: Principal, identity: str, *, asked_by: MemberName | None = None
) -> QueryTemplate:
    """The template behind ``name`` or ``name@version``, if the person may see it; as ``asked_by`` means the name.

    Raises:
        NotFound: CR-L003. IntegrityFailure: CR-A045, the stored text is not the one its digest names.
    """
    return runnable_record(room, who, identity, asked_by=asked_by)[1]


def runnable_record(
    room: Room, who: Principal, identity: str, *, asked_by: MemberName | None = None
) -> tuple[TemplateRecord, QueryTemplate]:
    """The same, with the record that its approvals are given to."""
    policies = active_policies(room)
    with room.state.read() as tx:
        record = found(_seen(tx, who, policies), asked_by or who.member, identity)
    return record, _loaded(room, record)


def missing_approvals(
    room: Room, wanted: TemplateRecord, digest: Digest, owners: Sequence[MemberName]
) -> tuple[MemberName, ...]:
    """Which of ``owners`` have no approval of this text whose signature holds right now (INVARIANT I9)."""
    policies = active_policies(room)
    with room.state.read() as tx:
        given = {approval.owner: approval for approval in tx.templates.approvals(wanted.digest)}
        members = {member.name: member for member in tx.members.all()}
        record = tx.templates.get(wanted.template_id)
    if record.status not in _ALIVE:
        return tuple(sorted(set(owners)))
    missing = (
        o for o in sorted(set(owners)) if not _holds(room, members.get(o), given.get(o), record, digest, policies)
    )
    return tuple(missing)


def _signers(owner: MemberRecord, record: TemplateRecord, policies: Sequence[DataPolicy]) -> tuple[Signers, ...]:
    """Who must sign for ``owner``: as its policies for the datasets that are read say."""
    own = [policy for policy in policies if policy.member == owner.name and policy.dataset in record.datasets]
    return signers_of(owner, own)


def _holds(
    room: Room,
    member: MemberRecord | None,
    approval: ApprovalRecord | None,
    record: TemplateRecord,
    digest: Digest,
    policies: Sequence[DataPolicy],
) -> bool:
    if member is None or approval is None or approval.withdrawn_at is not None:
        return False
    if member.status is not MemberStatus.ACTIVE:
        return False
    try:
        signers = _signers(member, record, policies)
    except CleanroomError:
        return False
    return not lacking(room, ApprovedText.TEMPLATE, digest, signers, approval.signature)


def _visible_record(room: Room, who: Principal, identity: str) -> TemplateRecord:
    policies = active_policies(room)
    with room.state.read() as tx:
        return found(_seen(tx, who, policies), who.member, identity)


def _seen(tx: Tx, who: Principal, policies: Sequence[DataPolicy]) -> tuple[TemplateRecord, ...]:
    return tuple(record for record in tx.templates.all() if _is_visible(record, who, policies, tx))


def _is_visible(record: TemplateRecord, who: Principal, policies: Sequence[DataPolicy], tx: Tx) -> bool:
    if record.member == who.member:
        return True
    if record.status not in _ALIVE:
        return False
    reads = set(record.datasets)
    owns = any(p.member == who.member and p.dataset in reads for p in policies)
    holds = any(s.dataset in reads for s in tx.snapshots.all(member=who.member))
    asks = all(any(p.dataset == name and who.member in p.queriers for p in policies) for name in reads)
    return owns or holds or asks


def _loaded(room: Room, record: TemplateRecord) -> QueryTemplate:
    template = _bound(_source(room, record))
    if record.digest not in (template.digest, authored(record.member, template.digest)):
        raise IntegrityFailure(
            "CR-A045",
            "a stored text is not the one its digest names",
            help="the contracts may have changed its meaning: submit a new version",
        )
    return template


def _source(room: Room, record: TemplateRecord) -> _Source:
    return _Source(text=record.text, versions=room.contract_versions(), contracts=room.contracts())


def _view(tx: Tx, room: Room, record: TemplateRecord, policies: Sequence[DataPolicy], *, name: str) -> TemplateView:
    digest = _bound(_source(room, record)).digest
    given = tx.templates.approvals(record.digest)
    members: Mapping[MemberName, MemberRecord] = {member.name: member for member in tx.members.all()}
    by_owner = {approval.owner: approval for approval in given}
    today = room.surroundings.now().date()
    owning = _owners(room, record, policies, today=today)
    owners = tuple(sorted({policy.member for policy in owning}))
    waiting = tuple(o for o in owners if not _holds(room, members.get(o), by_owner.get(o), record, digest, policies))
    return TemplateView(
        template_id=f"{name}@{record.version}",
        name=name,
        version=record.version,
        member=record.member,
        title=record.title,
        digest=digest,
        datasets=record.datasets,
        status=_status(record, waiting, owning, today),
        text=record.text,
        approvals=tuple(
            ApprovalView(
                owner=a.owner, approved_by=a.approved_by, approved_at=a.approved_at, withdrawn_at=a.withdrawn_at
            )
            for a in given
        ),
        waiting_for=waiting,
        submitted_at=record.submitted_at,
    )


def _status(
    record: TemplateRecord, waiting: Sequence[MemberName], owning: Sequence[DataPolicy], today: date
) -> TextStatus:
    """Where a version stands now: approved only while every approval holds, expired with a policy it reads under."""
    if record.status is not TextStatus.ACTIVE:
        return record.status
    if any(policy.expires is not None and today > policy.expires for policy in owning):
        return TextStatus.EXPIRED
    return TextStatus.SUBMITTED if waiting else TextStatus.ACTIVE


def _owners(room: Room, record: TemplateRecord, policies: Sequence[DataPolicy], today: date) -> tuple[DataPolicy, ...]:
    """The policies under which its author's member would read: their owners must approve before it can be run."""
    template = _bound(_source(room, record))
    question = Question(
        querier=record.member, purpose=template.purpose, mode=Mode.TEMPLATES, today=today, floor=room.floor
    )
    datasets = {source.dataset for source in template.shape.sources}
    return tuple(policy for dataset in sorted(datasets) for policy in admitted(dataset, policies, question))
