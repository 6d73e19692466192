"""Documents of insights and answers: html, pdf, xlsx, csv, svg, png, vl.json; one file per format, listed in ``WRITERS``.

Only what left the room comes in: results computed from releases, and facts about them.
"""

import json
from collections.abc import Callable, Mapping

from api.insights.charts import chart_png, chart_specification, chart_svg
from api.insights.document import Document, of_answer, of_insight
from api.insights.document_csv import write_csv
from api.insights.document_html import write_html
from api.insights.document_pdf import write_pdf
from api.insights.document_xlsx import write_xlsx
from cleanroom.delivery import About
from cleanroom.errors import UsageProblem
from cleanroom.released import ReleasedTable
from queries.insights.model import ChartSpec, Insight, InsightResult


def _first_svg(document: Document) -> bytes:
    return chart_svg(_first(document), document.drawn_from).encode()


def _first_png(document: Document) -> bytes:
    return chart_png(_first(document), document.drawn_from)


def _first_specification(document: Document) -> bytes:
    return json.dumps(chart_specification(_first(document), document.drawn_from)).encode()


def _first(document: Document) -> ChartSpec:
    if not document.charts:
        raise UsageProblem("CR-B012", "this has no chart", help="ask for html, pdf, xlsx or csv")
    return document.charts[0]


FORMATS: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "vl.json": "application/vnd.vegalite.v6+json",
}
"""Media types of an insight's documents by format."""

WRITERS: Mapping[str, Callable[[Document], bytes]] = {
    "html": write_html,
    "pdf": write_pdf,
    "xlsx": write_xlsx,
    "csv": write_csv,
    "svg": _first_svg,
    "png": _first_png,
    "vl.json": _first_specification,
}

MEDIA_TYPES: Mapping[str, str] = {name: FORMATS[name] for name in ("html", "pdf", "svg", "png", "vl.json")}
"""Those an answer has beside the formats of ``cleanroom.delivery``."""


def render(format_name: str, insight: Insight, result: InsightResult, facts: Mapping[str, str]) -> bytes:
    """An insight as a document.

    Args:
        format_name: one of ``FORMATS``; csv holds the first table, svg, png and vl.json (Vega-Lite) the first chart.
        insight: what was asked.
        result: what came of it.
        facts: run ids, digests, data date: shown as they are, in order.

    Raises:
        UsageProblem: CR-B013 no such format, CR-B012 no chart to draw.
    """
    return _writer(format_name)(of_insight(insight, result, facts))


def render_answer(
    format_name: str,
    table: ReleasedTable,
    about: About,
    *,
    title: str,
    drawn: tuple[ChartSpec, InsightResult] | None,
) -> bytes:
    """A released answer as a document; ``drawn`` is its chart. Errors as ``render``."""
    return _writer(format_name)(of_answer(table, about, title=title, drawn=drawn))


def _writer(format_name: str) -> Callable[[Document], bytes]:
    found = WRITERS.get(format_name)
    if found is None:
        raise UsageProblem("CR-B013", "no such format", help="one of " + ", ".join(WRITERS))
    return found
