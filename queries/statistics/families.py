"""Life data -> other lifetime distributions fitted beside the Weibull, by the same likelihood, to be compared by AIC.

Exponential (a Weibull of shape 1), lognormal and log-logistic: location-scale families in the logarithm of age.
Source: W. Q. Meeker and L. A. Escobar, Statistical Methods for Reliability Data (1998), chapters 4 and 8.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import logistic, norm

from queries.statistics.life import NotEnoughFailures, Treatment
from queries.statistics.nevada import Group

Floats = NDArray[np.float64]
_TINY = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A standardised distribution of log age: logarithms of its density and of its survival, and its quantile.

    ``spread`` is fixed for the exponential; None where it is estimated.
    """

    name: str
    log_density: Callable[[Floats], Floats]
    log_survival: Callable[[Floats], Floats]
    quantile: Callable[[float], float]
    mean: Callable[[float, float], float]
    spread: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyFit:
    """``location`` and ``spread`` are of log age; ``parameters`` counts what was estimated."""

    family: str
    location: float
    spread: float
    log_likelihood: float
    parameters: int
    mean: float
    b10: float
    median: float

    @property
    def aic(self) -> float:
        """Akaike's criterion: the smaller, the better the fit for its number of parameters."""
        return 2 * self.parameters - 2 * self.log_likelihood


def _log_logistic_mean(location: float, spread: float) -> float:
    return exp(location) * np.pi * spread / float(np.sin(np.pi * spread)) if spread < 1 else inf


FAMILIES: tuple[Family, ...] = (
    Family(
        name="exponential",
        log_density=lambda z: z - np.exp(z),
        log_survival=lambda z: -np.exp(z),
        quantile=lambda share: log(-log(1 - share)),
        mean=lambda location, _: exp(location),
        spread=1.0,
    ),
    Family(
        name="lognormal",
        log_density=norm.logpdf,
        log_survival=norm.logsf,
        quantile=lambda share: float(norm.ppf(share)),
        mean=lambda location, spread: exp(location + spread**2 / 2),
    ),
    Family(
        name="log-logistic",
        log_density=logistic.logpdf,
        log_survival=logistic.logsf,
        quantile=lambda share: log(share / (1 - share)),
        mean=_log_logistic_mean,
    ),
)


def fit_families(groups: Sequence[Group], *, treatment: Treatment) -> tuple[FamilyFit, ...]:
    """Every family fitted to exact counts.

    Args:
        groups: failures and suspensions; every count exact.
        treatment: as in ``life``.

    Raises:
        NotEnoughFailures: a likelihood has no inner maximum.
    """
    return tuple(_fit(family, groups, treatment) for family in FAMILIES)


def _fit(family: Family, groups: Sequence[Group], treatment: Treatment) -> FamilyFit:
    ends = [(g.end, g.count.low) for g in groups if g.end is not None and g.count.low]
    start = float(np.average(np.log([end for end, _ in ends]), weights=[n for _, n in ends]))
    is_fixed = family.spread is not None

    def loss(point: Floats) -> float:
        spread = family.spread if family.spread is not None else exp(float(np.clip(point[1], -12, 12)))
        value = -_log_likelihood(family, groups, treatment, float(point[0]), spread)
        return value if np.isfinite(value) else 1e300

    begin = np.array([start] if is_fixed else [start, log(0.6)])
    found = minimize(
        loss, begin, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-10, "maxiter": 10_000, "maxfev": 10_000}
    )
    if not np.isfinite(found.fun) or found.fun >= 1e299:
        raise NotEnoughFailures("the ages do not determine a distribution")
    location = float(found.x[0])
    spread = family.spread if family.spread is not None else exp(float(found.x[1]))
    return FamilyFit(
        family=family.name,
        location=location,
        spread=spread,
        log_likelihood=-float(found.fun),
        parameters=1 if is_fixed else 2,
        mean=float(family.mean(location, spread)),
        b10=exp(location + spread * family.quantile(0.1)),
        median=exp(location + spread * family.quantile(0.5)),
    )


def _log_likelihood(
    family: Family, groups: Sequence[Group], treatment: Treatment, location: float, spread: float
) -> float:
    def survival(ages: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return np.where(ages > 0, family.log_survival((np.log(np.maximum(ages, _TINY)) - location) / spread), 0.0)

    counts = np.array([g.count.low for g in groups], dtype=float)
    starts = np.array([g.start for g in groups], dtype=float)
    ends = np.array([inf if g.end is None else g.end for g in groups], dtype=float)
    failed = np.isfinite(ends)
    known = failed & ((treatment == "end") | (starts == ends))
    with np.errstate(all="ignore"):
        at = np.where(failed, np.maximum(ends, _TINY), 1.0)
        density = family.log_density((np.log(at) - location) / spread) - log(spread) - np.log(at)
        low, high = survival(starts), survival(at)
        inside = low + np.log(-np.expm1(high - low))
        terms = np.where(known, density, np.where(failed, inside, low))
        entered = survival(np.array([g.entry for g in groups], dtype=float))
        return float(np.sum(np.where(counts > 0, counts * (terms - entered), 0.0)))
