"""Runs: where each question stands, live; cancel; ask again."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.pages.chrome import is_part, page, see
from api.pages.forms import PARAMETER_PREFIX
from api.pages.paging import PAGE_SIZE, older
from api.pages.queries import template_page
from api.pages.questions import ask_page
from api.pages.route import PageRoute
from api.pages.titles import title_of, titles_of
from api.usecases.run_story import open_ask
from api.usecases.runs import RunView, cancel_run, get_run, list_runs
from api.usecases.templates import get_template, runnable_template
from cleanroom.errors import NotAuthorised, Span, Violation
from cleanroom.names import RunId

router = APIRouter(route_class=PageRoute)


@router.get("/runs")
def show_all(request: Request, room: InRoom, who: Who, before: str = "") -> Response:
    """One's own member's runs, newest first."""
    found = list_runs(room, who, after=before or None, limit=PAGE_SIZE + 1)
    return page(
        request, "runs.html", who=who, runs=found[:PAGE_SIZE], titles=titles_of(room, who),
        older=older(found, lambda view: view.run_id),
    )  # fmt: skip


@router.get("/runs/{run_id}")
def show(request: Request, room: InRoom, who: Who, run_id: str) -> Response:
    """One run; its state alone when our script asks."""
    run = get_run(room, who, run_id)
    template = "part_run.html" if is_part(request) else "run.html"
    return page(
        request,
        template,
        who=who,
        run=run,
        title=title_of(titles_of(room, who), run.template_id),
        violations=violations_of(run),
        is_own=run.user == who.user,
    )


@router.post("/runs/{run_id}/cancel")
def cancel(room: InRoom, who: Who, run_id: str) -> Response:
    """Ask it to stop."""
    return see(f"/runs/{cancel_run(room, who, run_id).run_id}")


@router.get("/runs/{run_id}/again")
def again(request: Request, room: InRoom, who: Who, run_id: str) -> Response:
    """The form one asked with, filled in as it was; one's own questions only."""
    run = get_run(room, who, run_id)
    if run.user != who.user:
        raise NotAuthorised("CR-A003", "this is a colleague's question", help="ask it from the query's own page")
    with room.state.read() as tx:
        asked = open_ask(room, tx.runs.get(RunId(run.run_id)))
    if asked.template is not None:
        found = runnable_template(room, who, asked.template)
        view = get_template(room, who, f"{found.name}@{found.version}")
        values = {f"{PARAMETER_PREFIX}{name}": value for name, value in asked.parameters.items()}
        return template_page(request, room, who, view, values=values)
    return ask_page(request, room, who, sql=asked.sql or "", purpose=asked.purpose or "", given=asked.parameters)


def violations_of(run: RunView) -> tuple[Violation, ...]:
    """A refused run's violations, as they were stored."""
    found = (run.problem or {}).get("violations")
    if not isinstance(found, list):
        return ()
    return tuple(Violation(**{**_fields(item), "span": _span(item.get("span"))}) for item in found)


def _span(stored: Mapping[str, int] | None) -> Span | None:
    return Span(**_fields(stored)) if stored else None


def _fields(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored value's fields, without the mark that names its type."""
    return {name: value for name, value in stored.items() if name != "$"}
