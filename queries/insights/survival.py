"""Survival and hazard by age: Kaplan-Meier over the Nevada table, the censored never dropped.

Takes the Nevada chart's tables or a plain Nevada file; or plain durations: ``time``, ``event`` and an optional ``count``.
"""

from collections import Counter

from cleanroom.names import DatasetName
from queries.insights.chart_input import count_in
from queries.insights.life_fit import has_failed, read_age
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
)
from queries.insights.nevada_inputs import TEMPLATES, nevada_chart
from queries.insights.refused import InsightRefused
from queries.statistics.counts import Count
from queries.statistics.intervals import share
from queries.statistics.nevada import AgeRow, by_age
from queries.statistics.survival import kaplan_meier


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """At risk, failed, survival and hazard by age, each with limits."""
    only = next(iter(inputs.values()))
    if len(inputs) == 1 and only.has("time"):
        rows, kind = _durations(only, settings), "period"
    else:
        chart, kind = nevada_chart(inputs, settings, insight="survival")
        rows = by_age(chart)
    if not rows:
        raise InsightRefused("CR-B005", "no ages to follow", place="survival")
    table = _table(rows, settings, kind)
    last = table.rows[-1]
    headline = (
        f"{last[3] if last[3] is not None else f'{last[4]} to {last[5]}'} % still without a claim at {last[0]} {kind}s"
    )
    chart_spec = ChartSpec(
        title="Share without a claim",
        table="survival",
        mark="line",
        x=Encoding(column="age", kind="quantitative"),
        y=Encoding(column="survival", kind="quantitative"),
        low="survival_low",
        high="survival_high",
        description=headline,
    )
    notes = ("Limits: Greenwood's variance on log(-log S) for survival, Wilson's for the hazard.",)
    hidden = sum(not row.failed.is_exact for row in rows)
    return InsightResult(headline=headline, tables=(table,), charts=(chart_spec,), notes=notes, withheld=hidden)


def _table(rows: tuple[AgeRow, ...], settings: Settings, kind: str) -> ShownTable:
    points = kaplan_meier(rows, confidence=settings.confidence)
    shown: list[tuple[Cell, ...]] = []
    for row, point in zip(rows, points, strict=True):
        hazard = share(row.failed, row.at_risk, confidence=settings.confidence)
        shown.append(
            (
                row.age,
                row.at_risk.low if row.at_risk.is_exact else None,
                row.failed.low if row.failed.is_exact else None,
                _percent(point.survival.point),
                _percent(point.survival.interval.low),
                _percent(point.survival.interval.high),
                _percent(hazard.point),
                _percent(hazard.interval.low),
                _percent(hazard.interval.high),
            )
        )
    return ShownTable(
        name="survival",
        title="Survival and hazard by age",
        columns=(
            ShownColumn(name="age", title="Age", unit=f"{kind}s"),
            ShownColumn(name="at_risk", title="At risk", unit="units"),
            ShownColumn(name="failed", title="Failed", unit="units"),
            ShownColumn(name="survival", title="Survival", unit="%"),
            ShownColumn(name="survival_low", title="Lower limit", unit="%"),
            ShownColumn(name="survival_high", title="Upper limit", unit="%"),
            ShownColumn(name="hazard", title="Hazard", unit="%"),
            ShownColumn(name="hazard_low", title="Lower limit", unit="%"),
            ShownColumn(name="hazard_high", title="Upper limit", unit="%"),
        ),
        rows=tuple(shown),
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 4)


def _durations(table: Table, settings: Settings) -> tuple[AgeRow, ...]:
    """At each distinct failure time: whoever has not failed or been censored before it is at risk."""
    failed: Counter[float] = Counter()
    left: Counter[float] = Counter()
    for record in table.records():
        count = count_in(record["count"], settings, insight="survival") if "count" in record else Count.exact(1)
        if not count.is_exact:
            raise InsightRefused("CR-B004", "plain durations need exact counts", place="survival")
        time = read_age(record["time"])
        left[time] += count.low
        if has_failed(record.get("event", record.get("state", 1))):
            failed[time] += count.low
    everyone = sum(left.values())
    rows: list[AgeRow] = []
    for time in sorted(failed):
        at_risk = everyone - sum(n for t, n in left.items() if t < time)
        rows.append(AgeRow(age=time, at_risk=Count.exact(at_risk), failed=Count.exact(failed[time])))
    return tuple(rows)


INSIGHT = Insight(
    name="survival",
    title="Survival and hazard",
    question="What share of units is still without a claim at each age, and how fast do the others fail?",
    needs=(DatasetName("sales"), DatasetName("claims")),
    templates=TEMPLATES,
    explanation=Explanation(
        formula="S(t) = product over ages <= t of (1 - failed / at risk); hazard = failed / at risk",
        unit="% of units",
        denominator="units still at risk when the age begins",
        exposure="a row of sales is followed to the last period",
        censoring="units still running leave the risk set at their age; they are never dropped",
        suppression="withheld failures enter with their bounds; the curve becomes a band",
        sources=("Kaplan and Meier 1958", "Greenwood 1926", "Wilson 1927"),
    ),
    compute=compute,
)
