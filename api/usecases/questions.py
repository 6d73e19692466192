"""A question as somebody asks it: compiled and decided, without touching data. The one way to both check and run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from api.principal import Principal
from api.room import Room
from api.usecases.policies import active_policies
from api.usecases.templates import missing_approvals, runnable_record
from cleanroom.canonical import canonical_json
from cleanroom.errors import UsageProblem, Violation
from cleanroom.names import Digest
from cleanroom.state import UserRole
from policies.decision import Question
from policies.model import Mode
from queries.check import CheckResult, check
from queries.parameters import Parameters
from queries.template import is_template, load_template

MAX_PARAMETERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Either ``template`` (``name`` or ``name@version``) or ``sql``; parameters are texts, typed by the compiler."""

    template: str | None = None
    sql: str | None = field(default=None, repr=False)
    purpose: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)

    def to_bytes(self) -> bytes:
        """Canonical bytes, to be sealed."""
        return canonical_json(
            {
                "template": self.template,
                "sql": self.sql,
                "purpose": self.purpose,
                "parameters": dict(self.parameters),
            }
        )

    @staticmethod
    def from_bytes(content: bytes) -> "Ask":
        """What ``to_bytes`` wrote."""
        return Ask(**json.loads(content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A decided question. ``template_id`` is None for ad hoc text, and so is what its approvals are kept under.

    ``is_draft``: a template's text that was not submitted; it can be checked, never run.
    """

    result: CheckResult
    purpose: str
    template_id: str | None
    title: str
    is_draft: bool = False
    approvals: Digest | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)


def check_question(room: Room, who: Principal, ask: Ask) -> CheckResult:
    """Decide about ``ask`` for the person's member: decision, all violations, obligations, the SQL that would run.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003 the template. UsageProblem: CR-A052 neither or both of template and
            SQL, CR-A053 no purpose.
    """
    who.need(UserRole.ANALYST, UserRole.STEWARD)
    return compile_question(room, who, ask).result


def compile_question(room: Room, who: Principal, ask: Ask) -> Compiled:
    """``ask`` decided under the policies that count now; a template lacking an approval is refused like any other."""
    if (ask.template is None) == (ask.sql is None):
        raise UsageProblem("CR-A052", "give either a template or a text", help="`template` or `sql`, not both")
    if len(ask.parameters) > MAX_PARAMETERS:
        raise UsageProblem("CR-A054", f"at most {MAX_PARAMETERS} parameters")
    if ask.template is not None:
        return _of_template(room, who, ask)
    return _ad_hoc(room, who, ask)


def _of_template(room: Room, who: Principal, ask: Ask) -> Compiled:
    record, template = runnable_record(room, who, ask.template or "")
    result = _check(room, who, template.sql, template.purpose, Mode.TEMPLATES, template.with_values(ask.parameters))
    if result.allowed and result.obligations is not None:
        owners = [member for source in result.obligations.sources for member in source.members]
        missing = missing_approvals(room, record, template.digest, owners)
        if missing:
            result = CheckResult(
                querier=result.querier,
                purpose=result.purpose,
                shape=result.shape,
                violations=tuple(_not_approved(owner) for owner in missing),
            )
    return Compiled(
        result=result,
        purpose=template.purpose,
        template_id=f"{template.name}@{template.version}",
        approvals=record.digest,
        title=template.title,
        units={name: note.unit for name, note in template.outputs.items()},
        descriptions={name: note.description for name, note in template.outputs.items()},
    )


def _ad_hoc(room: Room, who: Principal, ask: Ask) -> Compiled:
    text = ask.sql or ""
    if is_template(text):
        # A template's text checked before it is submitted: as a template, so that its author learns what matters.
        template = load_template(text.encode(), place="template", contracts=room.contracts())
        result = _check(room, who, template.sql, template.purpose, Mode.TEMPLATES, template.with_values(ask.parameters))
        return Compiled(
            result=result, purpose=template.purpose, template_id=None,
            title=template.title, is_draft=True,
        )  # fmt: skip
    if not ask.purpose:
        raise UsageProblem("CR-A053", "an ad hoc question needs a purpose", help="one of those the policies name")
    result = _check(room, who, text, ask.purpose, Mode.AD_HOC, Parameters(given=dict(ask.parameters)))
    return Compiled(result=result, purpose=ask.purpose, template_id=None, title="")


def _check(room: Room, who: Principal, text: str, purpose: str, mode: Mode, parameters: Parameters) -> CheckResult:
    question = Question(
        querier=who.member, purpose=purpose, mode=mode, today=room.surroundings.now().date(), floor=room.floor
    )
    return check(
        text,
        contracts=room.contracts(),
        policies=active_policies(room),
        question=question,
        parameters=parameters,
    )


def _not_approved(owner: str) -> Violation:
    return Violation(
        code="CR-A051",
        rule="approval",
        owner=owner,
        message=f"the template lacks the approval of `{owner}`",
        help=f"ask {owner}'s steward to approve it",
    )
