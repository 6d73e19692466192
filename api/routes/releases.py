"""/v1/releases: answers, in the format that was asked for."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response, status

from api.auth import InRoom, Who
from api.routes.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of
from api.usecases import runs as story
from api.usecases.reports import REPORT_FORMATS, open_report, report_file
from api.usecases.runs import ReleaseView
from cleanroom.delivery import FORMATS
from cleanroom.errors import UsageProblem

router = APIRouter(tags=["releases"])

_BY_MEDIA_TYPE = {media.split(";")[0]: name for name, media in REPORT_FORMATS.items()}
_SUFFIXES = {known.name: known.suffix for known in FORMATS}


@router.get("/releases")
def list_releases(room: InRoom, who: Who, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[ReleaseView]:
    """What one's member may hold, newest first, without numbers."""
    found = story.list_releases(room, who, after=cursor, limit=limit + 1)
    return page_of(found, limit=limit, key=lambda view: view.release_id)


@router.get(
    "/releases/{release_id}",
    response_class=Response,
    responses={200: {"content": {media: {} for media in _BY_MEDIA_TYPE}}, 304: {"description": "you have it already"}},
)
def get_release(
    room: InRoom,
    who: Who,
    release_id: str,
    format: Annotated[str | None, Query(max_length=16)] = None,  # noqa: A002 - the published name
    accept: Annotated[str, Header()] = "*/*",
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """One release as json, csv, parquet, arrow stream or xlsx, as a document (pdf, html) or its chart (svg, png); by

    ``?format=`` or ``Accept``.
    """
    chosen = _named(format) if format else _accepted(accept)
    report = open_report(room, who, release_id)
    etag = f'"{report.answer.view.tag}-{chosen}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization, Cookie",
        "Content-Disposition": f'attachment; filename="{report.answer.view.release_id}{_SUFFIXES.get(chosen, f".{chosen}")}"',
    }
    if etag in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(report_file(report, chosen), media_type=REPORT_FORMATS[chosen], headers=headers)


def _named(name: str) -> str:
    if name not in REPORT_FORMATS:
        raise UsageProblem("CR-R501", "no such format", help="one of " + ", ".join(REPORT_FORMATS))
    return name


def _accepted(header: str) -> str:
    """The first format the client takes, by its own weights; nothing in particular means JSON."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:50]):
        media, *options = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(option[2:]) for option in options if option.startswith("q=")), 1.0)
        if weight > 0:
            wanted.append((-weight, place, media))
    for _, _, media in sorted(wanted):
        if media in {"*/*", "application/*", ""}:
            return "json"
        if media in _BY_MEDIA_TYPE:
            return _BY_MEDIA_TYPE[media]
    raise UsageProblem(
        "CR-A008", "none of the accepted formats is available", help="one of " + ", ".join(_BY_MEDIA_TYPE)
    )


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
