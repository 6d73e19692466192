"""Matched comparisons against published worked examples."""

from math import inf

import pytest

from queries.statistics.intervals import Estimate, Interval
from queries.statistics.matched_groups import Pair, paired_difference, risk_difference, risk_ratio

AGRESTI = [
    Pair(11, 36, 10, 37),
    Pair(16, 20, 22, 32),
    Pair(14, 19, 7, 19),
    Pair(2, 16, 1, 17),
    Pair(6, 17, 0, 12),
    Pair(1, 11, 0, 10),
    Pair(1, 5, 1, 9),
    Pair(4, 6, 6, 7),
]
"""Beitler and Landis' trial of a cream in eight centres, as printed in Agresti, Categorical Data Analysis (2013), 226."""
MIGRAINE = [Pair(16, 27, 5, 25), Pair(12, 28, 7, 26)]
"""Better with the active drug and with placebo, women and men: the migraine example of SAS/STAT's PROC FREQ."""
SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
"""Hours of sleep gained, second drug less first, by patient: Student, Biometrika 6 (1908) 20."""


def test_risk_difference_is_agrestis() -> None:
    """0.130 with a standard error of 0.050 (page 231)."""
    found = risk_difference(AGRESTI)
    error = (found.interval.high - found.point) / 1.959964
    assert (round(found.point, 3), round(error, 3)) == (0.130, 0.050)


def test_risk_difference_of_one_stratum_by_hand() -> None:
    """56/70 - 48/80 = 0.2; with one stratum the limits are 1.96 sqrt(p q / n + p q / n) around it."""
    found = risk_difference([Pair(56, 70, 48, 80)])
    half = 1.959964 * (0.8 * 0.2 / 70 + 0.6 * 0.4 / 80) ** 0.5
    assert (found.interval.low, found.interval.high) == pytest.approx((0.2 - half, 0.2 + half), abs=1e-6)


def test_risk_ratio_is_sas() -> None:
    """2.1636 (1.2336 to 3.7948)."""
    found = risk_ratio(MIGRAINE)
    assert found.point == pytest.approx(2.1636, abs=5e-5)
    assert (found.interval.low, found.interval.high) == pytest.approx((1.2336, 3.7948), abs=5e-5)


def test_a_ratio_without_events_has_no_upper_limit() -> None:
    """None in the other group: no point. None in the first: a ratio of 0."""
    assert risk_ratio([Pair(3, 10, 0, 10)]) == Estimate(point=None, interval=Interval(0.0, inf))
    assert risk_ratio([Pair(0, 10, 3, 10)]) == Estimate(point=0.0, interval=Interval(0.0, inf))


def test_paired_difference_is_students() -> None:
    """1.58 hours, t = 4.06 on 9 degrees of freedom, 95 % limits 0.70 to 2.46."""
    found = paired_difference([(hours, 1.0) for hours in SLEEP])
    ends = (found.point, found.interval.low, found.interval.high)
    assert [round(end, 2) for end in ends] == [1.58, 0.70, 2.46]


def test_one_stratum_has_no_limits_and_a_tiny_one_changes_little() -> None:
    """A stratum of no weight to speak of leaves as many effective strata as there were."""
    assert paired_difference([(2.0, 5.0)]).interval == Interval(-inf, inf)
    with_tiny = paired_difference([*((hours, 1.0) for hours in SLEEP), (500.0, 1e-9)])
    assert with_tiny.point == pytest.approx(1.58, abs=1e-5)
    assert with_tiny.interval.high == pytest.approx(2.46, abs=1e-2)
