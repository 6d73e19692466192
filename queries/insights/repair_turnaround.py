"""How long repairs take: median and 90th percentile from a released histogram."""

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
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.quantiles import histogram_quantile

_WANTED = ("days", "repairs")


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Quantiles from `repair-turnaround`: `days` is the upper end of a class, `repairs` its count."""
    table = inputs["repair-turnaround"]
    if not table.has(*_WANTED):
        raise missing_columns("repair-turnaround", _WANTED, table.columns)
    classes: list[tuple[float, int, int]] = []
    for record in table.records():
        days = number(record["days"])
        if days is not None:
            count = count_in(record["repairs"], settings, insight="repair-turnaround")
            classes.append((days, count.low, count.high))
    if sum(low for _, low, _ in classes) == 0:
        raise InsightRefused("CR-B005", "no repairs were released", place="repair-turnaround")
    rows: list[tuple[Cell, ...]] = []
    for name, quantile in (("median", 0.5), ("90th percentile", 0.9)):
        least, most = histogram_quantile(classes, quantile)
        rows.append((name, round(least, 2), round(most, 2)))
    quantiles = ShownTable(name="quantiles", title="Repair turnaround", columns=_COLUMNS, rows=tuple(rows))
    histogram = ShownTable(
        name="histogram",
        title="Repairs by days from opening to closing",
        columns=(
            ShownColumn(name="days", title="Up to", unit="days"),
            ShownColumn(name="repairs", title="Repairs", unit="repairs"),
        ),
        rows=tuple((r["days"], r["repairs"]) for r in table.records()),
    )
    headline = (
        f"half of repairs take {rows[0][1]} days or less"
        if rows[0][1] == rows[0][2]
        else f"half of repairs take at most {rows[0][1]} to {rows[0][2]} days"
    )
    spec = ChartSpec(
        title=histogram.title,
        table="histogram",
        mark="bar",
        x=Encoding(column="days", kind="ordinal"),
        y=Encoding(column="repairs", kind="quantitative"),
        description=headline,
    )
    notes = ("Quantiles are read from classes, evenly spread inside each class.",)
    return InsightResult(
        headline=headline, tables=(quantiles, histogram), charts=(spec,), notes=notes, withheld=table.withheld()
    )


_COLUMNS = (
    ShownColumn(name="quantile", title="Quantile"),
    ShownColumn(name="low", title="At least", unit="days"),
    ShownColumn(name="high", title="At most", unit="days"),
)

INSIGHT = Insight(
    name="repair-turnaround",
    title="Repair turnaround",
    question="How long do repairs take?",
    needs=(DatasetName("repairs"), DatasetName("sales")),
    templates=("repair-turnaround",),
    explanation=Explanation(
        formula="median and 90th percentile of closing minus opening, interpolated inside released classes",
        unit="days",
        denominator="finished repairs of units sold by the members",
        exposure="repairs that are closed",
        censoring="open repairs are not in the histogram; a growing backlog shows in the ticket insights",
        suppression="withheld classes enter with their bounds; quantiles become ranges",
    ),
    compute=compute,
)
