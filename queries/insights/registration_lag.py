"""How long owners take to register: a survival curve in which units not yet registered are censored, never dropped."""

from cleanroom.names import DatasetName
from queries.insights.chart_input import count_in, month_number
from queries.insights.headlines import said
from queries.insights.model import (
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
)
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.counts import Count, total
from queries.statistics.nevada import AgeRow
from queries.statistics.survival import kaplan_meier


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Registered share by months since sale.

    ``registration-lag`` gives ``lag_months`` and ``units_registered``; ``registrations-by-model`` the units sold. Among
    units that will never register the curve levels off; its complement is the coverage to expect at that age.
    """
    lags, sold = inputs["registration-lag"], inputs["registrations-by-model"]
    if not lags.has("lag_months", "units_registered"):
        raise missing_columns("registration-lag", ("lag_months", "units_registered"), lags.columns)
    units = _units(sold, settings)
    steps = _steps(lags, settings)
    rows = _at_risk(steps, units)
    points = kaplan_meier(rows, confidence=settings.confidence)
    shown = tuple(
        (
            row.age,
            row.failed.low if row.failed.is_exact else None,
            None if p.survival.point is None else round(100 * (1 - p.survival.point), 3),
            round(100 * (1 - p.survival.interval.high), 3),
            round(100 * (1 - p.survival.interval.low), 3),
        )
        for row, p in zip(rows, points, strict=True)
    )
    table = ShownTable(
        name="lag",
        title="Registered by months since sale",
        columns=(
            ShownColumn(name="months", title="Months since sale", unit="months"),
            ShownColumn(name="units_registered", title="Units registered", unit="units"),
            ShownColumn(name="registered", title="Registered so far", unit="%"),
            ShownColumn(name="low", title="Lower limit", unit="%"),
            ShownColumn(name="high", title="Upper limit", unit="%"),
        ),
        rows=shown,
    )
    first = shown[0]
    headline = f"{said(first[2], first[3], first[4])} % of units sold register in the month of sale"
    chart = ChartSpec(
        title="Registered by months since sale",
        table="lag",
        mark="line",
        x=Encoding(column="months", kind="quantitative"),
        y=Encoding(column="registered", kind="quantitative"),
        low="low",
        high="high",
        description=headline,
    )
    notes = ("Units not registered yet are censored at their age; limits are Greenwood's on log(-log S).",)
    return InsightResult(headline=headline, tables=(table,), charts=(chart,), notes=notes, withheld=lags.withheld())


def _units(sold: Table, settings: Settings) -> Count:
    if not sold.has("units_sold"):
        raise missing_columns("registration-lag", ("units_sold",), sold.columns)
    whole = total(count_in(r["units_sold"], settings, insight="registration-lag") for r in sold.records())
    if whole.high == 0:
        raise InsightRefused("CR-B005", "no units sold", place="registration-lag")
    return whole


def _steps(lags: Table, settings: Settings) -> dict[int, Count]:
    steps: dict[int, Count] = {}
    for record in lags.records():
        if record["lag_months"] is not None:
            age = max(0, month_number(record["lag_months"], insight="registration-lag"))
            steps[age] = steps.get(age, Count.exact(0)) + count_in(
                record["units_registered"], settings, insight="registration-lag"
            )
    if not steps:
        raise InsightRefused("CR-B005", "no registrations", place="registration-lag")
    return steps


def _at_risk(steps: dict[int, Count], units: Count) -> tuple[AgeRow, ...]:
    rows: list[AgeRow] = []
    before = Count.exact(0)
    for age in sorted(steps):
        at_risk = Count(max(0, units.low - before.high), max(0, units.high - before.low))
        rows.append(AgeRow(age=age, at_risk=at_risk, failed=steps[age]))
        before += steps[age]
    return tuple(rows)


INSIGHT = Insight(
    name="registration-lag",
    title="Registration lag",
    question="How long after the sale do owners register?",
    needs=(DatasetName("sales"), DatasetName("registrations")),
    templates=("registration-lag", "registrations-by-model"),
    explanation=Explanation(
        formula="Kaplan-Meier over months from sale to registration; registered share is 1 - S",
        unit="% of units sold",
        denominator="units sold, from the retailers",
        exposure="every unit sold in the period; calendar months",
        censoring="units not registered are kept at risk to the end",
        suppression="withheld months enter with their bounds; the curve becomes a band",
        sources=("Kaplan and Meier 1958", "Greenwood 1926"),
    ),
    compute=compute,
)
