"""A Weibull fit to first claims, and the claims to expect next.

Takes the Nevada chart's tables, a plain Nevada file, or plain life data: ``time`` with ``event`` (1 failed, 0 still
running; F and S, ``6+`` or a ``censored`` column are read too) and an optional ``count``; ``time``, ``failures`` and
``suspensions``; or ``start`` and ``end`` (empty end: still running) with ``count``, or with ``failures`` and
``suspensions``; any of them with ``entry``, the age a unit was watched from. Other usual headers are understood.

Known ages also get the other distributions, and the lines of rank regression on Weibull paper.
"""

from math import isfinite, log

from cleanroom.names import DatasetName
from queries.insights.chart_input import is_long
from queries.insights.lifetimes import HELP, is_lifetimes, lifetimes
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
from queries.insights.refused import InsightRefused
from queries.statistics.families import fit_families
from queries.statistics.forecast import forecast
from queries.statistics.intervals import Interval
from queries.statistics.life import NotEnoughFailures, Treatment, WeibullFit, WeibullRange, fit_range
from queries.statistics.nevada import Group, Nevada, life_data
from queries.statistics.ranks import rank_regression

_MAX_RANKED = 20_000


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Shape and scale with limits, life at given shares, unreliability by age, and the forecast where there is a chart."""
    only = next(iter(inputs.values()))
    if len(inputs) == 1 and is_lifetimes(only) and not is_long(only):
        # Intervals somebody wrote down are meant as such; published Nevada charts take failures at a group's end.
        chart, kind, groups = None, "period", lifetimes(only, settings, insight="life-fit")
        treatment: Treatment = "end" if settings.treatment == "end" else "interval"
    else:
        chart, kind = nevada_chart(inputs, settings, insight="life-fit")
        groups = life_data(first_failures(chart, insight="life-fit"))
        treatment = "interval" if settings.treatment == "interval" else "end"
    try:
        fits = fit_range(groups, treatment=treatment, confidence=settings.confidence)
    except NotEnoughFailures:
        raise InsightRefused(
            "CR-B005",
            "too few failures at different ages for a fit",
            help="ask for a longer period or all models",
            place="life-fit",
        ) from None
    except ValueError:
        raise InsightRefused(
            "CR-B004", "a failure at age 0 has no place in a Weibull fit", help=HELP, place="life-fit"
        ) from None
    tables = [_parameters(fits, kind), _curve(fits, groups, kind)]
    charts = [_curve_chart(kind)]
    if chart is not None:
        tables.append(_forecast(chart, fits, settings, kind))
    withheld = sum(not group.count.is_exact for group in groups)
    if not withheld:
        tables += _alternatives(groups, fits, treatment, kind)
    notes = [
        "Failures of a group are taken at its end, as published Nevada charts do."
        if treatment == "end"
        else "Failures lie somewhere inside their group, or at their age where that is known.",
        (
            "Limits are of the likelihood's curvature on the logarithms of the parameters; "
            "those of the forecast are of chance alone (Poisson), with the fit held fixed."
        ),
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


def _alternatives(groups: tuple[Group, ...], fits: WeibullRange, treatment: Treatment, kind: str) -> list[ShownTable]:
    """The other distributions beside the Weibull, and rank regression where ages are known."""
    weibull = fits.fewest
    rows: list[tuple[Cell, ...]] = [
        ("Weibull", round(log(weibull.scale), 6), round(1 / weibull.shape, 6), round(weibull.log_likelihood, 4),
         round(4 - 2 * weibull.log_likelihood, 4), round(weibull.mean_age, 6), round(weibull.age_at(0.1), 6),
         round(weibull.age_at(0.5), 6)),
    ]  # fmt: skip
    try:
        others = fit_families(groups, treatment=treatment)
    except NotEnoughFailures:
        others = ()
    rows += [
        (f.family, round(f.location, 6), round(f.spread, 6), round(f.log_likelihood, 4), round(f.aic, 4),
         round(f.mean, 6) if isfinite(f.mean) else None, round(f.b10, 6), round(f.median, 6))
        for f in others
    ]  # fmt: skip
    found = [
        ShownTable(name="distributions", title="Distributions compared", columns=_families(kind), rows=tuple(rows))
    ]
    if all(g.end is None or g.start == g.end or treatment == "end" for g in groups) and not any(
        g.entry for g in groups
    ):
        found += _lines(groups, kind)
    return found


def _lines(groups: tuple[Group, ...], kind: str) -> list[ShownTable]:
    failed = [(g.end, g.count.low) for g in groups if g.end is not None]
    running = [(g.start, g.count.low) for g in groups if g.end is None]
    if sum(n for _, n in failed) > _MAX_RANKED:
        return []
    try:
        fits = rank_regression(failed, running)
    except NotEnoughFailures:
        return []
    rows = tuple(
        (name, round(line.shape, 6), round(line.scale, 6), round(line.correlation, 6))
        for name, line in (("regression on age (X on Y)", fits.on_x), ("regression on rank (Y on X)", fits.on_y))
    )
    columns = (
        ShownColumn(name="method", title="Method"),
        ShownColumn(name="shape", title="Shape"),
        ShownColumn(name="scale", title="Scale", unit=f"{kind}s"),
        ShownColumn(name="correlation", title="Correlation"),
    )
    return [ShownTable(name="rank_regression", title="Weibull line through median ranks", columns=columns, rows=rows)]


def _families(kind: str) -> tuple[ShownColumn, ...]:
    return (
        ShownColumn(name="distribution", title="Distribution"),
        ShownColumn(name="location", title="Location of log age"),
        ShownColumn(name="spread", title="Spread of log age"),
        ShownColumn(name="log_likelihood", title="Log likelihood"),
        ShownColumn(name="aic", title="AIC"),
        ShownColumn(name="mean", title="Mean life", unit=f"{kind}s"),
        ShownColumn(name="b10", title="B10 life", unit=f"{kind}s"),
        ShownColumn(name="median", title="Median life", unit=f"{kind}s"),
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
        *(
            estimated(
                name,
                f"{kind}s",
                (few.age_at(share), many.age_at(share)),
                (few.age_interval(share), many.age_interval(share)),
            )
            for name, share in (("B1 life", 0.01), ("B10 life", 0.1), ("median life", 0.5))
        ),
        counted("mean life", f"{kind}s", few.mean_age, many.mean_age),
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
    takes_one_file=True,
)
