"""Whether a number that mixes several members' rows hides each of them: enough members, none too large (pure).

Attack stopped: a cell that is one retailer's sales in all but name. On units and, for SUM and AVG, on magnitudes: one
member may hold few units and nearly all the money.

One exception: a number made of the asker's own rows alone, in an answer that nobody else may hold, tells the asker what
it gave itself. That is "us" beside "at least three others".
"""

from collections.abc import Sequence
from decimal import Decimal

from cleanroom.engine.counts import CONTRIBUTOR
from cleanroom.engine.raw import RawNumber
from cleanroom.plan import Contributors, Plan, SourceObligations
from cleanroom.released import CellKey, Reason
from cleanroom.shape import And, Case, CaseBranch, Compare, CompareOp, Literal, PlainColumn, Predicate


def own_sources(plan: Plan, key: CellKey) -> frozenset[int]:
    """The sources of which the cell ``key`` can hold none but the asker's own rows, in an answer nobody else may hold.

    Read off the question, never off the data: a cell of ``contributor``, the branch of a CASE that is exactly
    ``contributor = 'me'``, or a WHERE that asks for it.
    """
    if plan.obligations.receivers != (plan.querier,):
        return frozenset()
    fixed = set(_asked_for(plan.shape.where, plan.querier))
    for dimension, value in zip(plan.shape.dimensions, key, strict=True):
        match dimension:
            case PlainColumn(column=column) if column.column == CONTRIBUTOR and value == plan.querier:
                fixed.add(column.source)
            case Case(branches=(CaseBranch(when=when, then=Literal(value=then)),), otherwise=otherwise):
                rest = otherwise.value if isinstance(otherwise, Literal) else None
                if value == then and value is not None and rest != then:
                    fixed |= _asked_for(when, plan.querier)
            case _:
                pass
    return frozenset(fixed)


def _asked_for(predicate: Predicate | None, member: str) -> frozenset[int]:
    """Sources whose contributor every row passing ``predicate`` has to be ``member``."""
    match predicate:
        case And(terms=terms):
            return frozenset().union(*(_asked_for(term, member) for term in terms))
        case Compare(op=CompareOp.EQ, left=PlainColumn(column=column), right=Literal(value=value)):
            return frozenset({column.source} if column.column == CONTRIBUTOR and value == member else ())
        case _:
            return frozenset()


def contributor_reason(number: RawNumber, sources: Sequence[SourceObligations], own: frozenset[int]) -> Reason | None:
    """Why ``number`` would show a single member, or None when it does not (or mixes nothing).

    ``own`` are the sources that the cell holds only the asker's rows of.
    """
    for units in number.units:
        rule = sources[units.source].contributors
        if units.by_member and rule is not None and units.source not in own:
            if sum(1 for count in units.by_member if count > 0) < rule.minimum:
                return Reason.CONTRIBUTORS
            if _dominated(Decimal(units.distinct), [Decimal(count) for count in units.by_member], rule):
                return Reason.DOMINANCE
    magnitude = number.magnitude
    if magnitude is not None and magnitude.source not in own:
        rule = sources[magnitude.source].contributors
        if rule is not None and _dominated(magnitude.whole, magnitude.by_member, rule):
            return Reason.DOMINANCE
    return None


def _dominated(whole: Decimal, parts: Sequence[Decimal], rule: Contributors) -> bool:
    """Whether one part is above the largest share of ``whole``; exactly that share is not."""
    return any(part > rule.largest_share * whole for part in parts)
