"""Ages with at-risk and failed counts -> survival, hazard, cumulative rate per thousand.

Sources: E. L. Kaplan and P. Meier, J. Am. Stat. Assoc. 53 (1958) 457; M. Greenwood (1926) for the variance, with limits
on log(-log S); R/1000 at m is the automotive and appliance trade's measure, with exposure: a unit counts in the
denominator of an age only once it has been observed that long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

from scipy.stats import norm

from queries.statistics.counts import total
from queries.statistics.intervals import Estimate, Interval, poisson_limits, share
from queries.statistics.nevada import AgeRow, Nevada, first_age

Limits = Literal["log-log", "log", "plain"]
"""The scale on which Greenwood's variance becomes limits: log(-log S), log S or S itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalPoint:
    """S just after ``age``; limits widen where counts are withheld, and ``point`` is then None.

    ``standard_error`` is Greenwood's, ``cumulative_hazard`` Nelson and Aalen's; both None where a count is withheld.
    """

    age: float
    survival: Estimate
    standard_error: float | None = None
    cumulative_hazard: float | None = None


def kaplan_meier(
    rows: Sequence[AgeRow], *, confidence: float = 0.95, limits: Limits = "log-log"
) -> tuple[SurvivalPoint, ...]:
    """The product-limit estimate over ages in order; suspensions are whoever leaves ``at_risk`` without failing."""
    z = float(norm.ppf(0.5 + confidence / 2))
    exact = all(row.at_risk.is_exact and row.failed.is_exact for row in rows)
    points: list[SurvivalPoint] = []
    low = high = 1.0
    low_sum = high_sum = hazard = 0.0
    for row in rows:
        low, low_sum = _step(low, low_sum, row.failed.high, row.at_risk.low)
        high, high_sum = _step(high, high_sum, row.failed.low, row.at_risk.high)
        interval = Interval(_limits(low, low_sum, z, limits).low, _limits(high, high_sum, z, limits).high)
        hazard += row.failed.low / row.at_risk.low if row.at_risk.low else 0.0
        points.append(
            SurvivalPoint(
                age=row.age,
                survival=Estimate(point=low if exact else None, interval=interval),
                standard_error=low * sqrt(low_sum) if exact else None,
                cumulative_hazard=hazard if exact else None,
            )
        )
    return tuple(points)


def _step(survival: float, variance_sum: float, failed: int, at_risk: int) -> tuple[float, float]:
    if at_risk <= 0:
        return (0.0, variance_sum) if failed else (survival, variance_sum)
    failed = min(failed, at_risk)
    added = failed / (at_risk * (at_risk - failed)) if at_risk > failed else 0.0
    return survival * (1 - failed / at_risk), variance_sum + added


def _limits(survival: float, variance_sum: float, z: float, scale: Limits) -> Interval:
    if survival in (0.0, 1.0):
        return Interval(survival, survival)
    spread = z * sqrt(variance_sum)
    if scale == "plain":
        return Interval(max(0.0, survival * (1 - spread)), min(1.0, survival * (1 + spread)))
    if scale == "log":
        return Interval(survival * exp(-spread), min(1.0, survival * exp(spread)))
    half = spread / abs(log(survival))
    return Interval(survival ** exp(half), survival ** exp(-half))


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardPoint:
    """Share of those at risk at the start of ``age`` that failed during it, with Wilson limits."""

    age: float
    hazard: Estimate


def hazard(rows: Sequence[AgeRow], *, confidence: float = 0.95) -> tuple[HazardPoint, ...]:
    """Failed / at risk by age; ages nobody has reached are left out."""
    reached = [row for row in rows if row.at_risk.high > 0]
    return tuple(
        HazardPoint(age=row.age, hazard=share(row.failed, row.at_risk, confidence=confidence)) for row in reached
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePoint:
    """Claims per 1,000 units up to and including ``age``, over units observed at least that long."""

    age: float
    units: int
    claims_low: int
    claims_high: int
    per_1000: float | None
    interval: Interval


def per_1000(chart: Nevada, *, confidence: float = 0.95) -> tuple[RatePoint, ...]:
    """R/1000 by age m: 1000 x claims at ages <= m / units sold at least m periods before the last one.

    Every claim counts, repeated ones too. Numerator and denominator are of the same sale periods, so young sales never
    thin out the rate. Limits are Poisson (Garwood) on the claims.
    """
    points: list[RatePoint] = []
    oldest = max((chart.last - row.period for row in chart.rows), default=-1)
    for age in range(first_age(chart), oldest + 1):
        exposed = [row for row in chart.rows if chart.last - row.period >= age]
        units = sum(row.sold for row in exposed)
        claims = total(c for row in exposed for period, c in row.claims.items() if period - row.period <= age)
        if units == 0:
            continue
        interval = Interval(
            1000 * poisson_limits(claims.low, confidence=confidence).low / units,
            1000 * poisson_limits(claims.high, confidence=confidence).high / units,
        )
        point = 1000 * claims.low / units if claims.is_exact else None
        points.append(
            RatePoint(
                age=age, units=units, claims_low=claims.low, claims_high=claims.high, per_1000=point, interval=interval
            )
        )
    return tuple(points)


def restricted_mean(points: Sequence[SurvivalPoint], *, until: float) -> float | None:
    """Area under S from 0 to ``until``; None where a point is withheld. Ages are ends of steps."""
    area, age, level = 0.0, 0.0, 1.0
    for point in points:
        if point.survival.point is None:
            return None
        step = min(point.age, until) - age
        area, age = area + level * max(0.0, step), min(point.age, until)
        level = point.survival.point
    return area + level * max(0.0, until - age)
