"""R/1000 at each age: claims so far per thousand units that have been observed that long."""

from cleanroom.names import DatasetName
from queries.insights.headlines import said
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
from queries.insights.nevada_inputs import TEMPLATES, nevada_chart
from queries.insights.refused import InsightRefused
from queries.statistics.survival import per_1000


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """R/1000 by age with its exposure, numerator and denominator of the same sale periods."""
    chart, kind = nevada_chart(inputs, settings, insight="claims-per-1000")
    points = per_1000(chart, confidence=settings.confidence)
    if not points:
        raise InsightRefused("CR-B005", "no units have been observed long enough", place="claims-per-1000")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            p.age,
            p.units,
            p.claims_low,
            p.claims_high,
            None if p.per_1000 is None else round(p.per_1000, 4),
            round(p.interval.low, 4),
            round(p.interval.high, 4),
        )
        for p in points
    )
    table = ShownTable(
        name="per_1000",
        title="Claims per 1,000 units by age",
        columns=(
            ShownColumn(name="age", title="Age", unit=f"{kind}s"),
            ShownColumn(name="units", title="Units observed that long", unit="units"),
            ShownColumn(name="claims_low", title="Claims at least", unit="claims"),
            ShownColumn(name="claims_high", title="Claims at most", unit="claims"),
            ShownColumn(name="per_1000", title="R/1000", unit="per 1,000"),
            ShownColumn(name="low", title="Lower limit", unit="per 1,000"),
            ShownColumn(name="high", title="Upper limit", unit="per 1,000"),
        ),
        rows=rows,
    )
    last = rows[-1]
    headline = f"R/1000 at {last[0]} {kind}s: {said(last[4], last[5], last[6])}"
    spec = ChartSpec(
        title="Claims per 1,000 units by age",
        table="per_1000",
        mark="line",
        x=Encoding(column="age", kind="quantitative"),
        y=Encoding(column="per_1000", kind="quantitative"),
        low="low",
        high="high",
        description=headline,
    )
    notes = (
        "Limits are Poisson (Garwood) on the claims.",
        "Ages start at the retail sale, not at shipment or registration.",
    )
    hidden = sum(not c.is_exact for row in chart.rows for c in row.claims.values())
    return InsightResult(headline=headline, tables=(table,), charts=(spec,), notes=notes, withheld=hidden)


INSIGHT = Insight(
    name="claims-per-1000",
    title="Claims per 1,000 units by months in service (R/1000)",
    question="How many claims per thousand units by each age?",
    needs=(DatasetName("sales"), DatasetName("claims")),
    templates=TEMPLATES,
    explanation=Explanation(
        formula="1000 x claims at ages <= m / units sold at least m periods ago",
        unit="claims per 1,000 units",
        denominator="units sold early enough to have m periods of exposure",
        exposure="from the retail sale date to the last period",
        censoring="sales too young for m are left out of both sides at m",
        suppression="withheld claims enter with their bounds; the rate becomes a range",
        sources=("Garwood 1936",),
    ),
    compute=compute,
    takes_one_file=True,
)
