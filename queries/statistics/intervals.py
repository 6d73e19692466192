"""Two-sided confidence limits for shares and counts.

Sources: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209; C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404;
F. Garwood, Biometrika 28 (1936) 437; R. G. Newcombe, Stat. Med. 17 (1998) 873 (method 10).
"""

from dataclasses import dataclass
from math import sqrt

from scipy.stats import beta, chi2, norm

from queries.statistics.counts import Count


@dataclass(frozen=True, slots=True)
class Interval:
    """``low`` <= ``high`` at the confidence the caller asked for."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A point and its limits. With withheld counts ``point`` is None unless the bounds agree, and the limits widen."""

    point: float | None
    interval: Interval


def wilson(successes: float, trials: float, *, confidence: float = 0.95) -> Interval:
    """Wilson score limits of a share (no continuity correction); (0, 1) without trials. Weighted counts are taken too."""
    _require(successes, trials)
    if trials == 0:
        return Interval(0.0, 1.0)
    z = float(norm.ppf(0.5 + confidence / 2))
    share, z2 = successes / trials, z * z
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = z / (1 + z2 / trials) * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(low, high)


def clopper_pearson(successes: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """Exact (Clopper-Pearson) limits of a share; (0, 1) without trials."""
    _require(successes, trials)
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(beta.ppf(1 - tail, successes + 1, trials - successes))
    return Interval(low, high)


def poisson_limits(count: int, *, confidence: float = 0.95) -> Interval:
    """Exact (Garwood) limits of the mean of a Poisson count."""
    if count < 0:
        raise ValueError("a count is not negative")
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(chi2.ppf(tail, 2 * count) / 2)
    return Interval(low, float(chi2.ppf(1 - tail, 2 * count + 2) / 2))


def share(part: Count, whole: Count, *, confidence: float = 0.95, method: str = "wilson") -> Estimate:
    """``part / whole`` with limits that hold for every value the bounds allow.

    Args:
        part: units that count, at most ``whole``.
        whole: all units.
        confidence: two-sided, 0 < confidence < 1.
        method: ``wilson`` or ``clopper-pearson``.
    """
    limits = {"wilson": wilson, "clopper-pearson": clopper_pearson}[method]
    lowest = limits(min(part.low, whole.high), whole.high, confidence=confidence).low
    highest = limits(min(part.high, whole.low), whole.low, confidence=confidence).high
    point = part.low / whole.low if part.is_exact and whole.is_exact and whole.low else None
    return Estimate(point=point, interval=Interval(lowest, highest))


def difference(first: tuple[int, int], second: tuple[int, int], *, confidence: float = 0.95) -> Interval:
    """Newcombe's limits for ``first - second``, each ``(successes, trials)`` with at least one trial."""
    (a, m), (b, n) = first, second
    p, q = a / m, b / n
    one, two = wilson(a, m, confidence=confidence), wilson(b, n, confidence=confidence)
    low = (p - q) - sqrt((p - one.low) ** 2 + (two.high - q) ** 2)
    high = (p - q) + sqrt((one.high - p) ** 2 + (q - two.low) ** 2)
    return Interval(low, high)


def _require(successes: float, trials: float) -> None:
    if not 0 <= successes <= trials:
        raise ValueError("successes lie between 0 and trials")
