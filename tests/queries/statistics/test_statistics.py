"""Each statistic against published numbers or a hand calculation."""

from math import exp, log

import numpy as np
import pytest
from scipy.stats import poisson

from queries.statistics.counts import Count, total
from queries.statistics.forecast import forecast
from queries.statistics.intervals import clopper_pearson, difference, poisson_limits, share, wilson
from queries.statistics.life import NotEnoughFailures, fit_range, fit_weibull
from queries.statistics.nevada import AgeRow, Group, Nevada, NevadaRow, by_age, life_data
from queries.statistics.sequential import Look, log_evidence, watch
from queries.statistics.standardise import Exposed, rate_ratio, standardise
from queries.statistics.survival import hazard, kaplan_meier, per_1000, restricted_mean


def exact(**claims: int) -> dict[int, Count]:
    return {int(period[1:]): Count.exact(value) for period, value in claims.items()}


RELIASOFT = Nevada(
    rows=(
        NevadaRow(period=6, sold=100, claims=exact(p7=3, p8=3, p9=5)),
        NevadaRow(period=7, sold=140, claims=exact(p8=2, p9=4)),
        NevadaRow(period=8, sold=150, claims=exact(p9=4)),
    ),
    last=9,
)
"""ReliaSoft's Nevada example: ships 100/140/150 in June, July, August; returns through September."""


def test_wilson_matches_newcombes_published_example() -> None:
    """81 of 263 at 95 %: 0.2553 to 0.3662 (Newcombe 1998, method 3)."""
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


def test_clopper_pearson_matches_newcombes_published_example() -> None:
    """81 of 263 at 95 %: 0.2527 to 0.3676 (Newcombe 1998, method 5)."""
    found = clopper_pearson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2527, 0.3676)


def test_difference_matches_newcombes_published_example() -> None:
    """56/70 - 48/80 at 95 %: 0.0524 to 0.3339 (Newcombe 1998, method 10)."""
    found = difference((56, 70), (48, 80))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


def test_poisson_limits_match_garwoods_table() -> None:
    """Ten events at 95 %: 4.795 to 18.390; none: 0 to 3.689."""
    ten, none = poisson_limits(10), poisson_limits(0)
    assert [round(x, 3) for x in (ten.low, ten.high, none.low, none.high)] == [4.795, 18.390, 0.0, 3.689]


def test_a_withheld_part_widens_the_share_and_has_no_point() -> None:
    """Bounds on the part give the hull of the limits at both ends."""
    found = share(Count(0, 9), Count.exact(100))
    assert found.point is None
    assert (found.interval.low, found.interval.high) == (wilson(0, 100).low, wilson(9, 100).high)


def test_nevada_bookkeeping_matches_the_published_table() -> None:
    """Failures 9, 7, 5 at one, two, three months; suspensions 146, 134, 89."""
    groups = [(g.start, g.end, g.count.low) for g in life_data(RELIASOFT)]
    assert groups == [(0, 1, 9), (1, 2, 7), (1, None, 146), (2, 3, 5), (2, None, 134), (3, None, 89)]


def test_weibull_matches_the_published_nevada_fit() -> None:
    """ReliaSoft prints shape 2.4928 and scale 6.6951 for its Nevada example."""
    fit = fit_weibull(life_data(RELIASOFT), treatment="end")
    assert (round(fit.shape, 4), round(fit.scale, 4)) == (2.4928, 6.6951)


def test_forecast_matches_the_published_row() -> None:
    """The published example expects about 9 claims of the June ships next month: 89 x (F(4) - F(3)) / (1 - F(3))."""
    fit = fit_weibull(life_data(RELIASOFT), treatment="end")
    found = forecast(RELIASOFT, fit, periods=1)
    by_hand = 89 * (fit.unreliability(4) - fit.unreliability(3)) / (1 - fit.unreliability(3))
    assert found.cells[0].claims == pytest.approx(by_hand, rel=1e-12)
    assert sum(cell.claims for cell in found.cells) == pytest.approx(found.by_period[0][1])


def test_forecast_stops_at_the_end_of_warranty() -> None:
    """Units past their warranty age expect no claims."""
    fit = fit_weibull(life_data(RELIASOFT), treatment="end")
    found = forecast(RELIASOFT, fit, periods=2, warranty=3)
    assert [cell.claims > 0 for cell in found.cells] == [False, False, True, False, True, True]


def test_weibull_recovers_known_parameters_from_interval_counts() -> None:
    """Grouped counts drawn from shape 1.5, scale 60 with staggered entry give limits that hold them."""
    draw = np.random.Generator(np.random.PCG64(11))
    groups = []
    for age in range(6, 25):
        lives = 60 * draw.weibull(1.5, 1500)
        counts = np.histogram(lives, bins=np.arange(0, age + 1))[0]
        groups += [Group(start=i, end=i + 1, count=Count.exact(int(n))) for i, n in enumerate(counts)]
        groups.append(Group(start=age, end=None, count=Count.exact(int((lives > age).sum()))))
    fit = fit_weibull(groups, treatment="interval", confidence=0.99)
    assert fit.shape_interval.low < 1.5 < fit.shape_interval.high
    assert fit.scale_interval.low < 60 < fit.scale_interval.high


