"""Owners with contacts beside owners without, stratum by stratum: only what both have, weighted alike.

A stratum is a model and a year of sale. The design asks for the month of sale. Months and quarters leave most numbers of
ten and more units withheld; and as contacts are counted up to one day, the landmark, and purchases from it on, everybody
is followed equally long whenever they bought, so the time of sale matters less than it would.
Source of the landmark: J. R. Anderson, K. C. Cain and R. D. Gelber, J. Clin. Oncol. 1 (1983) 710.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cleanroom.released import Withheld
from queries.insights.chart_input import count_in
from queries.insights.model import SMALL, Cell, Settings
from queries.statistics.counts import Count
from queries.statistics.intervals import Interval
from queries.statistics.matched_groups import Pair, risk_difference
from queries.statistics.standardise import Exposed, StandardRate, Stratum, standardise

STRATUM = ("model", "sale_year")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """One stratum: what withheld counts may be to the group's disadvantage (``low``) and advantage (``high``)."""

    low: Pair
    high: Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A group beside the others on the strata they share. ``point`` is None where a count is withheld."""

    owners: int
    strata: int
    rate: StandardRate
    reference: StandardRate
    point: float | None
    interval: Interval


def stratum_of(record: Mapping[str, Cell]) -> Stratum:
    """The stratum of a row; a plain file without these columns is one stratum."""
    return tuple(str(record.get(name, "all")) for name in STRATUM)


def bounded(cell: Cell, most: int, settings: Settings, *, insight: str) -> Count | None:
    """A count of at most ``most``, with bounds where it is withheld for too few units.

    None where it is withheld for another reason: that says nothing about its size, so its stratum can be left out
    without leaving out low or high ones. Too few units does, so such a stratum stays with everything it may be.
    """
    if isinstance(cell, Withheld) and cell.reason not in SMALL:
        return None
    count = count_in(cell, settings, insight=insight)
    return Count(min(count.low, most), min(count.high, most))


def matched(strata: Mapping[Stratum, Bounded], *, confidence: float) -> Matched:
    """Shares of both groups on one mix, and their difference; at least one stratum."""
    weights = {stratum: found.high.weight for stratum, found in strata.items()}
    first = {s: Exposed(events=Count(x.low.a, x.high.a), exposure=x.low.m) for s, x in strata.items()}
    other = {s: Exposed(events=Count(x.high.b, x.low.b), exposure=x.low.n) for s, x in strata.items()}
    low = risk_difference([x.low for x in strata.values()], confidence=confidence)
    high = risk_difference([x.high for x in strata.values()], confidence=confidence)
    return Matched(
        owners=sum(x.low.m for x in strata.values()),
        strata=len(strata),
        rate=standardise(first, weights, confidence=confidence),
        reference=standardise(other, weights, confidence=confidence),
        point=low.point if low == high else None,
        interval=Interval(low.interval.low, high.interval.high),
    )
