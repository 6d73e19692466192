"""Every join rests on at least one pair of columns that all owners on both sides grant under ``joins.columns``."""

from collections.abc import Iterator

from cleanroom.errors import Violation
from cleanroom.names import ColumnName
from policies.case import Case, CaseSource
from policies.meaning import means_the_same
from policies.rules.rule import Rule
from policies.uses import PairUse, Target


def _check(case: Case) -> Iterator[Violation]:
    for source in case.sources[1:]:
        if not rests_on_granted_pair(case, source.index):
            yield from _refusals(case, source, [pair for pair in case.uses.pairs if pair.joined == source.index])


def rests_on_granted_pair(case: Case, joined: int) -> bool:
    """Whether some pair of the join of source ``joined`` is granted by every owner on both sides."""
    pairs = (pair for pair in case.uses.pairs if pair.joined == joined)
    return any(_is_granted(case, pair.left) and _is_granted(case, pair.right) for pair in pairs)


def _refusals(case: Case, source: CaseSource, pairs: list[PairUse]) -> Iterator[Violation]:
    sides = [pair.left for pair in pairs] + [pair.right for pair in pairs]
    owing = {
        policy.member: side
        for side in reversed(sides)
        for policy in case.sources[side.source].policies
        if side.ref.column not in policy.joins.columns
    }
    left = case.sources[pairs[0].left.source] if pairs else case.sources[0]
    for member, side in sorted(owing.items()):
        yield JOIN_COLUMNS.refusal(
            owner=member,
            message=f"`{side.ref.column}` of `{case.sources[side.source].dataset}` is not granted as a join column",
            help=_legal(left, source),
            span=side.ref.span,
        )
    if not owing:
        yield JOIN_COLUMNS.refusal(
            owner="room",
            message=f"no pair of columns that joins `{source.dataset}` is granted on both sides",
            help=_legal(left, source),
            span=source.source.span,
        )


def _is_granted(case: Case, side: Target) -> bool:
    if side.output is not None:
        return False
    return all(side.column in policy.joins.columns for policy in case.sources[side.source].policies)


def _legal(left: CaseSource, right: CaseSource) -> str:
    """The joins that would pass: of columns that both sides grant and that mean the same."""
    legal = [
        f"`{left.source.alias}.{one} = {right.source.alias}.{other}`"
        for one in granted_joins(left)
        for other in granted_joins(right)
        if means_the_same(left.contract, one, right.contract, other)
    ]
    return f"join on {' or '.join(legal)}" if legal else f"`{left.dataset}` and `{right.dataset}` share no join column"


def granted_joins(source: CaseSource) -> list[ColumnName]:
    """The columns that every owner of ``source`` grants for joins, in order; of a per-unit table only its key."""
    columns = set.intersection(*(set(policy.joins.columns) for policy in source.policies))
    if source.source.per_unit is not None:
        columns &= {source.source.per_unit.key}
    return sorted(columns & source.columns.keys())


JOIN_COLUMNS = Rule(name="join_columns", code="CR-P104", check=_check)
