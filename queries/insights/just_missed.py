"""Failures just after the warranty, over all around its end.

The design's rate is of days: 0 to 60 after expiry over 60 either side. A policy lets dates out as months, and that is
what it protects, so days are not asked for. Claims ``k`` calendar months after the sale lie between ``k - 1`` and
``k + 1`` months of age, evenly spread (a triangle) where sales and claims are spread over their months. So of the
claims in the month of expiry half came after it, of those two months later half within two months (60.9 days):

    after  = 1/2 at 0 + 1 at +1 + 1/2 at +2        before = 1/2 at 0 + 1 at -1 + 1/2 at -2

in calendar months from expiry. Bounds that rest on no spread are shown too: `certainly after` counts +1 alone as late.
"""

from cleanroom.names import DatasetName
from queries.insights.chart_input import count_in
from queries.insights.model import (
    UNKNOWN_HIGH,
    Cell,
    ChartSpec,
    Encoding,
    Explanation,
    Inputs,
    Insight,
    InsightResult,
    Settings,
    ShownColumn,
    ShownTable,
    Table,
    number,
)
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.counts import Count
from queries.statistics.intervals import wilson

_WANTED = ("mis", "claims")
_AFTER = {0: 0.5, 1: 1.0, 2: 0.5}
_BEFORE = {0: 0.5, -1: 1.0, -2: 0.5}
_WINDOW = range(-2, 3)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """The rate from `failures-around-expiry`: `mis` (months from sale to claim), `side` (before, at, after) and `claims`.

    A file without `side` takes the length of the warranty from `--warranty`. Units sold less than the warranty and two
    months before the data date have not lived through the window: ask for sales up to then only.
    """
    table = inputs["failures-around-expiry"]
    if not table.has(*_WANTED):
        raise missing_columns("just-missed", _WANTED, table.columns)
    expiry = _expiry(table, settings)
    counts = _counts(table, expiry, settings)
    low, high = (_share(counts, settings, late=late) for late in (False, True))
    certain, possible = _certainly(counts)
    is_exact = all(count.is_exact for count in counts.values())
    point = round(100 * low[0], 2) if is_exact else None
    rows: tuple[tuple[Cell, ...], ...] = (
        ("in the two months after expiry, of those around it", point, round(100 * low[1], 2), round(100 * high[2], 2)),
        ("certainly after, and possibly", None, round(100 * certain, 2), round(100 * possible, 2)),
    )
    rate = ShownTable(name="rate", title="Just missed", columns=_RATE, rows=rows)
    months = ShownTable(
        name="months",
        title="Claims by months from the end of the warranty",
        columns=_MONTHS,
        rows=tuple(_month(k, counts[k]) for k in _WINDOW),
    )
    said = f"{point}" if point is not None else f"{rows[0][2]} to {rows[0][3]}"
    headline = f"{said} % of the failures within two months of expiry ({expiry} months) come after it"
    spec = ChartSpec(
        title=months.title,
        table="months",
        mark="bar",
        x=Encoding(column="from_expiry", kind="ordinal"),
        y=Encoding(column="claims", kind="quantitative"),
        description=headline,
    )
    notes = (
        "Claims in the month of expiry, and two months from it, count half: they fall on both sides of the line.",
        "Limits are Wilson's. Sales younger than the warranty and two months have not lived through the window.",
    )
    return InsightResult(
        headline=headline, tables=(rate, months), charts=(spec,), notes=notes, withheld=table.withheld()
    )


def _expiry(table: Table, settings: Settings) -> int:
    """The month of expiry: the one marked `at`, else the one between before and after, else the setting's."""
    if not table.has("side"):
        return settings.warranty_months
    ages: dict[str, list[int]] = {"before": [], "at": [], "after": []}
    for record in table.records():
        age = number(record["mis"])
        if age is not None and str(record["side"]) in ages:
            ages[str(record["side"])].append(int(age))
    if ages["at"]:
        return ages["at"][0]
    if ages["before"] and ages["after"] and min(ages["after"]) - max(ages["before"]) == 2:
        return max(ages["before"]) + 1
    raise InsightRefused("CR-B005", "the month in which the warranty ends was not released", place="just-missed")


def _counts(table: Table, expiry: int, settings: Settings) -> dict[int, Count]:
    """Claims by calendar months from expiry; a month that is not listed holds what a row that is not listed may."""
    found: dict[int, Count] = {}
    for record in table.records():
        age = number(record["mis"])
        if age is not None:
            place = int(age) - expiry
            found[place] = found.get(place, Count.exact(0)) + count_in(
                record["claims"], settings, insight="just-missed"
            )
    unlisted = Count(0, table.unlisted_high(settings)) if table.is_release or table.dropped else Count.exact(0)
    around = {place: found.get(place, unlisted) for place in _WINDOW}
    if sum(count.low for count in around.values()) == 0:
        raise InsightRefused("CR-B005", "no claim around the end of the warranty was released", place="just-missed")
    return around


def _share(counts: dict[int, Count], settings: Settings, *, late: bool) -> tuple[float, float, float]:
    """Share after expiry with limits, with withheld months as late, or as early, as they can be."""
    after = sum(weight * (counts[k].high if late else counts[k].low) for k, weight in _AFTER.items())
    before = sum(weight * (counts[k].low if late else counts[k].high) for k, weight in _BEFORE.items())
    limits = wilson(after, after + before, confidence=settings.confidence)
    return after / (after + before) if after + before else 0.0, limits.low, limits.high


def _certainly(counts: dict[int, Count]) -> tuple[float, float]:
    """The least and the greatest share after expiry, however claims are spread inside their months."""
    least, most = counts[1].low, sum(counts[k].high for k in (0, 1, 2))
    before = sum(counts[k].high for k in (-2, -1, 0)), counts[-1].low
    return least / max(1, least + before[0]), most / max(1, most + before[1])


def _month(place: int, count: Count) -> tuple[Cell, ...]:
    most = None if count.high >= UNKNOWN_HIGH else count.high
    name = "month of expiry" if place == 0 else f"{abs(place)} {'before' if place < 0 else 'after'}"
    return (name, count.low if count.is_exact else None, count.low, most)


_RATE = (
    ShownColumn(name="what", title="Failures"),
    ShownColumn(name="share", title="Share", unit="%"),
    ShownColumn(name="low", title="Lower limit", unit="%"),
    ShownColumn(name="high", title="Upper limit", unit="%"),
)
_MONTHS = (
    ShownColumn(name="from_expiry", title="Months from expiry"),
    ShownColumn(name="claims", title="Claims", unit="claims"),
    ShownColumn(name="low", title="At least", unit="claims"),
    ShownColumn(name="high", title="At most", unit="claims"),
)

INSIGHT = Insight(
    name="just-missed",
    title="Failures around the end of warranty",
    question="How many failures come just after the warranty ended?",
    needs=(DatasetName("sales"), DatasetName("claims")),
    templates=("failures-around-expiry",),
    explanation=Explanation(
        formula="(1/2 c0 + c1 + 1/2 c2) / (1/2 c-2 + c-1 + c0 + c1 + 1/2 c2), c by calendar months from expiry",
        unit="% of claims, denied and paid ones",
        denominator="claims within two months either side of expiry",
        exposure="sales at least as old as the warranty and two months",
        censoring="younger sales would lack the late months: leave them out by `to`",
        suppression="withheld months enter with their bounds, as late and as early as they can be",
        sources=("Wilson 1927",),
    ),
    compute=compute,
)
