"""Two groups compared stratum by stratum -> one difference or ratio with its limits, so that a mix explains nothing.

Weights are Mantel and Haenszel's, ``n1 n0 / (n1 + n0)``: a stratum in which one group is nearly empty counts little.

* Of shares: the Mantel-Haenszel risk difference with Sato's variance, which holds for few large and many small strata.
  Sources: N. Mantel and W. Haenszel, J. Natl. Cancer Inst. 22 (1959) 719; T. Sato, Biometrics 45 (1989) 1323.
* Their ratio, with Greenland and Robins' variance of its logarithm. Source: Biometrics 41 (1985) 55.
* Of means whose spread within strata is not known: each stratum's difference is one observation of a paired t-test
  (weighted; with equal weights it is Student's, Biometrika 6 (1908) 1). It asks for no number beyond the means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt

from scipy.stats import norm, t

from queries.statistics.intervals import Estimate, Interval


@dataclass(frozen=True, slots=True)
class Pair:
    """One stratum: ``a`` of ``m`` in the first group, ``b`` of ``n`` in the other; ``m`` and ``n`` at least 1."""

    a: int
    m: int
    b: int
    n: int

    @property
    def weight(self) -> float:
        """Mantel and Haenszel's."""
        return mantel_haenszel_weight(self.m, self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """First group less the other."""

    point: float
    interval: Interval


def mantel_haenszel_weight(m: float, n: float) -> float:
    """The weight of a stratum with ``m`` and ``n`` members."""
    return m * n / (m + n)


def risk_difference(pairs: Sequence[Pair], *, confidence: float = 0.95) -> Difference:
    """Share of the first group less share of the other over at least one stratum."""
    weights = sum(pair.weight for pair in pairs)
    point = sum(pair.weight * (pair.a / pair.m - pair.b / pair.n) for pair in pairs) / weights
    p = sum(_p(pair) for pair in pairs)
    q = sum((x.a * (x.n - x.b) + x.b * (x.m - x.a)) / (2 * (x.m + x.n)) for x in pairs)
    half = float(norm.ppf(0.5 + confidence / 2)) * sqrt(max(0.0, point * p + q)) / weights
    return Difference(point=point, interval=Interval(max(-1.0, point - half), min(1.0, point + half)))


def _p(x: Pair) -> float:
    return (x.m**2 * x.b - x.n**2 * x.a + x.m * x.n * (x.n - x.m) / 2) / (x.m + x.n) ** 2


def risk_ratio(pairs: Sequence[Pair], *, confidence: float = 0.95) -> Estimate:
    """Share of the first group over share of the other; no point and no upper limit where the other has none."""
    first = sum(x.a * x.n / (x.m + x.n) for x in pairs)
    other = sum(x.b * x.m / (x.m + x.n) for x in pairs)
    if not first or not other:
        return Estimate(point=0.0 if other else None, interval=Interval(0.0, inf))
    spread = sum((x.m * x.n * (x.a + x.b) - x.a * x.b * (x.m + x.n)) / (x.m + x.n) ** 2 for x in pairs)
    half = float(norm.ppf(0.5 + confidence / 2)) * sqrt(spread / (first * other))
    middle = log(first / other)
    return Estimate(point=first / other, interval=Interval(exp(middle - half), exp(middle + half)))


def paired_difference(found: Sequence[tuple[float, float]], *, confidence: float = 0.95) -> Difference:
    """Weighted mean of strata's differences, given as ``(difference, weight)``; one stratum alone has no limits.

    Degrees of freedom are those of Kish's effective number of strata, ``(sum w)^2 / sum w^2``, less one.
    """
    whole = sum(weight for _, weight in found)
    shares = [(difference, weight / whole) for difference, weight in found]
    point = sum(difference * share for difference, share in shares)
    squares = sum(share**2 for _, share in shares)
    freedom = 1 / squares - 1
    if len(shares) < 2 or freedom <= 0:
        return Difference(point=point, interval=Interval(-inf, inf))
    variance = sum((share * (difference - point)) ** 2 for difference, share in shares) / (1 - squares)
    half = float(t.ppf(0.5 + confidence / 2, freedom)) * sqrt(variance)
    return Difference(point=point, interval=Interval(point - half, point + half))