def test_withheld_failures_bracket_the_exact_fit() -> None:
    """The range of fits over the bounds of a withheld cell contains the fit at its true value."""
    groups = list(life_data(RELIASOFT))
    truth = fit_weibull(groups)
    groups[0] = Group(start=0, end=1, count=Count(5, 12))
    found = fit_range(groups)
    assert found.fewest.unreliability(3) < truth.unreliability(3) < found.most.unreliability(3)


def test_a_fit_without_information_is_refused() -> None:
    """No failures at all, or one age alone, do not determine a shape."""
    with pytest.raises(NotEnoughFailures, match="two ages"):
        fit_weibull([Group(start=0, end=1, count=Count.exact(4))])


def test_kaplan_meier_matches_the_published_remission_times() -> None:
    """6-MP arm of Freireich et al. (1963): S = .857, .807, .753, .690, .627, .538, .448."""
    at_risk = {6: (21, 3), 7: (17, 1), 10: (15, 1), 13: (12, 1), 16: (11, 1), 22: (7, 1), 23: (6, 1)}
    rows = [AgeRow(age=a, at_risk=Count.exact(n), failed=Count.exact(d)) for a, (n, d) in at_risk.items()]
    points = [round(p.survival.point or 0, 3) for p in kaplan_meier(rows)]
    assert points == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]


def test_per_1000_keeps_numerator_and_denominator_together() -> None:
    """At two months only June and July ships are exposed: 1000 x (3+3+2+4) / 240 = 50."""
    found = {p.age: (p.units, p.claims_low, p.per_1000) for p in per_1000(RELIASOFT)}
    assert found == {
        1: (390, 9, pytest.approx(1000 * 9 / 390)),
        2: (240, 12, pytest.approx(50.0)),
        3: (100, 11, pytest.approx(110.0)),
    }


def test_at_risk_and_hazard_by_hand() -> None:
    """At risk 390, 231 (= 240 - 5 - ... counted by row), 94; hazards are their quotients."""
    rows = [(r.age, r.at_risk.low, r.failed.low) for r in by_age(RELIASOFT)]
    assert rows == [(1, 390, 9), (2, 240 - 5, 7), (3, 100 - 6, 5)]
    assert [h.hazard.point for h in hazard(by_age(RELIASOFT))] == [9 / 390, 7 / 235, 5 / 94]


def test_standardised_rate_by_hand() -> None:
    """Weights 3:1 on rates 0.1 and 0.3 give 0.15; a missing stratum shows as coverage."""
    group = {
        ("a",): Exposed(events=Count.exact(10), exposure=100),
        ("b",): Exposed(events=Count.exact(30), exposure=100),
    }
    found = standardise(group, {("a",): 3.0, ("b",): 1.0})
    assert found.rate == pytest.approx(0.15)
    assert found.low < 0.15 < found.high
    assert standardise(group, {("a",): 1.0, ("c",): 1.0}).covered == 0.5


def test_rate_ratio_by_hand() -> None:
    """20 in 100 against 10 in 100: ratio 2, log limits +- 1.96 x sqrt(0.15)."""
    ratio, limits = rate_ratio((20, 100), (10, 100))
    assert ratio == 2.0
    assert log(limits.high / 2) == pytest.approx(1.959964 * 0.15**0.5, rel=1e-6)


def test_evidence_is_a_martingale_under_the_expected_rate() -> None:
    """The mean of the evidence over Poisson counts is one: the false-alarm bound rests on this."""
    for expected in (0.5, 4.0, 30.0):
        mean = sum(exp(poisson.logpmf(n, expected) + log_evidence(n, expected)) for n in range(3000))
        assert mean == pytest.approx(1.0, abs=1e-6)


def test_false_alarms_stay_below_the_stated_rate() -> None:
    """Of 1,000 healthy products looked at 24 times, at most the stated 5 % ever alarm (plus four sigma)."""
    draw = np.random.Generator(np.random.PCG64(5))
    alarms = 0
    for _ in range(1000):
        seen = draw.poisson(2.0, 24).cumsum()
        looks = [Look(period=i, observed=Count.exact(int(n)), expected=2.0 * (i + 1)) for i, n in enumerate(seen)]
        alarms += watch(looks, alpha=0.05)[-1].alarm
    assert 0 < alarms <= 50 + 4 * (1000 * 0.05 * 0.95) ** 0.5


def test_a_withheld_count_never_raises_the_alarm_but_may_leave_it_open() -> None:
    """The low bound decides the alarm, the high bound what is possible."""
    signal = watch([Look(period=1, observed=Count(0, 24), expected=2.0)])[-1]
    assert (signal.alarm, signal.possible) == (False, True)


def test_restricted_mean_by_hand() -> None:
    """S is 1 to age 1, 1/2 to age 2, then 1/4: area to 3 is 1.75."""
    rows = [
        AgeRow(age=1, at_risk=Count.exact(4), failed=Count.exact(2)),
        AgeRow(age=2, at_risk=Count.exact(2), failed=Count.exact(1)),
    ]
    assert restricted_mean(kaplan_meier(rows), until=3) == pytest.approx(1.75)


def test_bounds_add() -> None:
    """Sums of bounded counts are bounded by the sums."""
    assert total([Count.exact(3), Count(0, 9)]) == Count(3, 12)
