"""``joins.required: true``: never asked without another member's data."""

from collections.abc import Iterator

from cleanroom.errors import Violation
from cleanroom.names import MemberName
from policies.case import Case
from policies.rules.rule import Rule


def _check(case: Case) -> Iterator[Violation]:
    for source, policy in case.owners():
        if policy.joins.required and not _meets_others(case, source.index, policy.member):
            yield JOIN_REQUIRED.refusal(
                owner=policy.member,
                message=f"`{source.dataset}` may only be asked together with another member's data",
                help=f"join one of {case.named(policy.joins.with_, 'its partners')} "
                f"on {case.columns_named(source, policy.joins.columns, 'a granted join column')}",
                span=source.source.span,
            )


def _meets_others(case: Case, index: int, member: MemberName) -> bool:
    """The grammar connects every source, and ``join_columns`` holds each tie to a granted column."""
    return any(
        other.index != index and any(policy.member != member for policy in other.policies) for other in case.sources
    )


JOIN_REQUIRED = Rule(name="join_required", code="CR-P103", check=_check)
