"""Released answers -> the file of one format, and what a receiver should know of each. Reads releases as their reader.

A query's report is its one release in any format of ``cleanroom.delivery``, or as a document; an insight's is its
document over one release per template.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from api.insights.documents import FORMATS as INSIGHT_FORMATS
from api.insights.documents import render
from api.principal import Principal
from api.room import Room
from api.schedules.changes import Held
from api.usecases.insights import answer_of
from api.usecases.reports import REPORT_FORMATS, open_report, report_file
from api.usecases.reports import Report as OpenedReport
from cleanroom.delivery import FORMATS
from cleanroom.errors import DataRefused, UsageProblem
from queries.insights import find

QUERY, INSIGHT = "query", "insight"
_PICTURES = frozenset({"svg", "png"})
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
    """The formats of a schedule's kind: everything one can take along but single pictures."""
    known = REPORT_FORMATS if kind == QUERY else INSIGHT_FORMATS
    return tuple(name for name in known if name not in _PICTURES)


def need_format(kind: str, name: str) -> None:
    """Return only for a format of that kind. Raises UsageProblem CR-S004."""
    if name not in formats_of(kind):
        raise UsageProblem("CR-S004", "no such format", help="one of " + ", ".join(formats_of(kind)))


def report_of(room: Room, who: Principal, kind: str, subject: str, format_name: str, releases: Sequence[str]) -> Report:
    """The report over ``releases``, which ``who``'s member may hold.

    Raises:
        NotAuthorised, NotFound: as for everybody who opens them. DataRefused: CR-S005 nothing can be computed.
    """
    opened = [open_report(room, who, release) for release in releases]
    if kind == INSIGHT:
        return _of_insight(room, who, subject, format_name, opened)
    return _of_query(opened[0], format_name)


def held_of(room: Room, who: Principal, releases: Sequence[str]) -> tuple[Held, ...]:
    """Answers to compare with, as the same person may read them now."""
    return tuple(_held(open_report(room, who, release)) for release in releases)


def _of_query(opened: OpenedReport, format_name: str) -> Report:
    view = opened.answer.view
    return Report(
        title=opened.title,
        path=f"/reports/{view.release_id}",
        suffix=_SUFFIXES.get(format_name, f".{format_name}"),
        media_type=REPORT_FORMATS[format_name],
        content=report_file(opened, format_name),
        held=(_held(opened),),
        data_date=view.data_date,
        withheld=sum(opened.answer.table.withheld.values()),
    )


def _of_insight(room: Room, who: Principal, name: str, format_name: str, opened: Sequence[OpenedReport]) -> Report:
    insight = find(name)
    ids = tuple(str(one.answer.view.release_id) for one in opened)
    computed = answer_of(room, who, name, ids)
    if computed.result is None:
        raise DataRefused("CR-S005", "nothing can be computed from these answers", help="too much is withheld in them")
    return Report(
        title=insight.title,
        path=f"/insights/{name}/of/{'.'.join(ids)}",
        suffix=f".{format_name}",
        media_type=INSIGHT_FORMATS[format_name],
        content=render(format_name, insight, computed.result, computed.facts),
        held=tuple(_held(one) for one in opened),
        data_date=computed.data_date,
        withheld=computed.result.withheld,
    )


def _held(opened: OpenedReport) -> Held:
    view = opened.answer.view
    return Held(
        title=opened.title, release_id=str(view.release_id), table=opened.answer.table, data_date=view.data_date
    )
