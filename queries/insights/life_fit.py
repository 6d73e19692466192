"""A Weibull fit to first claims, and the claims to expect next.

Takes the Nevada chart's tables, a plain Nevada file, or plain life data: ``time`` with ``event`` (1 failed, 0 still
running; F and S are read too) and an optional ``count``; or ``start`` and ``end`` (empty end: still running).
"""

from cleanroom.names import DatasetName
from cleanroom.released import Withheld
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
from queries.insights.nevada_inputs import TEMPLATES, nevada_chart, period_name
from queries.insights.refused import InsightRefused
from queries.statistics.counts import Count
from queries.statistics.forecast import forecast
from queries.statistics.intervals import Interval
from queries.statistics.life import NotEnoughFailures, Treatment, WeibullFit, WeibullRange, fit_range
from queries.statistics.nevada import Group, Nevada, life_data

_FAILED = frozenset({"1", "f", "failed", "failure", "true", "yes"})
_RUNNING = frozenset({"0", "s", "suspended", "suspension", "censored", "false", "no"})


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Shape and scale with limits, life at given shares, unreliability by age, and the forecast where there is a chart."""
    treatment: Treatment = "interval" if settings.treatment == "interval" else "end"
    only = next(iter(inputs.values()))
    if len(inputs) == 1 and (only.has("time") or only.has("start", "end")):
        chart, kind, groups = None, "period", _plain(only, settings)
    else:
        chart, kind = nevada_chart(inputs, settings, insight="life-fit")
        groups = life_data(chart)
    try:
        fits = fit_range(groups, treatment=treatment, confidence=settings.confidence)
    except NotEnoughFailures:
        raise InsightRefused(
            "CR-B005",
            "too few failures at different ages for a fit",
            help="ask for a longer period or all models",
            place="life-fit",
        ) from None
    tables = [_parameters(fits, kind), _curve(fits, groups, kind)]
    charts = [_curve_chart(kind)]
    if chart is not None:
        tables.append(_forecast(chart, fits, settings, kind))
    withheld = sum(not group.count.is_exact for group in groups)
    notes = [
        "Failures of a group are taken at its end, as published Nevada charts do."
        if treatment == "end"
        else "Failures lie somewhere inside their group.",
        "Limits of the forecast are of chance alone (Poisson), with the fit held fixed.",
    ]
    if withheld:
        notes.append("Counts are withheld: both ends of what they allow are fitted.")
    return InsightResult(
        headline=_headline(fits, kind),
        tables=tuple(tables),
        charts=tuple(charts),
        notes=tuple(notes),
        withheld=withheld,
    )


def _plain(table: Table, settings: Settings) -> tuple[Group, ...]:
    groups: list[Group] = []
    for record in table.records():
        count = count_in(record["count"], settings, insight="life-fit") if "count" in record else Count.exact(1)
        if "time" in record:
            age = read_age(record["time"])
            failed = has_failed(record.get("event", record.get("state", 1)))
            groups.append(Group(start=0 if failed else age, end=age if failed else None, count=count))
        else:
            end = record["end"]
            groups.append(
                Group(start=read_age(record["start"]), end=None if end is None else read_age(end), count=count)
            )
    return tuple(groups)


def read_age(cell: Cell) -> float:
    """An age in periods; CR-B004 where the cell is none."""
    value = number(cell)
    if value is None or value < 0:
        raise InsightRefused("CR-B004", "an age is not a number of at least 0", place="life-fit")
    return value


def has_failed(cell: Cell) -> bool:
    """Whether an event cell says failed (1, F ...) or running (0, S ...); CR-B004 where it says neither."""
    text = "" if isinstance(cell, Withheld) else str(cell).strip().casefold()
    if text in _FAILED or text in _RUNNING:
        return text in _FAILED
    raise InsightRefused(
        "CR-B004", "an event is neither failed nor running", help="write 1 or F, 0 or S", place="life-fit"
    )


def _parameters(fits: WeibullRange, kind: str) -> ShownTable:
    few, many = fits.fewest, fits.most

    def estimated(
        name: str, unit: str, points: tuple[float, float], limits: tuple[Interval, Interval]
    ) -> tuple[Cell, ...]:
        point = round(points[0], 6) if few == many else None
        low, high = min(limit.low for limit in limits), max(limit.high for limit in limits)
        return (name, unit, point, round(low, 6), round(high, 6))

    def counted(name: str, unit: str, one: float, other: float) -> tuple[Cell, ...]:
        exact = one == other
        return (name, unit, round(one, 6) if exact else None, *((None, None) if exact else sorted((one, other))))

    rows = (
        estimated("shape", "", (few.shape, many.shape), (few.shape_interval, many.shape_interval)),
        estimated("scale", f"{kind}s", (few.scale, many.scale), (few.scale_interval, many.scale_interval)),
        estimated(
            "B10 life", f"{kind}s", (few.age_at(0.1), many.age_at(0.1)), (few.age_interval(0.1), many.age_interval(0.1))
        ),
        counted("log likelihood", "", few.log_likelihood, many.log_likelihood),
        counted("failures", "units", few.failures, many.failures),
        counted("suspensions", "units", few.suspensions, many.suspensions),
    )
    return ShownTable(
        name="parameters",
        title="Weibull fit",
        columns=(
            ShownColumn(name="parameter", title="Parameter"),
            ShownColumn(name="unit", title="Unit"),
            ShownColumn(name="estimate", title="Estimate"),
            ShownColumn(name="low", title="Lower limit"),
            ShownColumn(name="high", title="Upper limit"),
        ),
        rows=rows,
    )


def _curve(fits: WeibullRange, groups: tuple[Group, ...], kind: str) -> ShownTable:
    oldest = max(group.end if group.end is not None else group.start for group in groups)
    ages = [oldest * step / 24 for step in range(1, 49)]

    def at(fit: WeibullFit, age: float) -> tuple[float, float, float]:
        limits = fit.unreliability_interval(age)
        return fit.unreliability(age), limits.low, limits.high

    rows: list[tuple[Cell, ...]] = []
    for age in ages:
        few, many = at(fits.fewest, age), at(fits.most, age)
        point = round(100 * few[0], 5) if fits.fewest == fits.most else None
        rows.append((round(age, 4), point, round(100 * min(few[1], many[1]), 5), round(100 * max(few[2], many[2]), 5)))
    return ShownTable(
        name="unreliability",
        title="Share failed by age",
        columns=(
            ShownColumn(name="age", title="Age", unit=f"{kind}s"),
            ShownColumn(name="failed", title="Failed", unit="%"),
            ShownColumn(name="low", title="Lower limit", unit="%"),
            ShownColumn(name="high", title="Upper limit", unit="%"),
        ),
        rows=tuple(rows),
    )


def _curve_chart(kind: str) -> ChartSpec:
    return ChartSpec(
        title="Share failed by age",
        table="unreliability",
        mark="line",
        x=Encoding(column="age", kind="quantitative"),
        y=Encoding(column="failed", kind="quantitative"),
        low="low",
        high="high",
        description=f"Weibull share failed by age in {kind}s, twice as far as observed.",
    )


def _forecast(chart: Nevada, fits: WeibullRange, settings: Settings, kind: str) -> ShownTable:
    few = forecast(chart, fits.fewest, periods=settings.horizon, confidence=settings.confidence)
    many = forecast(chart, fits.most, periods=settings.horizon, confidence=settings.confidence)
    rows: list[tuple[Cell, ...]] = []
    for (period, low_mean, low), (_, _, high) in zip(few.by_period, many.by_period, strict=True):
        mean = round(low_mean, 4) if fits.fewest == fits.most else None
        rows.append((period_name(period, kind), "all", mean, low.low, high.high))
        for cell in (c for c in few.cells if c.period == period):
            value = round(cell.claims, 4) if fits.fewest == fits.most else None
            rows.append((period_name(period, kind), period_name(cell.sold_in, kind), value, None, None))
    return ShownTable(
        name="forecast",
        title="Claims to expect",
        columns=(
            ShownColumn(name="period", title=f"In {kind}"),
            ShownColumn(name="sold_in", title="Of sales in"),
            ShownColumn(name="expected", title="Expected claims", unit="claims"),
            ShownColumn(name="low", title="Lower limit", unit="claims"),
            ShownColumn(name="high", title="Upper limit", unit="claims"),
        ),
        rows=tuple(rows),
    )


def _headline(fits: WeibullRange, kind: str) -> str:
    few, many = fits.fewest, fits.most
    if few == many:
        return f"shape {few.shape:.4f}, scale {few.scale:.4f} {kind}s"
    shapes, scales = sorted((few.shape, many.shape)), sorted((few.scale, many.scale))
    return f"shape {shapes[0]:.3f} to {shapes[1]:.3f}, scale {scales[0]:.2f} to {scales[1]:.2f} {kind}s"


INSIGHT = Insight(
    name="life-fit",
    title="Life fit and forecast",
    question="How do units live, and how many claims come next?",
    needs=(DatasetName("sales"), DatasetName("claims")),
    templates=TEMPLATES,
    explanation=Explanation(
        formula="Weibull F(t) = 1 - exp(-(t/scale)^shape) by maximum likelihood; expected claims = running units x (F(a+1)-F(a))/(1-F(a))",
        unit="periods of the chart; claims",
        denominator="units sold, failed and still running",
        exposure="every unit to the end of the last period",
        censoring="units still running are right-censored; failures are grouped by period",
        suppression="withheld counts are fitted at both ends of what they allow; estimates become ranges",
        sources=("Meeker and Escobar 1998", "ReliaSoft's Nevada example: shape 2.4928, scale 6.6951"),
    ),
    compute=compute,
)
