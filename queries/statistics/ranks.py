"""Exact ages -> a Weibull line through median ranks, as Weibull paper and many published examples have it.

Ranks of suspended data are Johnson's adjusted ranks; the plotting position of rank j among n is the median of
Beta(j, n - j + 1). ``on_x`` minimises along the age axis, ``on_y`` along the probability axis.
Sources: L. G. Johnson (1964); R. B. Abernethy, The New Weibull Handbook, chapter 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from queries.statistics.life import NotEnoughFailures


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A Weibull read from a line; ``correlation`` of the plotted points."""

    shape: float
    scale: float
    correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankFits:
    """The two lines through the same points."""

    on_x: Line
    on_y: Line


def rank_regression(failed: Sequence[tuple[float, int]], running: Sequence[tuple[float, int]]) -> RankFits:
    """Both lines through the median ranks of failures at known ages, with suspensions.

    Args:
        failed: age and count of failures.
        running: age and count of units suspended; at equal ages a suspension comes after the failure.

    Raises:
        NotEnoughFailures: fewer than two different ages.
    """
    ages, shares = _positions(failed, running)
    if len(set(ages.tolist())) < 2:
        raise NotEnoughFailures("a line needs failures at two ages")
    x, y = np.log(ages), np.log(-np.log1p(-shares))
    dx, dy = x - x.mean(), y - y.mean()
    xx, yy, xy = float(dx @ dx), float(dy @ dy), float(dx @ dy)
    correlation = xy / float(np.sqrt(xx * yy))

    def line(slope: float) -> Line:
        return Line(shape=slope, scale=float(np.exp(x.mean() - y.mean() / slope)), correlation=correlation)

    return RankFits(on_x=line(yy / xy), on_y=line(xy / xx))


def _positions(
    failed: Sequence[tuple[float, int]], running: Sequence[tuple[float, int]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    units = sum(n for _, n in failed) + sum(n for _, n in running)
    events = sorted([(age, 0, n) for age, n in failed] + [(age, 1, n) for age, n in running])
    ages: list[float] = []
    ranks: list[float] = []
    rank, beyond = 0.0, units
    for age, is_running, count in events:
        for _ in range(0 if is_running else count):
            rank += (units + 1 - rank) / (1 + beyond)
            ages.append(age)
            ranks.append(rank)
            beyond -= 1
        beyond -= count if is_running else 0
    order = np.array(ranks)
    return np.array(ages), np.asarray(beta.ppf(0.5, order, units - order + 1), dtype=float)
