"""A table with parts and wholes by some names -> shares with Wilson limits, a shown table and a bar chart.

The arithmetic behind every "how many of these" insight: numerator and denominator of the same cohort, limits that widen
where a number is withheld, no share where its denominator is withheld.
"""

from dataclasses import dataclass, replace

from cleanroom.released import Withheld
from queries.insights.chart_input import count_in
from queries.insights.model import Cell, ChartSpec, Encoding, InsightResult, Settings, ShownColumn, ShownTable, Table
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.counts import Count, total
from queries.statistics.intervals import Estimate, share

SUPPRESSION = (
    "a withheld numerator enters with every value its threshold allows, so limits widen; "
    "a withheld denominator leaves the row without a share"
)
"""How suppression changes every share; part of each insight's explanation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareWords:
    """What to call things: ``part`` and ``whole`` are columns, ``by`` the naming columns in order, titles for people."""

    insight: str
    title: str
    part: str
    whole: str
    by: tuple[str, ...]
    share_title: str
    per: int = 100  # 100: per cent; 1000: per thousand
    headline: str = "{share} {unit} overall"

    @property
    def unit(self) -> str:
        """The unit of the share."""
        return "%" if self.per == 100 else f"per {self.per:,}"


def shares(table: Table, settings: Settings, words: ShareWords) -> InsightResult:
    """The insight ``part / whole`` by ``by``.

    Raises:
        InsightRefused: CR-B003 a column is missing, CR-B005 no row has a denominator.
    """
    by = tuple(name for name in words.by if table.has(name))
    if not table.has(words.part, words.whole):
        raise missing_columns(words.insight, (words.part, words.whole), table.columns)
    rows: list[tuple[Cell, ...]] = []
    parts: list[Count] = []
    wholes: list[Count] = []
    for record in table.records():
        whole_cell, part_cell = record[words.whole], record[words.part]
        if isinstance(whole_cell, Withheld) or whole_cell is None:
            rows.append((*(record[name] for name in by), part_cell, whole_cell, None, None, None))
            continue
        whole = count_in(whole_cell, settings, insight=words.insight)
        part = count_in(part_cell, settings, insight=words.insight)
        part = Count(min(part.low, whole.low), min(part.high, whole.low))
        parts.append(part)
        wholes.append(whole)
        rows.append((*(record[name] for name in by), part_cell, whole_cell, *_shown(part, whole, settings, words)))
    if not wholes or total(wholes).low == 0:
        raise InsightRefused("CR-B005", "no row has a released denominator", place=words.insight)
    overall = _limited(total(parts), total(wholes), settings)
    shown = ShownTable(name="shares", title=words.title, columns=_columns(by, words), rows=tuple(rows))
    charts = (_chart(by, words, overall),) if by else ()
    text = words.headline.format(share=_range(overall, words.per), unit=words.unit)
    return InsightResult(
        headline=text, tables=(shown,), charts=charts, notes=_notes(settings), withheld=table.withheld()
    )


def beside(first: InsightResult, second: InsightResult, name: str) -> InsightResult:
    """``first`` with the table and chart of ``second`` under the name ``name``: the same numbers by something else."""
    tables = tuple(replace(table, name=name) for table in second.tables)
    charts = tuple(replace(chart, table=name) for chart in second.charts)
    return replace(
        first,
        tables=(*first.tables, *tables),
        charts=(*first.charts, *charts),
        withheld=first.withheld + second.withheld,
    )


def _shown(part: Count, whole: Count, settings: Settings, words: ShareWords) -> tuple[Cell, Cell, Cell]:
    if whole.low == 0:
        return None, None, None
    found = _limited(part, whole, settings)
    point = None if found.point is None else round(words.per * found.point, 4)
    return point, round(words.per * found.interval.low, 4), round(words.per * found.interval.high, 4)


def _limited(part: Count, whole: Count, settings: Settings) -> Estimate:
    method = "clopper-pearson" if settings.limits == "clopper-pearson" else "wilson"
    return share(part, whole, confidence=settings.confidence, method=method)


def _columns(by: tuple[str, ...], words: ShareWords) -> tuple[ShownColumn, ...]:
    names = tuple(ShownColumn(name=name, title=name.replace("_", " ").capitalize()) for name in by)
    return (
        *names,
        ShownColumn(name=words.part, title=words.part.replace("_", " ").capitalize()),
        ShownColumn(name=words.whole, title=words.whole.replace("_", " ").capitalize()),
        ShownColumn(name="share", title=words.share_title, unit=words.unit),
        ShownColumn(name="low", title="Lower limit", unit=words.unit),
        ShownColumn(name="high", title="Upper limit", unit=words.unit),
    )


def _chart(by: tuple[str, ...], words: ShareWords, overall: Estimate) -> ChartSpec:
    kind = "temporal" if by[0].endswith(("month", "quarter")) else "nominal"
    return ChartSpec(
        title=words.title,
        table="shares",
        mark="bar",
        x=Encoding(column=by[0], kind=kind),
        y=Encoding(column="share", kind="quantitative"),
        colour=Encoding(column=by[1], kind="nominal") if len(by) > 1 else None,
        low="low",
        high="high",
        description=f"{words.share_title} by {', '.join(by)}; overall {_range(overall, words.per)} {words.unit}.",
    )


def _range(found: Estimate, per: int) -> str:
    if found.point is None:
        return f"{per * found.interval.low:.2f} to {per * found.interval.high:.2f}"
    return f"{per * found.point:.2f} ({per * found.interval.low:.2f} to {per * found.interval.high:.2f})"


def _notes(settings: Settings) -> tuple[str, ...]:
    name = "Clopper and Pearson's" if settings.limits == "clopper-pearson" else "Wilson's"
    limits = f"Limits are {name} at {settings.confidence * 100:g} %."
    return (limits,)
