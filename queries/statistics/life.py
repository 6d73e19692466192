"""Life data -> Weibull fit by maximum likelihood, with withheld counts entering as bounds.

``F(t) = 1 - exp(-(t / scale) ** shape)``, ages in periods. Two treatments of grouped failures:

* ``end``: every failure of an age group happened at the group's end, the convention of published Nevada-chart examples
  (for ships 100/140/150 and returns 3, 3, 5 / 2, 4 / 4 it gives shape 2.4928 and scale 6.6951, as ReliaSoft prints);
* ``interval``: a failure lies somewhere inside its group, likelihood F(end) - F(start); right for real warranty data.
  A group whose start is its end is an age known exactly and enters with its density under both.

Units seen only from an age on (delayed entry) enter conditionally on having reached it.

Limits are from the observed information on the logarithms of the parameters.
Source: W. Q. Meeker and L. A. Escobar, Statistical Methods for Reliability Data (1998), chapters 7 and 8.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, gamma, log
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from queries.statistics.counts import Count
from queries.statistics.intervals import Interval
from queries.statistics.nevada import Group

Treatment = Literal["end", "interval"]


class NotEnoughFailures(ValueError):
    """A fit needs failures at two different ages, or failures and suspensions that differ in age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeibullFit:
    """``shape`` has no unit; ``scale`` (63.2 % failed) is in periods. Limits at ``confidence``, two-sided."""

    shape: float
    scale: float
    shape_interval: Interval
    scale_interval: Interval
    log_likelihood: float
    failures: int
    suspensions: int
    treatment: Treatment
    confidence: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    """Of (log shape, log scale)."""

    def unreliability(self, age: float) -> float:
        """F(age)."""
        return -float(np.expm1(-((max(age, 0.0) / self.scale) ** self.shape)))

    def age_at(self, share: float) -> float:
        """The age by which ``share`` of units have failed (B10 is ``age_at(0.1)``)."""
        return float(self.scale * (-np.log1p(-share)) ** (1 / self.shape))

    @property
    def mean_age(self) -> float:
        """Mean age at failure."""
        return float(self.scale * gamma(1 + 1 / self.shape))

    def age_interval(self, share: float) -> Interval:
        """Limits of ``age_at(share)`` by the delta method on its logarithm."""
        gradient = np.array([-log(-log(1 - share)) / self.shape, 1.0])
        half = self._half_width(gradient)
        return Interval(self.age_at(share) * exp(-half), self.age_at(share) * exp(half))

    def _half_width(self, gradient: NDArray[np.float64]) -> float:
        """Half the width of an interval of a function of (log shape, log scale) with this gradient."""
        return float(norm.ppf(0.5 + self.confidence / 2)) * float(
            np.sqrt(gradient @ np.array(self.covariance) @ gradient)
        )

    def unreliability_interval(self, age: float) -> Interval:
        """Limits of F(age) by the delta method on log(-log(1 - F))."""
        u = self.shape * (log(age) - log(self.scale))
        half = self._half_width(np.array([u, -self.shape]))
        return Interval(-float(np.expm1(-exp(u - half))), -float(np.expm1(-exp(u + half))))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeibullRange:
    """Fits at the ends of what withheld counts allow: fewest failures, and most. Equal when nothing is withheld."""

    fewest: WeibullFit
    most: WeibullFit


def fit_weibull(groups: Sequence[Group], *, treatment: Treatment = "interval", confidence: float = 0.95) -> WeibullFit:
    """The maximum-likelihood fit of exact counts.

    Args:
        groups: failures (``end`` set) and suspensions; every count exact.
        treatment: see the module.
        confidence: of the limits.

    Raises:
        NotEnoughFailures: when the likelihood has no inner maximum.
        ValueError: when a count is withheld; use ``fit_range``.
    """
    if any(not group.count.is_exact for group in groups):
        raise ValueError("a count is withheld: use fit_range")
    failed = [(g.start, g.end, g.count.low) for g in groups if g.end is not None and g.count.low]
    running = [(g.start, g.count.low) for g in groups if g.end is None and g.count.low and g.start > 0]
    if any(end <= 0 for _, end, _ in failed):
        raise ValueError("a failure at age 0 has no Weibull likelihood")
    _require_information(failed, running)
    entered = [(g.entry, g.count.low) for g in groups if g.entry > 0 and g.count.low]
    loss = _Loss(failed, running, entered, treatment)
    middle = float(np.average([(s + e) / 2 for s, e, _ in failed], weights=[n for *_, n in failed]))
    everything = sum(n for *_, n in failed) + sum(n for _, n in running)
    share = min(0.9, sum(n for *_, n in failed) / everything)
    best = None
    for shape in (0.7, 1.0, 2.0, 4.0):
        scale = middle / (-np.log1p(-share)) ** (1 / shape)
        tried = minimize(
            loss,
            np.log([shape, scale]),
            method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-11, "maxiter": 20_000, "maxfev": 20_000},
        )
        if np.isfinite(tried.fun) and (best is None or tried.fun < best.fun - 1e-9):
            best = tried
    if best is None or abs(best.x[0]) > log(200):
        raise NotEnoughFailures("the ages do not determine a Weibull shape")
    covariance = np.linalg.inv(_hessian(loss, best.x))
    if not np.all(np.isfinite(covariance)) or covariance[0, 0] <= 0 or covariance[1, 1] <= 0:
        raise NotEnoughFailures("the ages do not determine a Weibull shape")
    z = float(norm.ppf(0.5 + confidence / 2))
    half = z * np.sqrt(np.diag(covariance))
    limits = [Interval(exp(x - h), exp(x + h)) for x, h in zip(best.x, half, strict=True)]
    return WeibullFit(
        shape=exp(best.x[0]),
        scale=exp(best.x[1]),
        shape_interval=limits[0],
        scale_interval=limits[1],
        log_likelihood=-float(best.fun),
        failures=sum(n for *_, n in failed),
        suspensions=sum(n for _, n in running),
        treatment=treatment,
        confidence=confidence,
        covariance=(
            (float(covariance[0, 0]), float(covariance[0, 1])),
            (float(covariance[1, 0]), float(covariance[1, 1])),
        ),
    )


