"""Document -> PDF with typst: our own template, texts as data (never as markup), the fonts typst brings along.

Nothing is read from disk but the template and nothing is fetched; the same document gives the same bytes.
"""

import json
from functools import lru_cache
from importlib import resources

import typst

from api.insights.charts import chart_svg
from api.insights.document import Document
from api.insights.shown import as_text, is_numeric, is_withheld
from cleanroom.errors import Unavailable
from queries.insights.model import Cell, ShownTable

_FONT = "Libertinus Serif"


def write_pdf(document: Document) -> bytes:
    """The document as PDF.

    Raises:
        Unavailable: CR-B014 it could not be typeset.
    """
    content = json.dumps(_data(document))
    try:
        made = typst.compile(
            _template(), format="pdf", sys_inputs={"document": content}, ignore_system_fonts=True, timestamp=0
        )
    except typst.TypstError:  # its text quotes the document
        raise Unavailable("CR-B014", "the document could not be typeset", help="ask for html or xlsx") from None
    if not isinstance(made, bytes):
        raise TypeError("one document is asked for")
    return made


def _data(document: Document) -> dict[str, object]:
    svgs = [chart_svg(chart, document.drawn_from, font=_FONT) for chart in document.charts]
    return {
        "title": document.title,
        "question": document.question,
        "headline": document.headline[:1].upper() + document.headline[1:],
        "charts": [
            {"svg": svg, "alt": chart.description or chart.title}
            for svg, chart in zip(svgs, document.charts, strict=True)
        ],
        "tables": [_table(table) for table in document.tables],
        "withheld": document.withheld,
        "notes": document.notes,
        "reading": document.reading,
        "facts": document.facts,
    }


def _table(table: ShownTable) -> dict[str, object]:
    numbers = [_holds_numbers(table, at) for at in range(len(table.columns))]
    return {
        "title": table.title,
        "heads": [[column.title, column.unit, number] for column, number in zip(table.columns, numbers, strict=True)],
        "rows": [[_cell(cell, number) for cell, number in zip(row, numbers, strict=True)] for row in table.rows],
    }


def _holds_numbers(table: ShownTable, at: int) -> bool:
    """Whether a column is read from the right; one without any shown number goes by its unit."""
    shown = [row[at] for row in table.rows if row[at] is not None and not is_withheld(row[at])]
    return is_numeric(shown[0]) if shown else table.columns[at].unit != ""


def _cell(cell: Cell, number: bool) -> list[str]:
    kind = "withheld" if is_withheld(cell) else "number" if number else "text"
    return [kind, as_text(cell)]


@lru_cache(maxsize=1)
def _template() -> bytes:
    return (resources.files("api.insights") / "templates" / "document.typ").read_bytes()
