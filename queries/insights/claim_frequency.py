"""Claims over units sold: a unit with three claims counts three times here."""

from cleanroom.names import DatasetName
from queries.insights.chart_input import count_in
from queries.insights.model import (
    UNKNOWN_HIGH,
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
from queries.statistics.counts import Count, total
from queries.statistics.intervals import poisson_limits

_WANTED = ("units", "claims")


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Claims per 1,000 units from `claims-by-model`: columns `model`, `units`, `claims`."""
    table = inputs["claims-by-model"]
    if not table.has(*_WANTED):
        raise missing_columns("claim-frequency", _WANTED, table.columns)
    rows: list[tuple[Cell, ...]] = []
    everything: list[tuple[Count, int]] = []
    for record in table.records():
        units = number(record["units"])
        if units is None or units <= 0:
            rows.append((record.get("model"), record["units"], record["claims"], None, None, None))
            continue
        claims = count_in(record["claims"], settings, insight="claim-frequency")
        everything.append((claims, int(units)))
        rows.append((record.get("model"), record["units"], record["claims"], *_rate(claims, units, settings)))
    if not everything:
        raise InsightRefused("CR-B005", "no row has a released number of units", place="claim-frequency")
    overall = _rate(total(c for c, _ in everything), float(sum(u for _, u in everything)), settings)
    shown = ShownTable(name="rates", title="Claims per 1,000 units", columns=_COLUMNS, rows=tuple(rows))
    headline = f"{_said(*overall)} claims per 1,000 units sold"
    spec = ChartSpec(
        title="Claims per 1,000 units",
        table="rates",
        mark="bar",
        x=Encoding(column="model", kind="nominal"),
        y=Encoding(column="per_1000", kind="quantitative"),
        low="low",
        high="high",
        description=headline,
    )
    return InsightResult(
        headline=headline,
        tables=(shown,),
        charts=(spec,),
        notes=("Limits are Poisson (Garwood).",),
        withheld=table.withheld(),
    )


def _said(point: float | None, low: float, high: float | None) -> str:
    if point is not None:
        return f"{point:.2f}"
    return f"at least {low:.2f}" if high is None else f"{low:.2f} to {high:.2f}"


def _rate(claims: Count, units: float, settings: Settings) -> tuple[float | None, float, float | None]:
    """Point and limits; no upper limit where nothing is known of a withheld number's size."""
    point = round(1000 * claims.low / units, 4) if claims.is_exact else None
    low = poisson_limits(claims.low, confidence=settings.confidence).low
    if claims.high >= UNKNOWN_HIGH:
        return None, round(1000 * low / units, 4), None
    high = poisson_limits(claims.high, confidence=settings.confidence).high
    return point, round(1000 * low / units, 4), round(1000 * high / units, 4)


_COLUMNS = (
    ShownColumn(name="model", title="Model"),
    ShownColumn(name="units", title="Units sold", unit="units"),
    ShownColumn(name="claims", title="Claims", unit="claims"),
    ShownColumn(name="per_1000", title="Claims per 1,000 units", unit="per 1,000"),
    ShownColumn(name="low", title="Lower limit", unit="per 1,000"),
    ShownColumn(name="high", title="Upper limit", unit="per 1,000"),
)

INSIGHT = Insight(
    name="claim-frequency",
    title="Claim frequency",
    question="How many claims come per unit sold?",
    needs=(DatasetName("sales"), DatasetName("claims")),
    templates=("claims-by-model",),
    explanation=Explanation(
        formula="1000 x claims / units sold, same cohort",
        unit="claims per 1,000 units",
        denominator="units sold",
        exposure="units of different ages together; compare ages with claims-per-1000",
        censoring="none: claims so far",
        suppression="withheld claims enter with their bounds; withheld units leave the row without a rate",
        sources=("Garwood 1936",),
    ),
    compute=compute,
)
