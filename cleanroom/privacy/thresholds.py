"""Raw number and obligations -> may it leave, by thresholds alone? (pure; design 3, "What a cell must pass")

INVARIANT I13: a number leaves only if, for every dataset it draws on, at least ``minimum_units`` distinct privacy units
contribute; exactly that many is enough. A NULL unit is nobody: rows of nobody never help a number out, and a number
made of such rows is not "no unit contributes", it has no protection at all and stays.
"""

from collections.abc import Collection, Sequence

from cleanroom.engine.raw import RawNumber, UnitCount
from cleanroom.names import MemberName
from cleanroom.plan import SourceObligations
from cleanroom.privacy.contributors import contributor_reason
from cleanroom.released import Reason


def withheld_reason(
    number: RawNumber,
    sources: Sequence[SourceObligations],
    own: frozenset[int] = frozenset(),
    receivers: Collection[MemberName] = (),
) -> Reason | None:
    """Why ``number`` may not leave, or None; ``own`` as ``contributors.own_sources`` gives it.

    A receiver's own units in a dataset that it shares with others do not count towards the others' minimum.

    A number that no row contributes to may leave where all datasets it draws on release zeros. Where one does not, the
    reason is the same as for a few units: "it is zero" would be the number itself.
    """
    if number.rows == 0:
        released = all(sources[units.source].zeros for units in number.units)
        return None if released else Reason.UNITS
    if any(units.distinct < _minimum(units, sources) for units in number.units):
        return Reason.UNITS
    if any(_multiplies_few(units, sources[units.source]) for units in number.multipliers):
        return Reason.UNITS
    mixed = contributor_reason(number, sources, own)
    if mixed is not None:
        return mixed
    # Last, so that a number marked for this has no dominant member: it is below the minimum / (1 - the largest share).
    shared = [units for units in number.units if units.source not in own]
    few = any(_of_others(units, sources[units.source], receivers) < _minimum(units, sources) for units in shared)
    return Reason.UNITS if few else None


def _minimum(units: UnitCount, sources: Sequence[SourceObligations]) -> int:
    return sources[units.source].minimum_units


def _of_others(units: UnitCount, source: SourceObligations, receivers: Collection[MemberName]) -> int:
    """How many of ``units`` are nobody's of a receiver's own rows, for the receiver that brings most.

    Attack stopped: a retailer that pads a cell with buyers of its own and subtracts them from the answer.
    """
    if not units.by_member or not set(receivers) & set(source.members):
        return units.distinct
    counts = zip(source.members, units.by_member, strict=True)
    return units.distinct - max(count for member, count in counts if member in receivers)


def _multiplies_few(units: UnitCount, source: SourceObligations) -> bool:
    """Whether too few units multiply a number, or are multiplied; none is too few unless their owner shows zeros.

    Attack stopped: a list of strangers and one person. That the number leaves would say that nobody on it is known.
    """
    return units.distinct < source.minimum_units and not (units.distinct == 0 and source.zeros)
