"""A sum needs ``between`` from every owner, and the bounds must meet.

Attack: one row of enormous amount dominates a sum whatever the number of units; clamped values bound what any row does.
"""

from collections.abc import Iterator

from cleanroom.errors import Violation
from cleanroom.shape import Fn, PerUnitFn
from policies.case import Case
from policies.merge import narrower
from policies.rules.rule import Rule
from policies.uses import MeasureUse

_SUMS = (Fn.SUM, PerUnitFn.SUM)


def _check(case: Case) -> Iterator[Violation]:
    for use in case.uses.measures:
        is_of_output = use.target is not None and use.target.output is not None
        if use.fn in _SUMS or (use.fn is Fn.AVG and is_of_output):
            yield from _missing(case, use)
        if use.fn in (*_SUMS, Fn.AVG):
            yield from _disjoint(case, use)


def _missing(case: Case, use: MeasureUse) -> Iterator[Violation]:
    source = case.sources[use.source]
    column = use.target.column if use.target is not None else None
    for policy in source.policies:
        grant = policy.columns.get(column) if column is not None else None
        if grant is None or grant.between is None:
            name = f"`{column}`" if column is not None else "COUNT(*)"
            yield CLAMP.refusal(
                owner=policy.member,
                message=f"{name} of `{source.dataset}` has no bounds, so it may not be summed",
                help=f"ask {policy.member}'s steward to add `between: [smallest, largest]` to the column",
                span=use.span,
            )


def _disjoint(case: Case, use: MeasureUse) -> Iterator[Violation]:
    source = case.sources[use.source]
    column = use.target.column if use.target is not None else None
    bounds = None
    for policy in source.policies:
        grant = policy.columns.get(column) if column is not None else None
        bounds = narrower(bounds, grant.between if grant is not None else None)
    if bounds is not None and bounds[0] > bounds[1]:
        yield CLAMP.refusal(
            owner="room",
            message=f"the owners' bounds of `{column}` in `{source.dataset}` do not meet",
            help="their stewards need to agree on `between`",
            span=use.span,
        )


CLAMP = Rule(name="clamp", code="CR-P111", check=_check)