def fit_range(groups: Sequence[Group], *, treatment: Treatment = "interval", confidence: float = 0.95) -> WeibullRange:
    """Fits with every withheld failure count at its low and at its high bound (suspensions the other way round)."""

    def at(failures_high: bool) -> WeibullFit:
        pinned = [
            Group(
                start=g.start,
                end=g.end,
                count=Count.exact(g.count.high if (g.end is not None) == failures_high else g.count.low),
                entry=g.entry,
            )
            for g in groups
        ]
        return fit_weibull(pinned, treatment=treatment, confidence=confidence)

    if all(group.count.is_exact for group in groups):
        fit = fit_weibull(groups, treatment=treatment, confidence=confidence)
        return WeibullRange(fewest=fit, most=fit)
    return WeibullRange(fewest=at(failures_high=False), most=at(failures_high=True))


class _Loss:
    """Negative log likelihood of (log shape, log scale)."""

    def __init__(
        self,
        failed: list[tuple[float, float, int]],
        running: list[tuple[float, int]],
        entered: list[tuple[float, int]],
        treatment: Treatment,
    ) -> None:
        self._start = np.array([s for s, _, _ in failed], dtype=float)
        self._end = np.array([e for _, e, _ in failed], dtype=float)
        self._failed = np.array([n for _, _, n in failed], dtype=float)
        self._age = np.array([a for a, _ in running], dtype=float)
        self._running = np.array([n for _, n in running], dtype=float)
        self._entry = np.array([a for a, _ in entered], dtype=float)
        self._entered = np.array([n for _, n in entered], dtype=float)
        self._is_known = np.full(self._end.shape, treatment == "end") | (self._start == self._end)

    def __call__(self, point: NDArray[np.float64]) -> float:
        shape, log_scale = np.exp(np.clip(point[0], -12, 12)), point[1]
        with np.errstate(all="ignore"):
            at_end = np.exp(np.clip(shape * (np.log(self._end) - log_scale), -700, 700))
            at_start = np.where(
                self._start > 0,
                np.exp(np.clip(shape * (np.log(np.maximum(self._start, 1e-300)) - log_scale), -700, 700)),
                0.0,
            )
            density = np.log(shape) - np.log(self._end) + np.log(at_end) - at_end
            inside = -at_start + np.log(-np.expm1(-(at_end - at_start)))
            terms = np.where(self._is_known, density, inside)
            survived = np.exp(np.clip(shape * (np.log(self._age) - log_scale), -700, 700))
            reached = np.exp(np.clip(shape * (np.log(self._entry) - log_scale), -700, 700))
            value = -(self._failed @ terms) + self._running @ survived - self._entered @ reached
        return float(value) if np.isfinite(value) else 1e300


def _require_information(failed: list[tuple[float, float, int]], running: list[tuple[float, int]]) -> None:
    ages = {end for _, end, _ in failed}
    if not failed or (len(ages) == 1 and not any(age != next(iter(ages)) for age, _ in running)):
        raise NotEnoughFailures("a fit needs failures at two ages, or failures and suspensions of different ages")


def _hessian(loss: _Loss, point: NDArray[np.float64]) -> NDArray[np.float64]:
    step = 1e-4
    grid = np.zeros((2, 2))
    for i in range(2):
        for j in range(2):
            a, b = np.eye(2)[i] * step, np.eye(2)[j] * step
            grid[i, j] = (loss(point + a + b) - loss(point + a - b) - loss(point - a + b) + loss(point - a - b)) / (
                4 * step * step
            )
    return grid
