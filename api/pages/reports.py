"""Reports: released answers, as tables, charts and files."""

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.insights.charts import as_shown, chart_svg, is_empty, release_chart
from api.insights.documents import MEDIA_TYPES, render_answer
from api.pages.chrome import HEADERS, page
from api.pages.paging import PAGE_SIZE, older
from api.pages.route import PageRoute
from api.principal import Principal
from api.room import Room
from api.usecases.runs import Answer, get_release, list_releases
from api.usecases.templates import runnable_template
from cleanroom.delivery import deliver
from cleanroom.delivery.csv_text import CsvOptions, render_csv
from cleanroom.delivery.formats import FORMATS
from cleanroom.errors import CleanroomError, NotFound
from queries.template import QueryTemplate

router = APIRouter(route_class=PageRoute)

MAX_ROWS_SHOWN = 500
_CSV = "text/csv; charset=utf-8"
_SPREADSHEETS = {"excel.csv": CsvOptions(bom=True), "comma.csv": CsvOptions(bom=True, decimal_comma=True)}


@router.get("/reports")
def show_all(request: Request, room: InRoom, who: Who, before: str = "") -> Response:
    """What one's member may hold, newest first."""
    found = list_releases(room, who, after=before or None, limit=PAGE_SIZE + 1)
    return page(
        request,
        "reports.html",
        who=who,
        releases=found[:PAGE_SIZE],
        titles=_titles(room, who),
        older=older(found, lambda view: view.release_id),
    )


@router.get("/reports/{release_id}")
def show(request: Request, room: InRoom, who: Who, release_id: str) -> Response:
    """One release."""
    answer = get_release(room, who, release_id)
    template = _template(room, who, answer)
    title = _title(answer, template)
    drawn = release_chart(answer.table, title, template.chart if template else None)
    return page(
        request,
        "report.html",
        who=who,
        title=title,
        view=answer.view,
        table=answer.table,
        shown=as_shown(answer.table, title),
        facts=answer.about.facts,
        chart=drawn[0] if drawn else None,
        is_empty=drawn is not None and is_empty(*drawn),
        rows=answer.table.rows[:MAX_ROWS_SHOWN],
        is_own=answer.view.asked_by == who.member,
        formats=[*(known.name for known in FORMATS), "html", "pdf"],
        spreadsheets=tuple(_SPREADSHEETS),
    )


@router.get("/reports/{release_id}/chart-{theme}.svg")
def draw(room: InRoom, who: Who, release_id: str, theme: str) -> Response:
    """Its chart."""
    answer = get_release(room, who, release_id)
    template = _template(room, who, answer)
    drawn = release_chart(answer.table, _title(answer, template), template.chart if template else None)
    if drawn is None or theme not in ("light", "dark"):
        raise NotFound("CR-A011", "there is no such address")
    svg = chart_svg(*drawn, dark=theme == "dark")
    return Response(svg, media_type="image/svg+xml", headers={**HEADERS, "Cache-Control": "private, max-age=3600"})


@router.get("/reports/{release_id}/file.{format_name}")
def download(room: InRoom, who: Who, release_id: str, format_name: str) -> Response:
    """It as a file."""
    answer = get_release(room, who, release_id)
    media_type, content = _file(room, who, answer, format_name)
    name = f"{answer.view.release_id}.{format_name}"
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _file(room: Room, who: Principal, answer: Answer, format_name: str) -> tuple[str, bytes]:
    if format_name in _SPREADSHEETS:
        return _CSV, render_csv(answer.table, answer.about, _SPREADSHEETS[format_name])
    if format_name in MEDIA_TYPES:
        template = _template(room, who, answer)
        drawn = release_chart(answer.table, _title(answer, template), template.chart if template else None)
        content = render_answer(format_name, answer.table, answer.about, title=_title(answer, template), drawn=drawn)
        return MEDIA_TYPES[format_name], content
    known = next((known for known in FORMATS if known.name == format_name), None)
    if known is None:
        raise NotFound("CR-A011", "there is no such address")
    return known.media_type, deliver(answer.table, known.name, answer.about)


def _template(room: Room, who: Principal, answer: Answer) -> QueryTemplate | None:
    """The template it came from, while one's member may see it."""
    if answer.view.template_id is None:
        return None
    try:
        return runnable_template(room, who, answer.view.template_id)
    except CleanroomError:
        return None


def _title(answer: Answer, template: QueryTemplate | None) -> str:
    return template.title if template else answer.view.template_id or "Ad hoc question"


def _titles(room: Room, who: Principal) -> dict[str, str]:
    from api.usecases.templates import list_templates

    views = list_templates(room, who)
    return {view.name: view.title for view in views} | {view.template_id: view.title for view in views}
