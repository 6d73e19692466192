"""Released answers -> the file of one format, and what a receiver should know of each. Reads releases as their reader.

A query's report is its one release in any format of ``cleanroom.delivery``, or as a document; an insight's is its
document over one release per template.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from api.insights.charts import release_chart
from api.insights.documents import FORMATS as INSIGHT_FORMATS
from api.insights.documents import MEDIA_TYPES, render, render_answer
from api.principal import Principal
from api.room import Room
from api.schedules.changes import Held
from api.usecases.insights import answer_of
from api.usecases.runs import Answer, get_release
from api.usecases.templates import runnable_template
from cleanroom.delivery import FORMATS, deliver
from cleanroom.errors import CleanroomError, DataRefused, UsageProblem
from queries.insights import find
from queries.template import QueryTemplate

QUERY, INSIGHT = "query", "insight"
_QUERY_TYPES: Mapping[str, str] = {known.name: known.media_type for known in FORMATS} | {
    name: MEDIA_TYPES[name] for name in ("html", "pdf")
}
_SUFFIXES: Mapping[str, str] = {known.name: known.suffix for known in FORMATS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A file and what it is about. ``suffix`` begins with a dot; ``held`` are the answers it was made of."""

    title: str
    path: str
    suffix: str
    media_type: str
    content: bytes = field(repr=False)
    held: tuple[Held, ...] = field(repr=False)
    data_date: date | None
    withheld: int


def formats_of(kind: str) -> tuple[str, ...]:
    """The formats of a schedule's kind."""
    return (
        tuple(_QUERY_TYPES) if kind == QUERY else tuple(name for name in INSIGHT_FORMATS if name not in ("svg", "png"))
    )


def need_format(kind: str, name: str) -> None:
    """Return only for a format of that kind. Raises UsageProblem CR-S004."""
    if name not in formats_of(kind):
        raise UsageProblem("CR-S004", "no such format", help="one of " + ", ".join(formats_of(kind)))


def report_of(room: Room, who: Principal, kind: str, subject: str, format_name: str, releases: Sequence[str]) -> Report:
    """The report over ``releases``, which ``who``'s member may hold.

    Raises:
        NotAuthorised, NotFound: as for everybody who opens them. DataRefused: CR-S005 nothing can be computed.
    """
    answers = [get_release(room, who, release) for release in releases]
    if kind == INSIGHT:
        return _of_insight(room, who, subject, format_name, answers)
    return _of_query(room, who, format_name, answers[0])


def held_of(room: Room, who: Principal, releases: Sequence[str]) -> tuple[Held, ...]:
    """Answers to compare with, as the same person may read them now."""
    return tuple(_held(room, who, get_release(room, who, release)) for release in releases)


def _of_query(room: Room, who: Principal, format_name: str, answer: Answer) -> Report:
    template = _template(room, who, answer)
    held = _held(room, who, answer)
    if format_name in MEDIA_TYPES:
        drawn = release_chart(answer.table, held.title, template.chart if template else None)
        content = render_answer(format_name, answer.table, answer.about, title=held.title, drawn=drawn)
    else:
        content = deliver(answer.table, format_name, answer.about)
    return Report(
        title=held.title,
        path=f"/reports/{answer.view.release_id}",
        suffix=_SUFFIXES.get(format_name, f".{format_name}"),
        media_type=_QUERY_TYPES[format_name],
        content=content,
        held=(held,),
        data_date=answer.view.data_date,
        withheld=sum(answer.table.withheld.values()),
    )


def _of_insight(room: Room, who: Principal, name: str, format_name: str, answers: Sequence[Answer]) -> Report:
    insight = find(name)
    ids = tuple(str(answer.view.release_id) for answer in answers)
    computed = answer_of(room, who, name, ids)
    if computed.result is None:
        raise DataRefused("CR-S005", "nothing can be computed from these answers", help="too much is withheld in them")
    return Report(
        title=insight.title,
        path=f"/insights/{name}/of/{'.'.join(ids)}",
        suffix=f".{format_name}",
        media_type=INSIGHT_FORMATS[format_name],
        content=render(format_name, insight, computed.result, computed.facts),
        held=tuple(_held(room, who, answer) for answer in answers),
        data_date=computed.data_date,
        withheld=computed.result.withheld,
    )


def _held(room: Room, who: Principal, answer: Answer) -> Held:
    template = _template(room, who, answer)
    return Held(
        title=template.title if template else answer.view.template_id or "Ad hoc question",
        release_id=str(answer.view.release_id),
        table=answer.table,
        data_date=answer.view.data_date,
    )


def _template(room: Room, who: Principal, answer: Answer) -> QueryTemplate | None:
    """The template it came from, while one's member may see it."""
    if answer.view.template_id is None:
        return None
    try:
        return runnable_template(room, who, answer.view.template_id, asked_by=answer.view.asked_by)
    except CleanroomError:
        return None
