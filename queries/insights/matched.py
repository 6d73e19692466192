"""Groups compared within strata: only what both have in a stratum, weighted alike, so that a mix explains nothing.

A stratum is a model and a period of sale. The design asks for the month of sale; a quarter is what policies of ten and
more units leave numbers in. Weights are the first group's and the compared group's owners together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from queries.insights.chart_input import count_in
from queries.insights.model import Cell, Settings, Table, number
from queries.statistics.counts import Count
from queries.statistics.standardise import Exposed, StandardRate, Stratum, standardise

STRATUM = ("model", "sale_quarter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A group beside the reference on their shared strata: rates on one mix, and how many strata that is."""

    group: int
    owners: int
    rate: StandardRate
    reference: StandardRate
    strata: int


def stratum_of(record: Mapping[str, Cell]) -> Stratum:
    """The stratum of a row; a plain file without these columns is one stratum."""
    return tuple(str(record.get(name, "all")) for name in STRATUM)


def matched_rates(table: Table, settings: Settings, *, insight: str, part: str) -> tuple[Matched, ...]:
    """Shares ``part`` / owners of each group of ``contacts`` above 0, matched with group 0 stratum by stratum."""
    groups: dict[int, dict[Stratum, Exposed]] = {}
    for record in table.records():
        group, owners = number(record["contacts"]), number(record["owners"])
        if group is None or not owners:
            continue
        events = count_in(record[part], settings, insight=insight)
        events = Count(min(events.low, int(owners)), min(events.high, int(owners)))
        groups.setdefault(int(group), {})[stratum_of(record)] = Exposed(events=events, exposure=owners)
    reference = groups.get(0, {})
    found: list[Matched] = []
    for group, strata in sorted(groups.items()):
        shared = set(strata) & set(reference)
        if group == 0 or not shared:
            continue
        weights = {s: strata[s].exposure + reference[s].exposure for s in shared}
        one, other = (standardise(g, weights, confidence=settings.confidence) for g in (strata, reference))
        owners_in = int(sum(strata[s].exposure for s in shared))
        found.append(Matched(group=group, owners=owners_in, rate=one, reference=other, strata=len(shared)))
    return tuple(found)
