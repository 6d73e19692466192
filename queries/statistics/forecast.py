"""A life fit and what is still running -> claims to expect in the coming periods, with Poisson limits.

A unit that has run to age a fails in the next period with probability (F(a + 1) - F(a)) / (1 - F(a)). Expected claims
of a row are its running units times the chance of failing inside the window; over many units their number is close to
Poisson, whose exact limits are given. The limits hold the fit fixed: they are of chance, not of the fit.
"""

from dataclasses import dataclass

from scipy.stats import poisson

from queries.statistics.counts import total
from queries.statistics.intervals import Interval
from queries.statistics.life import WeibullFit
from queries.statistics.nevada import Nevada, first_age


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Claims expected of the sales of ``sold_in`` during ``period`` (both periods of the chart)."""

    sold_in: int
    period: int
    claims: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """``cells`` by sale period and future period; ``by_period`` their sums; limits of chance at ``confidence``."""

    cells: tuple[Expected, ...]
    by_period: tuple[tuple[int, float, Interval], ...]
    confidence: float


def forecast(
    chart: Nevada, fit: WeibullFit, *, periods: int, warranty: int | None = None, confidence: float = 0.95
) -> Forecast:
    """Claims to expect in the ``periods`` after the chart's last one.

    Args:
        chart: what was sold and has failed; withheld failures count at the middle of their bounds.
        fit: in the chart's periods.
        periods: how many to look ahead, at least 1.
        warranty: age in periods after which a failure is no claim; None for no limit.
        confidence: of the Poisson limits.
    """
    if periods < 1:
        raise ValueError("look ahead at least one period")
    shift = first_age(chart)
    cells: list[Expected] = []
    for row in chart.rows:
        running = max(0.0, row.sold - total(row.claims.values()).middle)
        age = chart.last - row.period + 1 - shift
        survived = 1 - fit.unreliability(age)
        for ahead in range(1, periods + 1):
            start, end = age + ahead - 1, age + ahead
            under = warranty is None or end <= warranty
            share = (fit.unreliability(end) - fit.unreliability(start)) / survived if under and survived > 0 else 0.0
            cells.append(Expected(sold_in=row.period, period=chart.last + ahead, claims=running * share))
    sums = {
        period: sum(c.claims for c in cells if c.period == period)
        for period in range(chart.last + 1, chart.last + periods + 1)
    }
    tail = (1 - confidence) / 2
    by_period = tuple(
        (
            period,
            mean,
            Interval(
                float(poisson.ppf(tail, mean)) if mean > 0 else 0.0,
                float(poisson.ppf(1 - tail, mean)) if mean > 0 else 0.0,
            ),
        )
        for period, mean in sums.items()
    )
    return Forecast(cells=tuple(cells), by_period=by_period, confidence=confidence)
