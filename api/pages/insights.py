"""Insights: the list, one page each, asking anew, charts and documents."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.insights.charts import is_empty
from api.insights.documents import FORMATS, render
from api.pages.chart_view import library_address, specification_response, svg_response
from api.pages.chrome import HEADERS, is_part, page, see
from api.pages.forms import PARAMETER_PREFIX, Form, parameters_in
from api.pages.route import PageRoute
from api.principal import Principal
from api.room import Room
from api.usecases import insights as story
from api.usecases.runs import RunView, get_run
from cleanroom.errors import NotFound
from cleanroom.state import UserRole
from queries.insights import find
from queries.insights.model import ChartSpec, InsightResult

router = APIRouter(route_class=PageRoute)

GROUPS: Mapping[str, tuple[str, ...]] = {
    "The sold population": (
        "missing-denominator", "registration-coverage", "registration-lag", "recall-reach", "overlap", "funnel",
    ),
    "Failures over time": (
        "claim-incidence", "claim-frequency", "claims-per-1000", "nevada-chart", "life-fit", "survival",
        "early-failure", "just-missed", "retailer-effect",
    ),
    "Cost and cover": (
        "warranty-cost", "coverage-overlap", "care-plan-attach", "attach-lag", "served-value", "repurchase",
    ),
    "Returns": ("return-rate", "returns-by-age", "dead-on-arrival", "no-fault-found"),
    "Service": (
        "referrals", "first-contact-fix", "repair-turnaround", "repeat-repair", "parts-backorder", "satisfaction-gap",
    ),
}  # fmt: skip
"""How the list is grouped; an insight named in no group stands under `Further`."""
FURTHER = "Further"
_MAX_IDS = 16


@router.get("/insights")
def show_all(request: Request, room: InRoom, who: Who) -> Response:
    """Every insight with its newest headline."""
    return page(request, "insights.html", who=who, groups=_grouped(story.list_insights(room, who)))


@router.get("/insights/{name}")
def show_newest(request: Request, room: InRoom, who: Who, name: str) -> Response:
    """One insight over the newest releases it can be computed from."""
    view = story.get_insight(room, who, name)
    return _shown(request, room, who, view, view.answer)


@router.get("/insights/{name}/of/{releases}")
def show_exactly(request: Request, room: InRoom, who: Who, name: str, releases: str) -> Response:
    """One insight over exactly these releases: the permanent link."""
    answer = story.answer_of(room, who, name, _ids(releases))
    return _shown(request, room, who, story.get_insight(room, who, name), answer)


@router.get("/insights/{name}/of/{releases}/chart-{number}-{theme}.svg")
def draw(room: InRoom, who: Who, name: str, releases: str, number: int, theme: str) -> Response:
    """One chart of it."""
    return svg_response(*_chart(room, who, name, releases, number), theme=theme)


@router.get("/insights/{name}/of/{releases}/chart-{number}-{theme}.vl.json")
def describe(room: InRoom, who: Who, name: str, releases: str, number: int, theme: str) -> Response:
    """What that chart is drawn from."""
    return specification_response(*_chart(room, who, name, releases, number), theme=theme)


@router.get("/insights/{name}/of/{releases}/{name_again}.{format_name}")
def download(room: InRoom, who: Who, name: str, releases: str, name_again: str, format_name: str) -> Response:
    """It as a document."""
    answer = story.answer_of(room, who, name, _ids(releases))
    known = FORMATS.get(format_name)
    if known is None or name_again != name:
        raise NotFound("CR-A011", "there is no such address")
    content = render(format_name, find(name), _result(answer), answer.facts)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}.{format_name}"'}
    return Response(content, media_type=known, headers=headers)


@router.post("/insights/{name}/run")
def ask(room: InRoom, who: Who, name: str, form: Form) -> Response:
    """Run all it reads."""
    runs = story.ask_insight(room, who, name, parameters_in(form))
    return see(f"/insights/{name}/runs/" + ".".join(run.run_id for run in runs))


@router.get("/insights/{name}/runs/{runs}")
def follow(request: Request, room: InRoom, who: Who, name: str, runs: str) -> Response:
    """How far they are; on to the answer when all are released."""
    found = [get_run(room, who, run) for run in _ids(runs)]
    if all(run.release_id for run in found):
        address = f"/insights/{name}/of/" + ".".join(str(run.release_id) for run in found)
        if is_part(request):
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={**HEADERS, "HX-Redirect": address})
        return see(address)
    template = "part_insight_runs.html" if is_part(request) else "insight_runs.html"
    return page(
        request,
        template,
        who=who,
        insight=find(name),
        runs=found,
        is_open=_is_open(found),
        address=str(request.url.path),
    )


def _shown(
    request: Request, room: Room, who: Principal, view: story.InsightView, answer: story.InsightAnswer | None
) -> Response:
    can_ask = view.is_ready and who.has(UserRole.ANALYST)
    ids = ".".join(release.release_id for release in answer.releases) if answer else ""
    return page(
        request,
        "insight.html",
        who=who,
        view=view,
        insight=view.insight,
        answer=answer,
        address=f"/insights/{view.insight.name}/of/{ids}" if ids else "",
        parameters=story.parameters_of(room, who, view.insight.name) if can_ask else (),
        values=_values(answer, who),
        empty=[is_empty(chart, answer.result) for chart in answer.result.charts] if answer and answer.result else [],
        can_ask=can_ask,
        library=library_address(),
        formats=[name for name in FORMATS if name not in ("png", "vl.json")],
    )


def _chart(room: Room, who: Principal, name: str, releases: str, number: int) -> tuple[ChartSpec, InsightResult]:
    result = _result(story.answer_of(room, who, name, _ids(releases)))
    if not 0 <= number < len(result.charts):
        raise NotFound("CR-A011", "there is no such address")
    return result.charts[number], result


def _values(answer: story.InsightAnswer | None, who: Principal) -> dict[str, str]:
    """What the form begins with: the values the person themselves asked with last."""
    if answer is None or answer.asked_by != who.user:
        return {}
    return {f"{PARAMETER_PREFIX}{name}": value for name, value in answer.parameters.items()}


def _grouped(views: tuple[story.InsightView, ...]) -> list[tuple[str, list[story.InsightView]]]:
    by_name = {view.insight.name: view for view in views}
    grouped = [(title, [by_name.pop(name) for name in names if name in by_name]) for title, names in GROUPS.items()]
    return [*grouped, *([(FURTHER, list(by_name.values()))] if by_name else [])]


def _is_open(runs: list[RunView]) -> bool:
    return any(not run.state.is_final for run in runs)


def _result(answer: story.InsightAnswer) -> InsightResult:
    if answer.result is None:
        raise NotFound(
            "CR-B011", "these releases do not suffice for this insight", help="its page says what is missing"
        )
    return answer.result


def _ids(text: str) -> tuple[str, ...]:
    ids = tuple(text.split("."))
    if len(ids) > _MAX_IDS:
        raise NotFound("CR-A011", "there is no such address")
    return ids
