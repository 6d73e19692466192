"""Sales by period and claims by period -> ages: the Nevada chart and its bookkeeping.

A row is everything sold (or shipped) in one period; its columns are what came back in each later period. A unit sold in
period i that fails in period j fails at age j - i; what has not failed by the last period is suspended at its age then.
Never drop the suspensions: they are most of what is known.

Source: the format is described in ReliaSoft's and W. Nelson's warranty texts; the arithmetic is counting.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from queries.statistics.counts import Count, total


@dataclass(frozen=True, slots=True, kw_only=True)
class NevadaRow:
    """One period of sales: ``sold`` units in ``period``, and claims by later period (missing means none)."""

    period: int
    sold: int
    claims: Mapping[int, Count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nevada:
    """A chart. Periods are consecutive integers of one length (months here); ``last`` is the last one observed."""

    rows: tuple[NevadaRow, ...]
    last: int

    def __post_init__(self) -> None:
        for row in self.rows:
            if row.sold < 0 or row.period > self.last:
                raise ValueError("rows have sold >= 0 and a period not after the last one")
            if any(not row.period <= period <= self.last for period in row.claims):
                raise ValueError("claims lie between a row's period and the last one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """``count`` units whose age at failure lies in (``start``, ``end``]; ``end`` None: still running at ``start``.

    ``start`` equal to ``end`` is an age known exactly. Units first seen at age ``entry`` (delayed entry, left truncation)
    say nothing about failures before it.
    """

    start: float
    end: float | None
    count: Count
    entry: float = 0.0


def first_age(chart: Nevada) -> int:
    """Smallest age that occurs: 0 where a claim can fall in the period of its sale, else 1."""
    return 0 if any(row.period in row.claims for row in chart.rows) else 1


def life_data(chart: Nevada) -> tuple[Group, ...]:
    """Failures by age and suspensions, sorted, for a life fit.

    With claims in the sale period itself, age k stands for the interval (k, k + 1], and a row of n elapsed periods is
    suspended at n + 1; otherwise age k stands for (k - 1, k] and suspensions are at n. So a unit is always observed to
    the end of the last period.

    Raises:
        ValueError: a row has more failures than units; a life fit wants each unit's first failure only.
    """
    if any(total(row.claims.values()).low > row.sold for row in chart.rows):
        raise ValueError("a row has more first failures than units sold")
    shift = first_age(chart)
    failed: dict[int, Count] = {}
    running: dict[int, Count] = {}
    for row in chart.rows:
        for period, count in row.claims.items():
            age = period - row.period - shift
            failed[age] = failed.get(age, Count.exact(0)) + count
        lost = total(row.claims.values())
        left = Count(max(0, row.sold - lost.high), row.sold - lost.low)
        age = chart.last - row.period + 1 - shift
        running[age] = running.get(age, Count.exact(0)) + left
    groups = [Group(start=age, end=age + 1, count=count) for age, count in failed.items() if count.high]
    groups += [Group(start=age, end=None, count=count) for age, count in running.items() if count.high]
    return tuple(sorted(groups, key=lambda group: (group.start, group.end is None)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeRow:
    """One age: units still ``at_risk`` when it begins, and ``failed`` during it."""

    age: float
    at_risk: Count
    failed: Count


def by_age(chart: Nevada) -> tuple[AgeRow, ...]:
    """At risk and failed by age in periods since sale, censoring each row at the last period."""
    first = first_age(chart)
    oldest = max((chart.last - row.period for row in chart.rows), default=-1)
    found: list[AgeRow] = []
    for age in range(first, oldest + 1):
        reached = [row for row in chart.rows if chart.last - row.period >= age]
        failed = total(row.claims.get(row.period + age, Count.exact(0)) for row in reached)
        before = total(c for row in reached for period, c in row.claims.items() if period - row.period < age)
        sold = sum(row.sold for row in reached)
        at_risk = Count(max(0, sold - before.high), sold - before.low)
        found.append(AgeRow(age=age, at_risk=at_risk, failed=failed))
    return tuple(found)
