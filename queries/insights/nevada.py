"""The Nevada chart: rows of sales, columns of claims, and what is still running."""

from cleanroom.names import DatasetName
from cleanroom.released import Reason, Withheld
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
)
from queries.insights.nevada_inputs import TEMPLATES, first_failures, nevada_chart, period_name
from queries.statistics.counts import Count, total
from queries.statistics.nevada import Nevada, NevadaRow, life_data


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """The chart as a table of rows and columns, as a heat map, and as failures and suspensions by age."""
    chart, kind = nevada_chart(inputs, settings, insight="nevada-chart")
    first_failures(chart, insight="nevada-chart")
    periods = range(min((r.period for r in chart.rows), default=0), chart.last + 1)
    wide = ShownTable(
        name="chart",
        title="Units sold and first claims",
        columns=(
            ShownColumn(name="sold_in", title=f"Sold in ({kind})"),
            ShownColumn(name="units", title="Units sold", unit="units"),
            *(ShownColumn(name=f"p{p}", title=period_name(p, kind), unit="claims") for p in periods),
            ShownColumn(name="running", title="Still running", unit="units"),
        ),
        rows=tuple(_row(row, periods, kind) for row in chart.rows),
    )
    cells = ShownTable(
        name="cells",
        title="Claims per 1,000 units by sale and claim period",
        columns=(
            ShownColumn(name="sold_in", title="Sold in"),
            ShownColumn(name="claimed_in", title="Claimed in"),
            ShownColumn(name="per_1000", title="Claims per 1,000 units", unit="per 1,000"),
        ),
        rows=tuple(_cells(chart, kind)),
    )
    failed = total(c for row in chart.rows for c in row.claims.values())
    sold = sum(row.sold for row in chart.rows)
    headline = f"{_text(failed)} of {sold:,} units sold have had a first claim"
    heat = ChartSpec(
        title=cells.title,
        table="cells",
        mark="heat",
        x=Encoding(column="claimed_in", kind="ordinal"),
        y=Encoding(column="sold_in", kind="ordinal"),
        colour=Encoding(column="per_1000", kind="quantitative"),
        description=headline,
    )
    hidden = sum(not c.is_exact for row in chart.rows for c in row.claims.values())
    notes = (f"{hidden} cells are withheld or not listed.",) if hidden else ()
    return InsightResult(
        headline=headline, tables=(wide, _ages(chart), cells), charts=(heat,), notes=notes, withheld=hidden
    )


def _row(row: NevadaRow, periods: range, kind: str) -> tuple[Cell, ...]:
    lost = total(row.claims.values())
    cells = (_cell(row.claims.get(p)) if p >= row.period else None for p in periods)
    running = _cell(Count(max(0, row.sold - lost.high), max(0, row.sold - lost.low)))
    return (period_name(row.period, kind), row.sold, *cells, running)


def _cell(count: Count | None) -> Cell:
    if count is None:
        return 0
    return count.low if count.is_exact else Withheld(Reason.UNITS)


def _cells(chart: Nevada, kind: str) -> list[tuple[Cell, ...]]:
    return [
        (
            period_name(row.period, kind),
            period_name(p, kind),
            round(1000 * c.low / row.sold, 3) if c.is_exact else Withheld(Reason.UNITS),
        )
        for row in chart.rows
        if row.sold
        for p, c in sorted(row.claims.items())
    ]


def _ages(chart: Nevada) -> ShownTable:
    rows: list[tuple[Cell, ...]] = [
        (
            group.start if group.end is None else group.end,
            "suspended" if group.end is None else "failed",
            group.count.low,
            group.count.high,
        )
        for group in life_data(chart)
    ]
    return ShownTable(
        name="ages",
        title="Failures and suspensions by age",
        columns=(
            ShownColumn(name="age", title="Age", unit="periods"),
            ShownColumn(name="state", title="State"),
            ShownColumn(name="low", title="At least", unit="units"),
            ShownColumn(name="high", title="At most", unit="units"),
        ),
        rows=tuple(rows),
    )


def _text(count: Count) -> str:
    return f"{count.low:,}" if count.is_exact else f"{count.low:,} to {count.high:,}"


INSIGHT = Insight(
    name="nevada-chart",
    title="Nevada chart",
    question="When do the units of each sale period fail?",
    needs=(DatasetName("sales"), DatasetName("claims")),
    templates=TEMPLATES,
    explanation=Explanation(
        formula="first claims by sale period and claim period; survivors of a row are suspensions",
        unit="units",
        denominator="units sold in the row's period",
        exposure="a row is observed to the last period of the chart",
        censoring="units still running are suspended at their age",
        suppression="withheld cells are shown as such; each lies between 0 and one below the threshold, or what its row has left where it is withheld for another reason than too few units",
    ),
    compute=compute,
    takes_one_file=True,
)
