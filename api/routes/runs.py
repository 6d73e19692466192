"""/v1/runs: submit a question, follow it, cancel it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, status
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api.auth import InRoom, Who
from api.routes.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of
from api.routes.queries import Asked
from api.usecases import runs as story
from api.usecases.runs import RunView

router = APIRouter(tags=["runs"])

_LOOK_SECONDS = 0.25
IdempotencyKey = Annotated[str | None, Header(max_length=80, pattern=r"^[\x21-\x7e]+$")]


@router.post("/runs", status_code=status.HTTP_202_ACCEPTED)
def submit_run(room: InRoom, who: Who, asked: Asked, idempotency_key: IdempotencyKey = None) -> RunView:
    """Queue a question. The same Idempotency-Key with the same question gives the same run."""
    return story.submit_run(room, who, asked.as_ask(), idempotency_key=idempotency_key)


@router.get("/runs")
def list_runs(room: InRoom, who: Who, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[RunView]:
    """One's own member's runs, newest first."""
    found = story.list_runs(room, who, after=cursor, limit=limit + 1)
    return page_of(found, limit=limit, key=lambda view: view.run_id)


@router.get("/runs/{run_id}")
def get_run(room: InRoom, who: Who, run_id: str) -> RunView:
    """One run."""
    return story.get_run(room, who, run_id)


def _seen(room: InRoom, who: Who, run_id: str) -> RunView:
    # Before the stream begins: a refusal is a problem, not an event.
    return story.get_run(room, who, run_id)


Seen = Annotated[RunView, Depends(_seen)]


@router.get("/runs/{run_id}/events", response_class=EventSourceResponse)
async def follow_run(request: Request, room: InRoom, who: Who, first: Seen) -> AsyncIterator[ServerSentEvent]:
    """A run's state as server-sent events, from now until it has ended."""
    view = first
    yield ServerSentEvent(event="state", data=view)
    while not view.state.is_final and not await request.is_disconnected():
        await asyncio.sleep(_LOOK_SECONDS)
        now = await run_in_threadpool(story.get_run, room, who, view.run_id)
        if now != view:
            view = now
            yield ServerSentEvent(event="state", data=view)


@router.post("/runs/{run_id}/cancel")
def cancel_run(room: InRoom, who: Who, run_id: str) -> RunView:
    """Ask a run to stop."""
    return story.cancel_run(room, who, run_id)
