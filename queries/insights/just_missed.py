"""Failures around the end of warranty: how many by time since the sale, and the share of all of them so far."""

from cleanroom.names import DatasetName
from queries.insights.chart_input import count_in
from queries.insights.model import (
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
    number,
)
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.counts import total

_WANTED = ("mis", "claims")


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Counts and cumulated shares from `failures-around-expiry`: `mis`, `claims`."""
    table = inputs["failures-around-expiry"]
    if not table.has(*_WANTED):
        raise missing_columns("just-missed", _WANTED, table.columns)
    records = [r for r in table.records() if number(r["mis"]) is not None]
    counts = [count_in(r["claims"], settings, insight="just-missed") for r in records]
    everything = total(counts)
    if everything.low == 0:
        raise InsightRefused("CR-B005", "nothing was released to count", place="just-missed")
    by_age = {
        a: total(c for r, c in zip(records, counts, strict=True) if number(r["mis"]) == a)
        for a in sorted({number(r["mis"]) for r in records}, key=float_key)
    }
    rows: list[tuple[Cell, ...]] = []
    for age in by_age:
        so_far = total(by_age[a] for a in by_age if float_key(a) <= float_key(age))
        rest = total(by_age[a] for a in by_age if float_key(a) > float_key(age))
        low = so_far.low / max(1, so_far.low + rest.high)
        high = so_far.high / max(1, so_far.high + rest.low)
        count = by_age[age]
        rows.append((age, count.low if count.is_exact else None, round(100 * low, 3), round(100 * high, 3)))
    shown = ShownTable(name="ages", title="Failures around the end of warranty", columns=_COLUMNS, rows=tuple(rows))
    detail = ShownTable(
        name="detail",
        title="As released",
        columns=tuple(ShownColumn(name=n, title=n.replace("_", " ").capitalize()) for n in table.columns),
        rows=table.rows,
    )
    headline = f"{rows[0][2] if rows[0][2] == rows[0][3] else f'{rows[0][2]} to {rows[0][3]}'} % of these failures come in the first of these months"
    spec = ChartSpec(
        title="Failures around the end of warranty",
        table="ages",
        mark="bar",
        x=Encoding(column="age", kind="quantitative"),
        y=Encoding(column="count", kind="quantitative"),
        description=headline,
    )
    return InsightResult(headline=headline, tables=(shown, detail), charts=(spec,), withheld=table.withheld())


def float_key(value: float | None) -> float:
    """Sort key of an age; ages without a number come first."""
    return -1.0 if value is None else value


_COLUMNS = (
    ShownColumn(name="age", title="Months since sale", unit="months"),
    ShownColumn(name="count", title="Units", unit="units"),
    ShownColumn(name="so_far_low", title="So far, at least", unit="%"),
    ShownColumn(name="so_far_high", title="So far, at most", unit="%"),
)

INSIGHT = Insight(
    name="just-missed",
    title="Failures around the end of warranty",
    question="How many failures come just after the warranty ended?",
    needs=(
        DatasetName("sales"),
        DatasetName("claims"),
    ),
    templates=("failures-around-expiry",),
    explanation=Explanation(
        formula="claims in each month around month 24; just missed are those from month 24 on",
        unit="units; % of all counted",
        denominator="all that have happened so far",
        exposure="calendar months since the sale",
        censoring="what has not happened yet is not in the denominator; the rate insights have it",
        suppression="withheld months enter with their bounds",
    ),
    compute=compute,
)
