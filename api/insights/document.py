"""What every document holds, whatever its format: words, tables, charts, and where the numbers come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.insights.charts import as_shown, is_empty
from cleanroom.delivery import About
from cleanroom.delivery.about import REASON_TEXTS, summary
from cleanroom.released import Reason, ReleasedTable, Withheld
from queries.insights.model import ChartSpec, Insight, InsightResult, ShownTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document before its format. ``reading`` and ``facts`` are pairs of name and text, in order."""

    name: str
    title: str
    question: str
    headline: str
    tables: tuple[ShownTable, ...]
    charts: tuple[ChartSpec, ...]
    drawn_from: InsightResult
    notes: tuple[str, ...]
    reading: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    withheld: tuple[tuple[str, str], ...] = field(default=())


def of_insight(insight: Insight, result: InsightResult, facts: Mapping[str, str]) -> Document:
    """An insight's document."""
    return Document(
        name=insight.name,
        title=insight.title,
        question=insight.question,
        headline=result.headline,
        tables=result.tables,
        charts=tuple(chart for chart in result.charts if not is_empty(chart, result)),
        drawn_from=result,
        notes=result.notes,
        reading=insight.explanation.rows,
        facts=tuple(facts.items()),
        withheld=_withheld(result.tables, result.withheld),
    )


def of_answer(
    table: ReleasedTable, about: About, *, title: str, drawn: tuple[ChartSpec, InsightResult] | None
) -> Document:
    """A released answer's document."""
    shown = as_shown(table, title)
    plain = InsightResult(headline=title, tables=(shown,), withheld=sum(table.withheld.values()))
    return Document(
        name=str(about.facts.get("release", "answer")),
        title=title,
        question="",
        headline="",
        tables=(shown,),
        charts=(drawn[0],) if drawn and not is_empty(*drawn) else (),
        drawn_from=drawn[1] if drawn else plain,
        notes=(),
        facts=tuple(summary(table, about)),
        withheld=tuple((REASON_TEXTS[reason], str(count)) for reason, count in table.withheld.items()),
    )


def head(title: str, unit: str) -> str:
    """A column's head with its unit."""
    return f"{title} ({unit})" if unit else title


def _withheld(tables: tuple[ShownTable, ...], total: int) -> tuple[tuple[str, str], ...]:
    """How many numbers the inputs withheld, and the reasons that marks in the shown tables carry."""
    found: dict[Reason, int] = {}
    for table in tables:
        for row in table.rows:
            for cell in row:
                if isinstance(cell, Withheld):
                    found[cell.reason] = found.get(cell.reason, 0) + 1
    marks = tuple((f"shown as withheld: {REASON_TEXTS[reason]}", str(count)) for reason, count in found.items())
    return (("numbers withheld in the released tables", str(total)), *marks)
