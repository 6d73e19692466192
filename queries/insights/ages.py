"""Counts by months since the sale -> counts and their cumulated share, as ranges where some are withheld.

The arithmetic behind every "how soon" insight whose denominator is what has happened so far.
"""

from dataclasses import dataclass

from queries.insights.chart_input import count_in
from queries.insights.headlines import said
from queries.insights.model import (
    Cell,
    ChartSpec,
    Encoding,
    InsightResult,
    Settings,
    ShownColumn,
    ShownTable,
    Table,
    number,
)
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.counts import total


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeWords:
    """What to call things: ``age`` and ``count`` are columns; ``headline`` follows the first share and its per cent."""

    insight: str
    title: str
    age: str
    count: str
    headline: str


def by_age(table: Table, settings: Settings, words: AgeWords) -> InsightResult:
    """The insight ``count`` by ``age``.

    Raises:
        InsightRefused: CR-B003 a column is missing, CR-B005 nothing was released.
    """
    if not table.has(words.age, words.count):
        raise missing_columns(words.insight, (words.age, words.count), table.columns)
    records = [r for r in table.records() if number(r[words.age]) is not None]
    counts = [count_in(r[words.count], settings, insight=words.insight) for r in records]
    everything = total(counts)
    if everything.low == 0:
        raise InsightRefused("CR-B005", "nothing was released to count", place=words.insight)
    by_age = {
        a: total(c for r, c in zip(records, counts, strict=True) if number(r[words.age]) == a)
        for a in sorted({number(r[words.age]) for r in records}, key=_age_order)
    }
    rows: list[tuple[Cell, ...]] = []
    for age in by_age:
        so_far = total(by_age[a] for a in by_age if _age_order(a) <= _age_order(age))
        rest = total(by_age[a] for a in by_age if _age_order(a) > _age_order(age))
        low = so_far.low / max(1, so_far.low + rest.high)
        high = so_far.high / max(1, so_far.high + rest.low)
        count = by_age[age]
        rows.append((age, count.low if count.is_exact else None, round(100 * low, 3), round(100 * high, 3)))
    shown = ShownTable(name="ages", title=words.title, columns=_COLUMNS, rows=tuple(rows))
    detail = ShownTable(
        name="detail",
        title="As released",
        columns=tuple(ShownColumn(name=n, title=n.replace("_", " ").capitalize()) for n in table.columns),
        rows=table.rows,
    )
    headline = f"{said(rows[0][2] if rows[0][2] == rows[0][3] else None, rows[0][2], rows[0][3])} % {words.headline}"
    spec = ChartSpec(
        title=words.title,
        table="ages",
        mark="bar",
        x=Encoding(column="age", kind="quantitative"),
        y=Encoding(column="count", kind="quantitative"),
        description=headline,
    )
    return InsightResult(headline=headline, tables=(shown, detail), charts=(spec,), withheld=table.withheld())


def _age_order(value: float | None) -> float:
    """Sort key of an age; ages without a number come first."""
    return -1.0 if value is None else value


_COLUMNS = (
    ShownColumn(name="age", title="Months since sale", unit="months"),
    ShownColumn(name="count", title="Units", unit="units"),
    ShownColumn(name="so_far_low", title="So far, at least", unit="%"),
    ShownColumn(name="so_far_high", title="So far, at most", unit="%"),
)
