"""Reports: released answers, as tables, charts and files."""

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.insights.charts import as_shown, is_empty
from api.pages.chart_view import library_address, specification_response, svg_response
from api.pages.chrome import page
from api.pages.paging import PAGE_SIZE, older
from api.pages.route import PageRoute
from api.pages.titles import titles_of
from api.usecases.reports import REPORT_FORMATS, Report, open_report, report_file
from api.usecases.runs import list_releases
from cleanroom.delivery.csv_text import CsvOptions, render_csv
from cleanroom.delivery.formats import FORMATS
from cleanroom.errors import NotFound

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
        titles=titles_of(room, who),
        older=older(found, lambda view: view.release_id),
    )


@router.get("/reports/{release_id}")
def show(request: Request, room: InRoom, who: Who, release_id: str) -> Response:
    """One release."""
    report = open_report(room, who, release_id)
    answer, drawn = report.answer, report.drawn
    return page(
        request,
        "report.html",
        who=who,
        title=report.title,
        view=answer.view,
        table=answer.table,
        shown=as_shown(answer.table, report.title),
        facts=answer.about.facts,
        chart=drawn[0] if drawn else None,
        library=library_address(),
        is_empty=drawn is not None and is_empty(*drawn),
        rows=answer.table.rows[:MAX_ROWS_SHOWN],
        is_own=answer.view.asked_by == who.member,
        formats=[*(known.name for known in FORMATS), "html", "pdf"],
        spreadsheets=tuple(_SPREADSHEETS),
    )


@router.get("/reports/{release_id}/chart-{theme}.svg")
def draw(room: InRoom, who: Who, release_id: str, theme: str) -> Response:
    """Its chart."""
    drawn = open_report(room, who, release_id).drawn
    if drawn is None:
        raise NotFound("CR-A011", "there is no such address")
    return svg_response(*drawn, theme=theme)


@router.get("/reports/{release_id}/chart-{theme}.vl.json")
def describe(room: InRoom, who: Who, release_id: str, theme: str) -> Response:
    """What its interactive chart is drawn from."""
    drawn = open_report(room, who, release_id).drawn
    if drawn is None:
        raise NotFound("CR-A011", "there is no such address")
    return specification_response(*drawn, theme=theme)


@router.get("/reports/{release_id}/file.{format_name}")
def download(room: InRoom, who: Who, release_id: str, format_name: str) -> Response:
    """It as a file."""
    report = open_report(room, who, release_id)
    media_type, content = _file(report, format_name)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{release_id}.{format_name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _file(report: Report, format_name: str) -> tuple[str, bytes]:
    if format_name in _SPREADSHEETS:
        return _CSV, render_csv(report.answer.table, report.answer.about, _SPREADSHEETS[format_name])
    if format_name not in REPORT_FORMATS:
        raise NotFound("CR-A011", "there is no such address")
    return REPORT_FORMATS[format_name], report_file(report, format_name)
