"""Observed against expected, looked at again and again, with a false-alarm rate that holds over all looks together.

Evidence against "failures come at the expected rate" is the likelihood ratio of a Poisson count with a rate ratio above
one, mixed over a gamma prior truncated to (1, infinity). Under the expected rate this evidence is a non-negative
martingale with mean one, so by Ville's inequality it ever reaches ``1 / alpha`` with probability at most ``alpha``,
at whatever times and however often anyone looks. A withheld count enters with its lowest value: an alarm is never
raised by what is not known.

Source: J. Ville (1939); H. Robbins, Ann. Math. Stat. 41 (1970) 1397 (mixtures).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log

from scipy.special import gammaln
from scipy.stats import gamma

from queries.statistics.counts import Count

_PRIOR_SHAPE, _PRIOR_RATE = 2.0, 1.0
"""Gamma prior on the rate ratio before truncation: mean two, wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Failures seen (``observed``) and expected since the start, both cumulative."""

    period: int
    observed: Count
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One look's verdict. ``evidence`` >= 1 / alpha at this or an earlier look means ``alarm``.

    ``possible`` says that the alarm cannot be excluded because a count was withheld.
    """

    period: int
    evidence: float
    alarm: bool
    possible: bool


def watch(looks: Sequence[Look], *, alpha: float = 0.01) -> tuple[Signal, ...]:
    """Judge each look in order; once raised, an alarm stays. The chance of any false alarm is at most ``alpha``."""
    if not 0 < alpha < 1:
        raise ValueError("alpha lies between 0 and 1")
    signals: list[Signal] = []
    alarm = possible = False
    for look in looks:
        evidence = exp(min(700.0, log_evidence(look.observed.low, look.expected)))
        alarm = alarm or evidence >= 1 / alpha
        possible = possible or log_evidence(look.observed.high, look.expected) >= -log(alpha)
        signals.append(Signal(period=look.period, evidence=evidence, alarm=alarm, possible=possible))
    return tuple(signals)


def log_evidence(observed: int, expected: float) -> float:
    """Logarithm of the mixed likelihood ratio of ``observed`` against a Poisson mean of ``expected``."""
    if expected < 0 or observed < 0:
        raise ValueError("counts and expectations are not negative")
    if expected == 0:
        return inf if observed else 0.0
    shape, rate = _PRIOR_SHAPE + observed, _PRIOR_RATE + expected
    mixed = gammaln(shape) - gammaln(_PRIOR_SHAPE) + _PRIOR_SHAPE * log(_PRIOR_RATE) - shape * log(rate)
    above_one = gamma.logsf(1.0, shape, scale=1 / rate) - gamma.logsf(1.0, _PRIOR_SHAPE, scale=1 / _PRIOR_RATE)
    return float(expected + mixed + above_one)
