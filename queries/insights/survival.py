"""Survival and hazard by age: Kaplan-Meier over the Nevada table, the censored never dropped.

Takes the Nevada chart's tables or a plain Nevada file; or plain durations: ``time`` with ``event`` (or ``censored``, or
times written ``6+``) and an optional ``count``, or ``time``, ``failures`` and ``suspensions``; with ``entry`` where units
were watched from that age on only. Other usual headers are understood.
"""

from cleanroom.names import DatasetName
from queries.insights.chart_input import is_long
from queries.insights.headlines import said
from queries.insights.lifetimes import is_lifetimes, lifetimes
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
from queries.insights.nevada_inputs import TEMPLATES, first_failures, nevada_chart
from queries.insights.refused import InsightRefused
from queries.statistics.counts import Count
from queries.statistics.intervals import share
from queries.statistics.nevada import AgeRow, Group, by_age
from queries.statistics.survival import Limits, SurvivalPoint, kaplan_meier


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """At risk, failed, survival and hazard by age, each with limits."""
    only = next(iter(inputs.values()))
    if len(inputs) == 1 and is_lifetimes(only) and not is_long(only):
        rows, kind = _at_risk(lifetimes(only, settings, insight="survival")), "period"
    else:
        chart, kind = nevada_chart(inputs, settings, insight="survival")
        rows = by_age(first_failures(chart, insight="survival"))
    if not rows:
        raise InsightRefused("CR-B005", "no ages to follow", place="survival")
    points = kaplan_meier(rows, confidence=settings.confidence, limits=_limits(settings))
    table = _table(rows, points, settings, kind)
    last = table.rows[-1]
    headline = f"{said(last[3], last[4], last[5])} % still without a claim at {last[0]} {kind}s"
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
    scale = {"log-log": "log(-log S)", "log": "log S", "plain": "S itself"}[_limits(settings)]
    notes = (f"Limits: Greenwood's variance on {scale} for survival, Wilson's for the hazard.",)
    hidden = sum(not row.failed.is_exact for row in rows)
    return InsightResult(
        headline=headline, tables=(table, _quantiles(points, kind)), charts=(chart_spec,), notes=notes, withheld=hidden
    )


def _limits(settings: Settings) -> Limits:
    match settings.limits:
        case "log" | "plain":
            return settings.limits
        case _:
            return "log-log"


def _table(rows: tuple[AgeRow, ...], points: tuple[SurvivalPoint, ...], settings: Settings, kind: str) -> ShownTable:
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
                _percent(point.standard_error),
                _percent(hazard.point),
                _percent(hazard.interval.low),
                _percent(hazard.interval.high),
                None if point.cumulative_hazard is None else round(point.cumulative_hazard, 6),
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
            ShownColumn(name="standard_error", title="Standard error", unit="%"),
            ShownColumn(name="hazard", title="Hazard", unit="%"),
            ShownColumn(name="hazard_low", title="Lower limit", unit="%"),
            ShownColumn(name="hazard_high", title="Upper limit", unit="%"),
            ShownColumn(name="cumulative_hazard", title="Cumulative hazard (Nelson-Aalen)"),
        ),
        rows=tuple(shown),
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 4)


def _at_risk(groups: tuple[Group, ...]) -> tuple[AgeRow, ...]:
    """At each distinct failure time: whoever has been entered before it, and has not failed or been censored before it."""
    if any(g.end is not None and g.start != g.end for g in groups):
        raise InsightRefused(
            "CR-B004", "Kaplan-Meier needs known ages, not intervals", help="life-fit takes intervals", place="survival"
        )
    if any(not g.count.is_exact for g in groups):
        raise InsightRefused("CR-B004", "plain durations need exact counts", place="survival")
    left = [(g.start if g.end is None else g.end, g) for g in groups]
    rows: list[AgeRow] = []
    for time in sorted({g.end for g in groups if g.end is not None}):
        at_risk = sum(g.count.low for last, g in left if g.entry < time <= last)
        failed = sum(g.count.low for g in groups if g.end == time)
        rows.append(AgeRow(age=time, at_risk=Count.exact(at_risk), failed=Count.exact(failed)))
    return tuple(rows)


def _quantiles(points: tuple[SurvivalPoint, ...], kind: str) -> ShownTable:
    """The first age at which survival is at or below a share; an empty one was not reached."""

    def first(share: float, side: str) -> float | None:
        for point in points:
            value = {
                "point": point.survival.point,
                "low": point.survival.interval.low,
                "high": point.survival.interval.high,
            }[side]
            if value is not None and value <= share + 1e-12:
                return point.age
        return None

    rows = tuple(
        (name, first(share, "point"), first(share, "low"), first(share, "high"))
        for name, share in (("75 % still running", 0.75), ("median", 0.5), ("25 % still running", 0.25))
    )
    return ShownTable(
        name="quantiles",
        title="Ages by which a share has failed",
        columns=(
            ShownColumn(name="quantile", title="Quantile"),
            ShownColumn(name="age", title="Age", unit=f"{kind}s"),
            ShownColumn(name="low", title="Lower limit", unit=f"{kind}s"),
            ShownColumn(name="high", title="Upper limit", unit=f"{kind}s"),
        ),
        rows=rows,
    )


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
    takes_one_file=True,
)
