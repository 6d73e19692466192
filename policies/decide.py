"""Shape + policies -> ``Allowed(obligations)`` or ``Refused(violations)``: the whole policy decision, pure.

Comes in: a bound question, the room's contracts, every active policy, and who asks why on which day. It must never
say more about data that the querier is not admitted to than about data that does not exist.
"""

from collections.abc import Iterator, Mapping, Sequence

from cleanroom.contracts.model import Contract
from cleanroom.errors import Violation
from cleanroom.names import DatasetName
from cleanroom.shape import QueryShape
from policies.case import Case, CaseSource
from policies.decision import Allowed, Decision, Question, Refused
from policies.model import DataPolicy
from policies.obligations import obligations_of
from policies.rules import RULES
from policies.rules.rule import Rule
from policies.unknown import no_column, no_dataset
from policies.uses import Target
from policies.visible import CONTRIBUTOR, admitted, column_exists
from policies.walk import uses_of


def decide(
    shape: QueryShape,
    *,
    contracts: Mapping[DatasetName, Contract],
    policies: Sequence[DataPolicy],
    question: Question,
) -> Decision:
    """Decide whether ``shape`` may be run for ``question``, and under which obligations.

    Args:
        shape: a bound question (a template's may still hold parameters).
        contracts: the room's record types, whole (not cut down to what is visible).
        policies: every active policy of the room, in any order; those of other datasets are passed over.
        question: who asks, why, in which way, on which day.

    Returns:
        ``Allowed`` with the most restrictive obligations of all owners, or ``Refused`` with every violation of every
        owner, ordered by owner, code and place. Codes: CR-Q200 and CR-Q201 for names, CR-P101 to CR-P117 for rules,
        CR-P199 when something went wrong while checking.
    """
    try:
        return _decide(shape, contracts, policies, question)
    except Exception:  # noqa: BLE001 (INVARIANT I9: an error while checking refuses, without detail)
        return Refused(violations=(_failed(),))


def _decide(
    shape: QueryShape,
    contracts: Mapping[DatasetName, Contract],
    policies: Sequence[DataPolicy],
    question: Question,
) -> Decision:
    # 1. Datasets nobody admits this question to: refused in the words of datasets that do not exist (I17).
    owners = [admitted(source.dataset, policies, question) for source in shape.sources]
    absent = [
        no_dataset(source.dataset, source.span)
        for source, held in zip(shape.sources, owners, strict=True)
        if not held or source.dataset not in contracts
    ]
    if absent or not shape.sources:
        return _refused(absent or [_failed()])
    case = Case(
        shape=shape,
        sources=tuple(
            CaseSource(
                index=index,
                source=source,
                contract=contracts[source.dataset],
                columns={column.name: column for column in contracts[source.dataset].stored},
                policies=held,
            )
            for index, (source, held) in enumerate(zip(shape.sources, owners, strict=True))
        ),
        question=question,
        uses=uses_of(shape),
        held=policies,
    )
    # 2. Columns not granted by every owner: likewise. No rule speaks before this, so that nothing else can tell.
    hidden = [
        no_column(target.ref.column, case.sources[target.source].dataset, target.ref.span)
        for target in case.uses.targets()
        if not _exists(target, case)
    ]
    if hidden:
        return _refused(hidden)
    # 3. Every rule of every owner (INVARIANT I9), all violations together.
    violations = [violation for rule in RULES for violation in _checked(rule, case)]
    if violations or not RULES:
        return _refused(violations or [_failed()])
    # 4. The most restrictive value of everything (INVARIANT I10).
    return Allowed(obligations=obligations_of(case))


def _exists(target: Target, case: Case) -> bool:
    source = case.sources[target.source]
    if not target.known:
        return False
    if target.column is None:
        return True
    if target.column == CONTRIBUTOR:
        return all(CONTRIBUTOR in policy.columns for policy in source.policies)
    return target.column in source.columns and column_exists(target.column, source.policies)


def _checked(rule: Rule, case: Case) -> Iterator[Violation]:
    try:
        yield from tuple(rule.check(case))
    except Exception:  # noqa: BLE001 (INVARIANT I9: an error in a rule refuses, without detail)
        yield _failed()


def _failed() -> Violation:
    return Violation(
        code="CR-P199",
        rule="error",
        owner="room",
        message="the question could not be checked, so it is refused",
        help="this is a defect: report it with the question's text",
    )


def _refused(violations: Sequence[Violation]) -> Refused:
    def place(violation: Violation) -> tuple[str, str, int, str]:
        start = violation.span.start if violation.span is not None else -1
        return violation.owner, violation.code, start, violation.message

    return Refused(violations=tuple(sorted(dict.fromkeys(violations), key=place)))
