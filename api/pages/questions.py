"""Ad hoc questions: a box for SQL, its check with every refusal and its legal rewrite, and asking."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.pages.chrome import is_part, page, see
from api.pages.forms import Form
from api.pages.route import PageRoute
from api.principal import Principal
from api.room import Room
from api.usecases.policies import active_policies
from api.usecases.questions import Ask, check_question
from api.usecases.runs import submit_run
from cleanroom.errors import UsageProblem
from cleanroom.state import UserRole
from queries.check import CheckResult

router = APIRouter(route_class=PageRoute)


@router.get("/ask")
def write(request: Request, room: InRoom, who: Who) -> Response:
    """An empty box."""
    return ask_page(request, room, who)


@router.post("/ask/check")
def check(request: Request, room: InRoom, who: Who, form: Form) -> Response:
    """Decide about the text without touching data."""
    asked = _asked(form)
    result = check_question(room, who, asked)
    if is_part(request):
        return page(
            request,
            "part_decision.html",
            who=who,
            decision=result,
            sql_sent=asked.sql or "",
            purpose=asked.purpose or "",
        )
    return ask_page(
        request, room, who, sql=asked.sql or "", purpose=asked.purpose or "", given=asked.parameters, decision=result
    )


@router.post("/ask/fix")
def fix(request: Request, room: InRoom, who: Who, form: Form) -> Response:
    """The box again, with a suggested rewrite in the text, checked."""
    asked = _asked(form)
    return ask_page(
        request, room, who, sql=asked.sql or "", purpose=asked.purpose or "", given=asked.parameters,
        decision=check_question(room, who, asked),
    )  # fmt: skip


@router.post("/ask/run")
def run(room: InRoom, who: Who, form: Form) -> Response:
    """Ask it."""
    return see(f"/runs/{submit_run(room, who, _asked(form)).run_id}")


def ask_page(
    request: Request,
    room: Room,
    who: Principal,
    *,
    sql: str = "",
    purpose: str = "",
    given: Mapping[str, str] | None = None,
    decision: CheckResult | None = None,
) -> Response:
    """The box, filled in."""
    who.need(UserRole.ANALYST, UserRole.STEWARD)
    return page(
        request,
        "ask.html",
        who=who,
        sql=sql,
        sql_sent=sql,
        purpose=purpose,
        purposes=_purposes(room, who),
        lines="\n".join(f"{name} = {value}" for name, value in (given or {}).items()),
        decision=decision,
        can_ask=who.has(UserRole.ANALYST),
    )


def _purposes(room: Room, who: Principal) -> list[str]:
    """Those of the policies under which one's member may ask."""
    return sorted({p for policy in active_policies(room) if who.member in policy.queriers for p in policy.purposes})


def _asked(form: Mapping[str, str]) -> Ask:
    given: dict[str, str] = {}
    for line in form.get("lines", "").splitlines():
        if not line.strip():
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise UsageProblem("CR-A054", "a parameter is written `name = value`, one on each line")
        given[name.strip()] = value.strip()
    return Ask(sql=form.get("sql", ""), purpose=form.get("purpose", "") or None, parameters=given)
