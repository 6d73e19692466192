"""Us against the other retailers, as if both had sold the same models in the same years."""

from collections.abc import Mapping

from cleanroom.names import DatasetName
from queries.insights.chart_input import count_in
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
from queries.statistics.standardise import Exposed, StandardRate, Stratum, standardise

_WANTED = ("who", "model", "units", "units_with_claim")


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Standardised claim incidence from `claims-us-and-others`; the standard mix is both groups together.

    A plain file may name two groups otherwise in `who`, leave out `sale_year`, and bring a `weight` for each stratum.
    """
    table = inputs["claims-us-and-others"]
    if not table.has(*_WANTED):
        raise missing_columns("retailer-effect", _WANTED, table.columns)
    names = _names(table)
    groups = {who: _strata(table, name, settings) for who, name in zip(("us", "others"), names, strict=True)}
    if not all(groups.values()):
        raise InsightRefused("CR-B005", "both us and the others need released units", place="retailer-effect")
    both = set(groups["us"]) & set(groups["others"])
    weights = _weights(table) or {s: groups["us"][s].exposure + groups["others"][s].exposure for s in both}
    rates = {who: standardise(strata, weights, confidence=settings.confidence) for who, strata in groups.items()}
    if not both:
        raise InsightRefused("CR-B005", "no model and year has released units on both sides", place="retailer-effect")
    rows = tuple(_row(name, groups[who], rates[who]) for who, name in zip(("us", "others"), names, strict=True))
    shown = ShownTable(
        name="effect", title="Units with a claim per 1,000, on the same mix", columns=_COLUMNS, rows=rows
    )
    us, others = rates["us"].rate, rates["others"].rate
    ratio = us / others if us is not None and others else None
    headline = (
        f"{'our units claim' if names[0] == 'us' else 'units of the first group claim'} {ratio:.2f} times as often as the others', on the same mix"
        if ratio is not None
        else "a withheld number leaves only ranges"
    )
    spec = ChartSpec(
        title=shown.title,
        table="effect",
        mark="bar",
        x=Encoding(column="who", kind="nominal"),
        y=Encoding(column="per_1000", kind="quantitative"),
        low="low",
        high="high",
        description=headline,
    )
    notes = (f"{len(both)} strata of model and sale year enter; limits by Fay and Feuer.",)
    return InsightResult(headline=headline, tables=(shown,), charts=(spec,), notes=notes, withheld=table.withheld())


def _names(table: Table) -> tuple[str, str]:
    """What the two groups are called: us and others, else the two names there are in their order."""
    found = tuple(dict.fromkeys(str(record["who"]) for record in table.records()))
    if not set(found) <= {"us", "others"} and len(found) == 2:
        return found
    return ("us", "others")


def _weights(table: Table) -> dict[Stratum, float]:
    """The standard population a plain file brings along; empty where it brings none."""
    if not table.has("weight"):
        return {}
    pairs = ((_stratum(record), number(record["weight"])) for record in table.records())
    return {stratum: weight for stratum, weight in pairs if weight is not None}


def _stratum(record: Mapping[str, Cell]) -> Stratum:
    return str(record["model"]), str(record.get("sale_year", ""))


def _strata(table: Table, who: str, settings: Settings) -> dict[Stratum, Exposed]:
    strata: dict[Stratum, Exposed] = {}
    for record in table.records():
        units = number(record["units"])
        if str(record["who"]) == who and units:
            events = count_in(record["units_with_claim"], settings, insight="retailer-effect")
            # However little is known of a withheld number, no more units claimed than were sold.
            events = Count(min(events.low, int(units)), min(events.high, int(units)))
            strata[_stratum(record)] = Exposed(events=events, exposure=units)
    return strata


def _row(who: str, strata: dict[Stratum, Exposed], found: StandardRate) -> tuple[Cell, ...]:
    point = None if found.rate is None else round(1000 * found.rate, 3)
    units = int(sum(stratum.exposure for stratum in strata.values()))
    return (who, units, point, round(1000 * found.low, 3), round(1000 * found.high, 3), round(100 * found.covered, 1))


_COLUMNS = (
    ShownColumn(name="who", title="Retailers"),
    ShownColumn(name="units", title="Units sold", unit="units"),
    ShownColumn(name="per_1000", title="Units with a claim", unit="per 1,000"),
    ShownColumn(name="low", title="Lower limit", unit="per 1,000"),
    ShownColumn(name="high", title="Upper limit", unit="per 1,000"),
    ShownColumn(name="covered", title="Of the standard mix", unit="%"),
)

INSIGHT = Insight(
    name="retailer-effect",
    title="Retailer effect, mix-adjusted",
    question="Do the units we sell claim more often than those of at least three others?",
    needs=(DatasetName("sales"), DatasetName("claims")),
    templates=("claims-us-and-others",),
    explanation=Explanation(
        formula="sum over model x sale year of weight x units with a claim / units; weights are both groups together, or those brought along",
        unit="units with a claim per 1,000",
        denominator="units sold",
        exposure="sale years stand for age",
        censoring="none: claims so far, at equal ages",
        suppression="withheld counts enter with their bounds; strata without released units leave the mix",
        sources=("Fay and Feuer 1997",),
    ),
    compute=compute,
)
