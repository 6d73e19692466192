"""Us against the other retailers, as if both had sold the same models in the same years."""

from collections.abc import Mapping
from math import isinf

from cleanroom.names import DatasetName
from queries.insights.matched import bounded
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
from queries.statistics.intervals import Estimate, Interval
from queries.statistics.matched_groups import Pair, risk_ratio
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
    ratio = _ratio(groups["us"], groups["others"], settings)
    who = "our units claim" if names[0] == "us" else "units of the first group claim"
    headline = f"{who} {_said(ratio)} times as often as the others', on the same mix"
    compared = ShownTable(name="ratio", title="Us over the others", columns=_RATIO, rows=(_ratio_row(ratio),))
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
    notes = (
        f"{len(both)} strata of model and sale year enter; limits of rates by Fay and Feuer.",
        "The ratio is Mantel and Haenszel's over those strata, with Greenland and Robins' limits.",
    )
    return InsightResult(
        headline=headline, tables=(shown, compared), charts=(spec,), notes=notes, withheld=table.withheld()
    )


def _ratio(us: Mapping[Stratum, Exposed], others: Mapping[Stratum, Exposed], settings: Settings) -> Estimate:
    """Over the strata of both: no point where a count is withheld, and limits that hold whatever it is."""
    both = [(us[s], others[s]) for s in sorted(set(us) & set(others))]
    least = [Pair(x.events.low, int(x.exposure), y.events.high, int(y.exposure)) for x, y in both]
    most = [Pair(x.events.high, int(x.exposure), y.events.low, int(y.exposure)) for x, y in both]
    low, high = risk_ratio(least, confidence=settings.confidence), risk_ratio(most, confidence=settings.confidence)
    exact = low.point if least == most else None
    return Estimate(point=exact, interval=Interval(low.interval.low, high.interval.high))


def _said(ratio: Estimate) -> str:
    point, low, high = _ratio_row(ratio)
    ends = f"at least {low:.2f}" if high is None else f"{low:.2f} to {high:.2f}"
    return ends if point is None else f"{point:.2f} ({ends})"


def _ratio_row(ratio: Estimate) -> tuple[Cell, Cell, Cell]:
    high = ratio.interval.high
    point = None if ratio.point is None else round(ratio.point, 3)
    return point, round(ratio.interval.low, 3), None if isinf(high) else round(high, 3)


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
            events = bounded(record["units_with_claim"], int(units), settings, insight="retailer-effect")
            if events is not None:
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

_RATIO = (
    ShownColumn(name="ratio", title="Times as often"),
    ShownColumn(name="low", title="Lower limit"),
    ShownColumn(name="high", title="Upper limit"),
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
        suppression="counts withheld for too few units enter with their bounds; strata with a number withheld for another reason leave the mix",
        sources=("Fay and Feuer 1997", "Mantel and Haenszel 1959", "Greenland and Robins 1985"),
    ),
    compute=compute,
)
