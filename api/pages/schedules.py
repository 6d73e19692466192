"""Schedules, under Reports: the list, one with its deliveries and what changed, a form for a new one."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.pages.chrome import page, see
from api.pages.forms import PARAMETER_PREFIX, Form, parameters_in
from api.pages.route import PageRoute
from api.principal import Principal
from api.room import Room
from api.schedules.channels import CHANNELS
from api.schedules.relative import SUGGESTED
from api.schedules.report import INSIGHT, QUERY, formats_of
from api.schedules.settings import Deliveries
from api.usecases import schedules as story
from api.usecases.insights import list_insights, parameters_of
from api.usecases.schedules import Wanted
from api.usecases.templates import list_templates, runnable_template
from cleanroom.errors import CleanroomError, NotFound, PolicyRefused
from cleanroom.state import UserRole
from queries.insights import find
from queries.parameters import Declared

router = APIRouter(route_class=PageRoute)

_CADENCES = ("new-data", "daily 06:00", "weekly mon 06:00", "monthly 1 06:00")
_AT = "/reports/schedules"


@router.get(_AT)
def show_all(request: Request, room: InRoom, who: Who) -> Response:
    """One's own member's schedules."""
    views = story.list_schedules(room, who)
    return page(request, "schedules.html", who=who, views=views, can_add=who.has(UserRole.ANALYST))


@router.get(f"{_AT}/new")
def choose(request: Request, room: InRoom, who: Who) -> Response:
    """What to schedule."""
    who.need(UserRole.ANALYST)
    queries = {view.name: view.title for view in list_templates(room, who) if not view.waiting_for}
    insights = {view.insight.name: view.insight.title for view in list_insights(room, who) if view.is_ready}
    return page(request, "schedule_choose.html", who=who, queries=queries, insights=insights)


@router.get(f"{_AT}/new/{{kind}}/{{subject}}")
def fill_in(request: Request, room: InRoom, who: Who, kind: str, subject: str) -> Response:
    """The form for what was chosen."""
    who.need(UserRole.ANALYST)
    return _form(request, room, who, f"{kind}:{subject}", {})


@router.post(f"{_AT}/new")
def add(request: Request, room: InRoom, who: Who, form: Form) -> Response:
    """Keep it, or say what is wrong with it. A webhook's secret is shown here and never again."""
    who.need(UserRole.ANALYST)
    of = form.get("of", "")
    kind, _, subject = of.partition(":")
    wanted = Wanted(
        name=form.get("name", "").strip(),
        kind=kind,
        subject=subject,
        parameters=parameters_in(form),
        cadence=form.get("cadence", ""),
        channel=form.get("channel", ""),
        address=form.get("address", "").strip(),
        format=form.get("format", ""),
        sends=form.get("sends", ""),
    )
    try:
        added = story.add_schedule(room, who, wanted)
    except (NotFound, PolicyRefused):
        raise
    except CleanroomError as refusal:
        return _form(request, room, who, of, form, refusal)
    if added.secret:
        return page(request, "schedule_secret.html", who=who, view=added.view, secret=added.secret)
    return see(f"{_AT}/{added.view.name}")


@router.get(f"{_AT}/{{name}}")
def show(request: Request, room: InRoom, who: Who, name: str) -> Response:
    """One schedule."""
    view = story.get_schedule(room, who, name)
    is_own = view.owner == who.user
    return page(
        request,
        "schedule.html",
        who=who,
        view=view,
        title=_title(room, who, view.kind, view.subject),
        deliveries=story.list_deliveries(room, who, name),
        changes=story.latest_changes(room, who, name),
        can_run=is_own and who.has(UserRole.ANALYST),
        can_stop=is_own or who.has(UserRole.STEWARD),
    )


@router.post(f"{_AT}/{{name}}/pause")
def pause(room: InRoom, who: Who, name: str) -> Response:
    """Let it rest."""
    return see(f"{_AT}/{story.pause_schedule(room, who, name).name}")


@router.post(f"{_AT}/{{name}}/resume")
def resume(room: InRoom, who: Who, name: str) -> Response:
    """Go on from now."""
    return see(f"{_AT}/{story.resume_schedule(room, who, name).name}")


@router.post(f"{_AT}/{{name}}/run")
def run(room: InRoom, who: Who, name: str) -> Response:
    """Run it now."""
    story.run_schedule(room, who, name)
    return see(f"{_AT}/{name}")


@router.post(f"{_AT}/{{name}}/remove")
def remove(room: InRoom, who: Who, name: str) -> Response:
    """End it."""
    story.remove_schedule(room, who, name)
    return see(_AT)


def _form(
    request: Request,
    room: Room,
    who: Principal,
    of: str,
    values: Mapping[str, str],
    refusal: CleanroomError | None = None,
) -> Response:
    kind, _, subject = of.partition(":")
    declared = _declared(room, who, kind, subject)
    outlets = Deliveries.read(room.folder).of(who.member)
    return page(
        request,
        "schedule_new.html",
        who=who,
        status=HTTPStatus.OK if refusal is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        of=of,
        title=_title(room, who, kind, subject),
        parameters=declared,
        prefix=PARAMETER_PREFIX,
        suggested=SUGGESTED,
        cadences=_CADENCES,
        channels=CHANNELS,
        outlets=outlets,
        formats=formats_of(kind),
        values=values,
        refusal=refusal,
    )


def _declared(room: Room, who: Principal, kind: str, subject: str) -> tuple[Declared, ...]:
    if kind == INSIGHT:
        return parameters_of(room, who, subject)
    if kind == QUERY:
        return tuple(runnable_template(room, who, subject).parameters.values())
    raise NotFound("CR-A011", "there is no such address")


def _title(room: Room, who: Principal, kind: str, subject: str) -> str:
    if kind == INSIGHT:
        return find(subject).title
    try:
        return runnable_template(room, who, subject).title
    except CleanroomError:
        return subject  # it was withdrawn; the schedule's own page still opens and says so
