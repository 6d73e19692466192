"""The compile story: a text, the policies and who asks -> a decision, without touching data.

One enforcement path: templates and ad hoc text, CLI, API and web pages all come through ``check`` (or ``compile_query``
where a room goes on to run the question).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from cleanroom.contracts.model import Contract
from cleanroom.engine.sql import render_preview
from cleanroom.errors import PolicyRefused, UsageProblem, Violation
from cleanroom.names import DatasetName, MemberName
from cleanroom.plan import Obligations
from cleanroom.shape import QueryShape
from policies.decide import decide
from policies.decision import Allowed, Question
from policies.model import DataPolicy, Mode
from policies.visible import visible_contracts
from queries.binding.bind import bind
from queries.parameters import Parameters
from queries.parse import parse
from queries.reads import Read, has_parameters, reads_of
from queries.refusal import refusal
from queries.render import render


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What was decided. ``shape`` is None where the text could not be bound; ``sql`` is empty unless allowed."""

    querier: MemberName
    purpose: str
    violations: tuple[Violation, ...] = ()
    shape: QueryShape | None = None
    obligations: Obligations | None = None
    sql: str = ""
    reads: tuple[Read, ...] = field(default=())

    @property
    def allowed(self) -> bool:
        """Whether nothing was refused."""
        return not self.violations and self.obligations is not None

    @property
    def decision(self) -> str:
        """``allowed`` or ``refused``, as the public JSON says it."""
        return "allowed" if self.allowed else "refused"


def check(
    text: str | bytes,
    *,
    contracts: Mapping[DatasetName, Contract],
    policies: Sequence[DataPolicy],
    question: Question,
    parameters: Parameters | None = None,
) -> CheckResult:
    """Decide about ``text``. Never raises for anything in the text: what goes wrong is a refusal (INVARIANT I9)."""
    shape: QueryShape | None = None
    try:
        shape = compile_query(text, contracts=contracts, policies=policies, question=question, parameters=parameters)
        # 5. decide: every rule of every owner
        decision = decide(shape, contracts=contracts, policies=policies, question=question)
        if not isinstance(decision, Allowed):
            return _refused(decision.violations, question, shape)
        # 6. show what would run; the room plans again with pinned snapshots
        return CheckResult(
            querier=question.querier,
            purpose=question.purpose,
            shape=shape,
            obligations=decision.obligations,
            sql=render(shape) if has_parameters(shape) else render_preview(shape, decision.obligations),
            reads=reads_of(shape, decision.obligations),
        )
    except PolicyRefused as refused:
        return _refused(refused.violations, question, shape)
    except Exception:  # noqa: BLE001  # an exception while checking means refuse (I9), without its text (I15)
        return _refused((_failed(),), question, shape)


def compile_query(
    text: str | bytes,
    *,
    contracts: Mapping[DatasetName, Contract],
    policies: Sequence[DataPolicy],
    question: Question,
    parameters: Parameters | None = None,
) -> QueryShape:
    """The question in ``text``, bound against what the querier may see.

    Raises:
        PolicyRefused: all violations of the first step that found any.
    """
    # 1. bounds and 2. parse, 3. the grammar table: hostile text never gets further
    parsed = parse(text)
    # 4. bind: names that may not be seen do not exist (INVARIANT I17)
    visible = visible_contracts(contracts, policies, question)
    return bind(parsed, contracts=visible, mode=question.mode, parameters=parameters)


def check_many(
    texts: Iterable[tuple[str, str]],
    *,
    contracts: Mapping[DatasetName, Contract],
    policies: Sequence[DataPolicy],
    question: Question,
) -> Iterator[tuple[str, CheckResult]]:
    """Check many ``(id, text)`` one after the other, lazily, in order."""
    for identity, text in texts:
        yield identity, check(text, contracts=contracts, policies=policies, question=question)


def question_for(
    policies: Sequence[DataPolicy],
    *,
    today: date,
    mode: Mode,
    querier: MemberName | None = None,
    purpose: str | None = None,
    floor: int = 10,
) -> Question:
    """The circumstances of a check on plain folders, where they follow from the policies.

    The querier is the only member that policies name as one; the purpose the only one that all of them share.

    Raises:
        UsageProblem: CR-Q195 the querier and CR-Q196 the purpose have to be given.
    """
    if querier is None:
        named = sorted({member for policy in policies for member in policy.queriers})
        if len(named) != 1:
            raise UsageProblem(
                "CR-Q195", "who asks is not clear from the policies", help="give the asking member with --as MEMBER"
            )
        querier = named[0]
    if purpose is None:
        open_to = [set(policy.purposes) for policy in policies if querier in policy.queriers]
        shared = sorted(set.intersection(*open_to)) if open_to else []
        if len(shared) != 1:
            raise UsageProblem(
                "CR-Q196", "the purpose is not clear from the policies", help="give it with --purpose PURPOSE"
            )
        purpose = shared[0]
    return Question(querier=querier, purpose=purpose, mode=mode, today=today, floor=floor)


def _refused(violations: tuple[Violation, ...], question: Question, shape: QueryShape | None) -> CheckResult:
    return CheckResult(
        querier=question.querier,
        purpose=question.purpose,
        violations=violations or (_failed(),),
        shape=shape,
        reads=reads_of(shape, None) if shape is not None else (),
    )


def _failed() -> Violation:
    return refusal(
        "CR-Q109", "closed_grammar", "this question could not be understood completely",
        help="please report the text; nothing was run",
    ).violation  # fmt: skip
