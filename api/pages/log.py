"""Log: who did what when, whether the chain holds, and a checkpoint to take away."""

import json
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.pages.chrome import HEADERS, page
from api.pages.forms import Form
from api.pages.paging import PAGE_SIZE
from api.pages.route import PageRoute
from api.principal import Principal
from api.room import Room
from api.usecases import log as story
from cleanroom.errors import CleanroomError

router = APIRouter(route_class=PageRoute)


@router.get("/log")
def show_all(request: Request, room: InRoom, who: Who, before: int = 0) -> Response:
    """The newest entries; ``before`` goes back from an entry's number."""
    return _page(request, room, who, before=before)


@router.post("/log/verify")
def verify(request: Request, room: InRoom, who: Who, form: Form) -> Response:
    """Check the chain and the state beside it, and a checkpoint if one was pasted."""
    given = form.get("checkpoint", "").strip() or None
    try:
        return _page(request, room, who, verified=story.verify_log(room, who, given))
    except CleanroomError as failure:
        if failure.code.startswith("CR-A"):
            raise
        return _page(request, room, who, failure=failure)


@router.get("/log/checkpoint.json")
def take(room: InRoom, who: Who) -> Response:
    """A signed statement of what the log is now: keep it outside the room."""
    point = story.take_checkpoint(room, who)
    disposition = f'attachment; filename="checkpoint-{point.size}.json"'
    return Response(
        point.to_text(), media_type="application/json", headers={**HEADERS, "Content-Disposition": disposition}
    )


@router.get("/log/{seq}")
def show(request: Request, room: InRoom, who: Who, seq: int) -> Response:
    """One entry."""
    found = story.list_log(room, who, after=max(0, min(seq, 2**31) - 1), limit=1)
    entry = found[0] if found and found[0].seq == seq else None
    return page(request, "log_entry.html", who=who, entry=entry, seq=seq, facts=_facts(entry.facts) if entry else {})


def _page(
    request: Request,
    room: Room,
    who: Principal,
    *,
    before: int = 0,
    verified: story.Verified | None = None,
    failure: CleanroomError | None = None,
) -> Response:
    size = story.log_size(room, who)
    last = min(max(before - 1, 0), size) if before else size
    first = max(0, last - PAGE_SIZE)
    entries = story.list_log(room, who, after=first, limit=last - first) if last > first else ()
    return page(
        request,
        "log.html",
        who=who,
        size=size,
        entries=tuple(reversed(entries)),
        facts={entry.seq: _facts(entry.facts) for entry in entries},
        older=first + 1 if first else 0,
        verified=verified,
        failure=failure,
    )


def _facts(text: str) -> Mapping[str, object]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}
