"""How much of each side is found on the other, with both denominators."""

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
    number,
)
from queries.insights.refused import missing_columns
from queries.statistics.counts import Count
from queries.statistics.intervals import share


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Matches from `overlap-units` and `overlap-registrations`, each one row."""
    sold, registered = inputs["overlap-units"], inputs["overlap-registrations"]
    for table, wanted in (
        (sold, ("units_sold", "units_matched", "owners_matched")),
        (registered, ("units_registered", "units_matched")),
    ):
        if not table.has(*wanted) or not table.rows:
            raise missing_columns("overlap", wanted, table.columns)
    one, two = sold.records()[0], registered.records()[0]
    matched = count_in(one["units_matched"], settings, insight="overlap")
    rows = (
        _row("units sold that are registered", one["units_matched"], matched, one["units_sold"], settings),
        _row(
            "registered units that a member sold",
            two["units_matched"],
            count_in(two["units_matched"], settings, insight="overlap"),
            two["units_registered"],
            settings,
        ),
        _row(
            "matched units whose owner is known",
            one["owners_matched"],
            count_in(one["owners_matched"], settings, insight="overlap"),
            one["units_matched"],
            settings,
        ),
    )
    shown = ShownTable(name="matches", title="Matches between the two sides", columns=_COLUMNS, rows=rows)
    headline = (
        f"{rows[1][3]} % of registered units are found among the sales"
        if rows[1][3] is not None
        else "the number of matches is withheld"
    )
    spec = ChartSpec(
        title="Match rates",
        table="matches",
        mark="bar",
        x=Encoding(column="match", kind="nominal"),
        y=Encoding(column="share", kind="quantitative"),
        low="low",
        high="high",
        description=headline,
    )
    return InsightResult(
        headline=headline, tables=(shown,), charts=(spec,), withheld=sold.withheld() + registered.withheld()
    )


def _row(name: str, cell: Cell, part: Count, whole: Cell, settings: Settings) -> tuple[Cell, ...]:
    units = number(whole)
    if not units:
        return (name, cell, whole, None, None, None)
    top = Count.exact(int(units))
    found = share(Count(min(part.low, top.low), min(part.high, top.low)), top, confidence=settings.confidence)
    point = None if found.point is None else round(100 * found.point, 2)
    return (name, cell, whole, point, round(100 * found.interval.low, 2), round(100 * found.interval.high, 2))


_COLUMNS = (
    ShownColumn(name="match", title="Match"),
    ShownColumn(name="matched", title="Matched"),
    ShownColumn(name="of", title="Of"),
    ShownColumn(name="share", title="Share", unit="%"),
    ShownColumn(name="low", title="Lower limit", unit="%"),
    ShownColumn(name="high", title="Upper limit", unit="%"),
)

INSIGHT = Insight(
    name="overlap",
    title="Overlap and match quality",
    question="How much of each side is found on the other?",
    needs=(DatasetName("sales"), DatasetName("registrations")),
    templates=("overlap-units", "overlap-registrations"),
    explanation=Explanation(
        formula="matched units / units sold; matched units / units registered; known owners / matched units",
        unit="%",
        denominator="both sides, each its own",
        exposure="units sold, and registered, in the period asked for",
        censoring="none",
        suppression="withheld matches enter with their bounds",
        sources=("Wilson 1927",),
    ),
    compute=compute,
)
