"""Whether a number that mixes several members' rows hides each of them: enough members, none too large (pure).

Attack stopped: a cell that is one retailer's sales in all but name. On units and, for SUM and AVG, on magnitudes: one
member may hold few units and nearly all the money.
"""

from collections.abc import Sequence
from decimal import Decimal

from cleanroom.engine.raw import RawNumber
from cleanroom.plan import Contributors, SourceObligations
from cleanroom.released import Reason


def contributor_reason(number: RawNumber, sources: Sequence[SourceObligations]) -> Reason | None:
    """Why ``number`` would show a single member, or None when it does not (or mixes nothing)."""
    for units in number.units:
        rule = sources[units.source].contributors
        if units.by_member and rule is not None:
            if sum(1 for count in units.by_member if count > 0) < rule.minimum:
                return Reason.CONTRIBUTORS
            if _dominated(Decimal(units.distinct), [Decimal(count) for count in units.by_member], rule):
                return Reason.DOMINANCE
    magnitude = number.magnitude
    if magnitude is not None:
        rule = sources[magnitude.source].contributors
        if rule is not None and _dominated(magnitude.whole, magnitude.by_member, rule):
            return Reason.DOMINANCE
    return None


def _dominated(whole: Decimal, parts: Sequence[Decimal], rule: Contributors) -> bool:
    """Whether one part is above the largest share of ``whole``; exactly that share is not."""
    return any(part > rule.largest_share * whole for part in parts)
