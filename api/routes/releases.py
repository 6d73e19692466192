"""/v1/releases: answers, in the format that was asked for."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response, status

from api.auth import InRoom, Who
from api.routes.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of
from api.usecases import runs as story
from api.usecases.runs import ReleaseView
from cleanroom.delivery import FORMATS, Format, deliver, format_named
from cleanroom.errors import UsageProblem

router = APIRouter(tags=["releases"])

_PLAIN = {known.media_type.split(";")[0]: known for known in FORMATS}


@router.get("/releases")
def list_releases(room: InRoom, who: Who, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[ReleaseView]:
    """What one's member may hold, newest first, without numbers."""
    found = story.list_releases(room, who, after=cursor, limit=limit + 1)
    return page_of(found, limit=limit, key=lambda view: view.release_id)


@router.get(
    "/releases/{release_id}",
    response_class=Response,
    responses={200: {"content": {media: {} for media in _PLAIN}}, 304: {"description": "you have it already"}},
)
def get_release(
    room: InRoom,
    who: Who,
    release_id: str,
    format: Annotated[str | None, Query(max_length=16)] = None,  # noqa: A002 - the published name
    accept: Annotated[str, Header()] = "*/*",
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """One release as json, csv, parquet, arrow stream or xlsx; by ``?format=`` or ``Accept``."""
    answer = story.get_release(room, who, release_id)
    chosen = format_named(format) if format else _accepted(accept)
    etag = f'"{answer.view.tag}-{chosen.name}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization, Cookie",
        "Content-Disposition": f'attachment; filename="{answer.view.release_id}{chosen.suffix}"',
    }
    if etag in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(deliver(answer.table, chosen.name, answer.about), media_type=chosen.media_type, headers=headers)


def _accepted(header: str) -> Format:
    """The first format the client takes, by its own weights; nothing in particular means JSON."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:50]):
        media, *options = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(option[2:]) for option in options if option.startswith("q=")), 1.0)
        if weight > 0:
            wanted.append((-weight, place, media))
    for _, _, media in sorted(wanted):
        if media in {"*/*", "application/*", ""}:
            return format_named("json")
        if media in _PLAIN:
            return _PLAIN[media]
    raise UsageProblem("CR-A008", "none of the accepted formats is available", help="one of " + ", ".join(_PLAIN))


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
