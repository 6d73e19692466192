"""Owners who bought the brand again, by service contacts about their unit, matched on model and year of sale.

Contacts count up to a day, the landmark, and purchases from it on: so nobody is counted as served because of a contact
that came after the purchase, and all are followed equally long. Contacts are counted by unit, not by owner: whoever owns
more units has more contacts and more purchases, and that alone would look like an effect.

Owners without a contact are all owners less those with one; the ledger withholds where few are left.
A plain file may leave out ``model`` and ``sale_year``: then all owners are one stratum.
"""

from collections.abc import Mapping

from cleanroom.names import DatasetName
from queries.insights.matched import Bounded, Matched, bounded, matched, stratum_of
from queries.insights.model import (
    Cell,
    ChartSpec,
    Encoding,
    Explanation,
    Inputs,
    Insight,
    InsightResult,
    Settings,
    ShownColumn,
    ShownTable,
    Table,
    number,
)
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.counts import Count
from queries.statistics.matched_groups import Pair
from queries.statistics.standardise import StandardRate, Stratum

_NAME = "repurchase"
_WANTED = ("owners", "owners_again", "contacted", "contacted_again")
_TWICE = ("contacted_twice", "contacted_twice_again")
_ANY, _ONE, _TWO = "any contact", "one contact", "two or more contacts"
_Groups = dict[str, tuple[int, Count]]


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """From `repurchase`: `owners`, `owners_again`, `contacted`, `contacted_again` by `model` and `sale_year`.

    `contacted_twice` and `contacted_twice_again` part those with two or more contacts from those with one. Each group
    stands beside the owners without contact, both on the mix of models and years they share.
    """
    table = inputs["repurchase"]
    if not table.has(*_WANTED):
        raise missing_columns(_NAME, _WANTED, table.columns)
    strata: dict[str, dict[Stratum, Bounded]] = {}
    for record in table.records():
        for group, found in _stratum(record, settings).items():
            strata.setdefault(group, {})[stratum_of(record)] = found
    if _ANY not in strata:
        raise InsightRefused("CR-B005", "no model and year has released owners with and without contacts", place=_NAME)
    groups = {g: matched(strata[g], confidence=settings.confidence) for g in (_ANY, _ONE, _TWO) if g in strata}
    headline = _headline(groups[_ANY])
    shares = ShownTable(
        name="matched",
        title="Bought again, on the same mix",
        columns=_COLUMNS,
        rows=tuple(row for group, found in groups.items() for row in _rows(group, found)),
    )
    differences = ShownTable(
        name="differences",
        title="With contact less without",
        columns=_DIFFERENCES,
        rows=tuple((group, *_difference(found)) for group, found in groups.items()),
    )
    return InsightResult(
        headline=headline,
        tables=(shares, differences),
        charts=(_chart(headline),),
        notes=(*_NOTES, *_not_said(groups, table)),
        withheld=table.withheld(),
    )


def _stratum(record: Mapping[str, Cell], settings: Settings) -> dict[str, Bounded]:
    """Each group of one stratum beside its owners without contact, as far as enough of it was released."""
    owners, contacted = (number(record[name]) for name in ("owners", "contacted"))
    if owners is None or not contacted or contacted >= owners:
        return {}
    served, rest = int(contacted), int(owners - contacted)
    again = bounded(record["owners_again"], int(owners), settings, insight=_NAME)
    part = bounded(record["contacted_again"], served, settings, insight=_NAME)
    if again is None or part is None:
        return {}
    part = Count(min(max(part.low, again.low - rest), part.high), min(part.high, again.high))
    most, least = min(rest, again.high - part.low), max(0, again.low - part.high)
    groups = {_ANY: (served, part), **_by_number(record, served, part, settings)}
    return {
        group: Bounded(low=Pair(some.low, size, most, rest), high=Pair(some.high, size, least, rest))
        for group, (size, some) in groups.items()
    }


