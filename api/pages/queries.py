"""Queries: the library, one template with all a steward must read before approving it, its form, its check."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.pages.chrome import is_part, page, see
from api.pages.forms import Form, parameters_in
from api.pages.route import PageRoute
from api.principal import Principal
from api.room import Room
from api.usecases.questions import Ask, check_question
from api.usecases.runs import submit_run
from api.usecases.templates import (
    TemplateView,
    get_template,
    list_templates,
    runnable_template,
    submit_template,
    withdraw_template,
)
from cleanroom.errors import PolicyRefused
from cleanroom.state import UserRole
from queries.check import CheckResult
from queries.reads import reads_of
from queries.template import QueryTemplate

router = APIRouter(route_class=PageRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRead:
    """A column a template reads, in the contract's words."""

    name: str
    role: str
    description: str


@router.get("/queries")
def show_all(request: Request, room: InRoom, who: Who) -> Response:
    """The library."""
    can_ask = who.has(UserRole.ANALYST, UserRole.STEWARD)
    return page(request, "queries.html", who=who, views=list_templates(room, who), can_ask=can_ask)


@router.get("/queries/new")
def write(request: Request, who: Who) -> Response:
    """The form for a new template."""
    who.need(UserRole.ANALYST, UserRole.STEWARD)
    return page(request, "query_new.html", who=who, text="", violations=())


@router.post("/queries/new")
def submit(request: Request, room: InRoom, who: Who, form: Form) -> Response:
    """Keep a new version, or say everything that is wrong with its text."""
    text = form.get("text", "")
    try:
        view = submit_template(room, who, text)
    except PolicyRefused as refused:
        return page(request, "query_new.html", who=who, text=text, violations=refused.violations)
    return see(_address(view))


@router.get("/queries/{name}/{version}")
def show(request: Request, room: InRoom, who: Who, name: str, version: int) -> Response:
    """One version."""
    return template_page(request, room, who, get_template(room, who, f"{name}@{version}"))


@router.post("/queries/{name}/{version}/check")
def check(request: Request, room: InRoom, who: Who, name: str, version: int, form: Form) -> Response:
    """Decide about the filled-in form without touching data."""
    view = get_template(room, who, f"{name}@{version}")
    result = check_question(room, who, Ask(template=view.template_id, parameters=parameters_in(form)))
    if is_part(request):
        return page(request, "part_decision.html", who=who, decision=result, sql_sent="", purpose="")
    return template_page(request, room, who, view, values=form, decision=result)


@router.post("/queries/{name}/{version}/run")
def run(room: InRoom, who: Who, name: str, version: int, form: Form) -> Response:
    """Ask it."""
    view = get_template(room, who, f"{name}@{version}")
    made = submit_run(room, who, Ask(template=view.template_id, parameters=parameters_in(form)))
    return see(f"/runs/{made.run_id}")


@router.post("/queries/{name}/{version}/withdraw")
def withdraw(room: InRoom, who: Who, name: str, version: int) -> Response:
    """Take one's member's approval back, or one's own template; at once."""
    return see(_address(withdraw_template(room, who, f"{name}@{version}")))


def template_page(
    request: Request,
    room: Room,
    who: Principal,
    view: TemplateView,
    *,
    values: Mapping[str, str] | None = None,
    decision: CheckResult | None = None,
) -> Response:
    """One version with its form, filled with ``values``."""
    template = runnable_template(room, who, view.template_id)
    return page(
        request,
        "query.html",
        who=who,
        view=view,
        template=template,
        parameters=tuple(template.parameters.values()),
        reads=_reads(room, template),
        values=values or {},
        decision=decision,
        sql_sent="",
        purpose="",
        can_ask=who.has(UserRole.ANALYST),
        can_check=who.has(UserRole.ANALYST, UserRole.STEWARD),
        can_approve=who.has(UserRole.STEWARD) and who.member in view.waiting_for,
        can_withdraw=_may_withdraw(who, view),
    )


def _reads(room: Room, template: QueryTemplate) -> list[tuple[str, list[ColumnRead]]]:
    """What it reads, dataset by dataset, in words."""
    contracts = room.contracts()
    found: list[tuple[str, list[ColumnRead]]] = []
    for read in reads_of(template.shape, None):
        columns = contracts[read.dataset].by_name
        rows = [
            ColumnRead(name=name, role=str(columns[name].role), description=columns[name].description)
            if name in columns
            else ColumnRead(name=name, role="dimension", description="The member whose rows they are")
            for name in read.columns
        ]
        found.append((contracts[read.dataset].title, rows))
    return found


def _may_withdraw(who: Principal, view: TemplateView) -> bool:
    if str(view.status) not in ("submitted", "active"):
        return False
    has_given = any(a.owner == who.member and a.withdrawn_at is None for a in view.approvals)
    is_author = view.member == who.member and who.has(UserRole.ANALYST, UserRole.STEWARD)
    return is_author or (has_given and who.has(UserRole.STEWARD))


def _address(view: TemplateView) -> str:
    return f"/queries/{view.name}/{view.version}"
