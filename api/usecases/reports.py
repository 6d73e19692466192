"""A release as a report: its answer, what it is called, how it is drawn, and the files it is handed out as.

The same for the pages and for ``/v1/releases``: what one can have, the other can.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from api.insights.charts import release_chart
from api.insights.documents import MEDIA_TYPES, render_answer
from api.principal import Principal
from api.room import Room
from api.usecases.runs import Answer, get_release
from api.usecases.templates import runnable_template
from cleanroom.delivery import FORMATS, deliver
from cleanroom.errors import CleanroomError, UsageProblem
from queries.insights.model import ChartSpec, InsightResult
from queries.template import QueryTemplate

REPORT_FORMATS: Mapping[str, str] = {**{known.name: known.media_type for known in FORMATS}, **MEDIA_TYPES}
"""Media types of everything a release is handed out as, by format: data first, then documents and pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One release for reading. ``drawn`` is its chart with the table it draws; None where there is nothing to draw."""

    answer: Answer
    title: str
    drawn: tuple[ChartSpec, InsightResult] | None


def open_report(room: Room, who: Principal, release_id: str) -> Report:
    """The report of a release.

    Raises:
        NotFound: CR-L003, also where one's member may not hold it (I17).
    """
    answer = get_release(room, who, release_id)
    template = _template(room, who, answer)
    title = template.title if template else answer.view.template_id or "Ad hoc question"
    return Report(
        answer=answer, title=title, drawn=release_chart(answer.table, title, template.chart if template else None)
    )


def report_file(report: Report, format_name: str) -> bytes:
    """The report as a file of ``REPORT_FORMATS``.

    Raises:
        UsageProblem: CR-R501 no such format, CR-R502 too large for it, CR-B012 there is no chart to draw.
    """
    answer = report.answer
    if format_name in MEDIA_TYPES:
        return render_answer(format_name, answer.table, answer.about, title=report.title, drawn=report.drawn)
    if format_name not in REPORT_FORMATS:
        raise UsageProblem("CR-R501", "no such format", help="one of " + ", ".join(REPORT_FORMATS))
    return deliver(answer.table, format_name, answer.about)


def _template(room: Room, who: Principal, answer: Answer) -> QueryTemplate | None:
    """The template it came from, while one's member may see it."""
    if answer.view.template_id is None:
        return None
    try:
        return runnable_template(room, who, answer.view.template_id, asked_by=answer.view.asked_by)
    except CleanroomError:
        return None