def _by_number(record: Mapping[str, Cell], served: int, part: Count, settings: Settings) -> _Groups:
    """The contacted with one contact and with more, where how many those are was released."""
    twice = number(record.get("contacted_twice"))
    if twice is None:
        return {}
    more = bounded(record.get("contacted_twice_again"), int(twice), settings, insight=_NAME)
    if more is None:
        return {}
    once = served - int(twice)
    one = Count(min(once, max(0, part.low - more.high)), min(once, max(0, part.high - more.low)))
    sizes = {_ONE: (once, one), _TWO: (int(twice), more)}
    return {group: found for group, found in sizes.items() if found[0] > 0}


def _rows(group: str, found: Matched) -> list[tuple[Cell, ...]]:
    return [
        (group, side, found.owners, found.strata, *_shown(rate))
        for side, rate in (("with contact", found.rate), ("without, same mix", found.reference))
    ]


def _shown(rate: StandardRate) -> tuple[Cell, Cell, Cell]:
    point = None if rate.rate is None else round(100 * rate.rate, 3)
    return point, round(100 * rate.low, 3), min(100.0, round(100 * rate.high, 3))


def _difference(found: Matched) -> tuple[Cell, Cell, Cell]:
    point = None if found.point is None else round(100 * found.point, 3)
    return point, round(100 * found.interval.low, 3), round(100 * found.interval.high, 3)


def _headline(found: Matched) -> str:
    one, other = found.rate.rate, found.reference.rate
    point, low, high = _difference(found)
    if one is None or other is None or point is None:
        return f"owners with a contact bought again {low:+.1f} to {high:+.1f} points more often than those without, on the same mix"
    return (
        f"{100 * one:.1f} % of owners with a contact bought again, {100 * other:.1f} % of those without, on the same mix: "
        f"{point:+.1f} ({low:+.1f} to {high:+.1f}) points"
    )


def _chart(headline: str) -> ChartSpec:
    return ChartSpec(
        title="Owners who bought again, matched on model and year of sale",
        table="matched",
        mark="bar",
        x=Encoding(column="compared", kind="nominal"),
        y=Encoding(column="share", kind="quantitative"),
        colour=Encoding(column="group", kind="nominal"),
        low="low",
        high="high",
        description=headline,
    )


def _not_said(groups: Mapping[str, Matched], table: Table) -> tuple[str, ...]:
    if _TWO in groups or not table.has(*_TWICE):
        return ()
    return ("Owners with two or more contacts are too few in every model and year to be shown apart.",)


_NOTES = (
    "Differences are Mantel and Haenszel's over model and year of sale, with Sato's limits; shares have Fay and Feuer's.",
    "Owners who contact service may differ in other ways than model and year of sale.",
)
_COLUMNS = (
    ShownColumn(name="compared", title="Compared"),
    ShownColumn(name="group", title="Owners"),
    ShownColumn(name="owners", title="Owners with contact", unit="owners"),
    ShownColumn(name="strata", title="Models and years shared"),
    ShownColumn(name="share", title="Bought again", unit="%"),
    ShownColumn(name="low", title="Lower limit", unit="%"),
    ShownColumn(name="high", title="Upper limit", unit="%"),
)
_DIFFERENCES = (
    ShownColumn(name="compared", title="Compared"),
    ShownColumn(name="difference", title="Difference", unit="points"),
    ShownColumn(name="low", title="Lower limit", unit="points"),
    ShownColumn(name="high", title="Upper limit", unit="points"),
)

INSIGHT = Insight(
    name=_NAME,
    title="Repurchase after service contact",
    question="Do owners who needed service buy the brand again?",
    needs=(DatasetName("sales"), DatasetName("service_tickets")),
    templates=("repurchase",),
    explanation=Explanation(
        formula="sum over model x year of w x (owners who bought again / owners, with contact less without) / sum of w; w = n1 n0 / (n1 + n0)",
        unit="% of owners; points of difference",
        denominator="buyers of units sold before the landmark; contacts are those about the unit before it",
        exposure="from the landmark to the last month asked for, the same for everybody",
        censoring="none: everybody is followed over the same months",
        suppression="a count withheld for too few units enters with its bounds; a stratum with a number withheld for another reason, "
        "which says nothing about its size, leaves the mix",
        sources=("Anderson, Cain and Gelber 1983", "Mantel and Haenszel 1959", "Sato 1989", "Fay and Feuer 1997"),
    ),
    compute=compute,
)
