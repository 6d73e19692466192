"""Rates of groups with different mixes -> rates on one mix: direct standardisation.

``sum(weight_s * events_s / exposure_s)`` over strata s with the weights of a standard population, so that two retailers
are compared as if they had sold the same models at the same ages. Limits by Fay and Feuer's gamma method.
Source: M. P. Fay and E. J. Feuer, Stat. Med. 16 (1997) 791.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, sqrt

from scipy.stats import gamma, norm

from queries.statistics.counts import Count
from queries.statistics.intervals import Interval

Stratum = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """``events`` among ``exposure`` (units, or unit-months) in one stratum."""

    events: Count
    exposure: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardRate:
    """Events per unit of exposure on the standard mix; ``rate`` None where a count is withheld.

    ``covered`` is the share of the standard's weight found in the group: below 1 some strata had no exposure.
    """

    rate: float | None
    low: float
    high: float
    covered: float


def standardise(
    group: Mapping[Stratum, Exposed], weights: Mapping[Stratum, float], *, confidence: float = 0.95
) -> StandardRate:
    """The group's rate on the standard mix ``weights``: positive numbers, scaled to sum to one over what is covered."""
    usable = {s: w for s, w in weights.items() if w > 0 and s in group and group[s].exposure > 0}
    everything = sum(w for w in weights.values() if w > 0)
    if not usable or everything <= 0:
        return StandardRate(rate=None, low=0.0, high=float("inf"), covered=0.0)
    covered = sum(usable.values())
    factor = {s: w / covered / group[s].exposure for s, w in usable.items()}
    exact = all(group[s].events.is_exact for s in usable)
    low = _gamma_limits(factor, {s: group[s].events.low for s in usable}, confidence).low
    high = _gamma_limits(factor, {s: group[s].events.high for s in usable}, confidence).high
    rate = sum(factor[s] * group[s].events.low for s in usable) if exact else None
    return StandardRate(rate=rate, low=low, high=high, covered=covered / everything)


def _gamma_limits(factor: Mapping[Stratum, float], events: Mapping[Stratum, int], confidence: float) -> Interval:
    rate = sum(factor[s] * events[s] for s in factor)
    variance = sum(factor[s] ** 2 * events[s] for s in factor)
    largest, tail = max(factor.values()), (1 - confidence) / 2
    low = float(gamma.ppf(tail, rate**2 / variance, scale=variance / rate)) if rate > 0 else 0.0
    upper, spread = rate + largest, variance + largest**2
    return Interval(low, float(gamma.ppf(1 - tail, upper**2 / spread, scale=spread / upper)))


def rate_ratio(
    first: tuple[int, float], second: tuple[int, float], *, confidence: float = 0.95
) -> tuple[float, Interval]:
    """Ratio of two Poisson rates ``(events, exposure)``, each with at least one event; log-normal limits."""
    (a, m), (b, n) = first, second
    if a < 1 or b < 1:
        raise ValueError("a ratio's limits need at least one event on each side")
    ratio = (a / m) / (b / n)
    half = float(norm.ppf(0.5 + confidence / 2)) * sqrt(1 / a + 1 / b)
    return ratio, Interval(exp(log(ratio) - half), exp(log(ratio) + half))
