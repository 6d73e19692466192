"""``joins.with``: which datasets a dataset may meet in one question.

Attack: a chain. `sales` allows `registrations` only; joining `claims` to `registrations` would bring the two together
all the same. So a member's rows must be allowed to meet every dataset of another member in the question, tied directly
or through others, and every dataset they are tied to directly, whoever holds it.
"""

from collections.abc import Iterator

from cleanroom.errors import Violation
from policies.case import Case, CaseSource
from policies.model import DataPolicy
from policies.rules.rule import Rule


def _check(case: Case) -> Iterator[Violation]:
    tied = {frozenset((pair.left.source, pair.right.source)) for pair in case.uses.pairs}
    for source, policy in case.owners():
        for other in case.sources:
            is_tied = frozenset((source.index, other.index)) in tied and other.index != source.index
            if (is_tied or _is_foreign(other, policy)) and other.index != source.index:
                yield from _refusals(case, source, policy, other)


def _refusals(case: Case, source: CaseSource, policy: DataPolicy, other: CaseSource) -> Iterator[Violation]:
    if other.dataset in policy.joins.with_:
        return
    yield JOIN_WITH.refusal(
        owner=policy.member,
        message=f"`{source.dataset}` may not be combined with `{other.dataset}`",
        help=f"it may be combined with {case.named(policy.joins.with_, 'no dataset that you may use')}",
        span=other.source.span,
    )


def _is_foreign(other: CaseSource, policy: DataPolicy) -> bool:
    return any(held.member != policy.member for held in other.policies)


JOIN_WITH = Rule(name="join_with", code="CR-P105", check=_check)
