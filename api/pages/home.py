"""Home: what needs me, how fresh the data are, and what the newest answers say."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.pages.chrome import page
from api.pages.route import PageRoute
from api.principal import Principal
from api.room import Room
from api.usecases.data import DatasetView, list_datasets
from api.usecases.insights import InsightView, list_insights
from api.usecases.policies import list_policies
from api.usecases.runs import RunView, list_runs
from api.usecases.templates import list_templates
from api.usecases.uploads import UploadView, list_uploads
from cleanroom.state import RunState, TextStatus, UploadState, UserRole

router = APIRouter(route_class=PageRoute)

_RECENT = 6
_HEADLINES = 6
_MUCH = 10
_UPLOADS = (UserRole.UPLOADER, UserRole.STEWARD)
_ANSWERS = (UserRole.ANALYST, UserRole.STEWARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDo:
    """Something that waits for the person who looks."""

    title: str
    detail: str
    address: str
    tone: str


@router.get("/")
def show(request: Request, room: InRoom, who: Who) -> Response:
    """The first page after signing in."""
    runs = list_runs(room, who, limit=40) if who.has(*_ANSWERS) else ()
    return page(
        request,
        "home.html",
        who=who,
        waiting=_waiting(room, who, runs),
        runs=[run for run in runs if run.user == who.user][:_RECENT],
        fresh=_by_member(list_datasets(room, who)),
        headlines=_headlines(room, who),
    )


def _waiting(room: Room, who: Principal, runs: Sequence[RunView]) -> list[ToDo]:
    found: list[ToDo] = []
    if who.has(UserRole.STEWARD):
        found += [
            ToDo(title=view.title, detail=f"query {view.template_id} waits for your approval",
                 address=f"/queries/{view.name}/{view.version}", tone="open")
            for view in list_templates(room, who)
            if who.member in view.waiting_for and view.status in (TextStatus.SUBMITTED, TextStatus.ACTIVE)
        ]  # fmt: skip
        found += [
            ToDo(title=f"Policy for {policy.dataset}", detail=f"version {policy.version} waits for your signature",
                 address=f"/privacy/{policy.member}/{policy.dataset}/{policy.version}", tone="open")
            for policy in list_policies(room, who)
            if policy.member == who.member and policy.status is TextStatus.SUBMITTED
        ]  # fmt: skip
    if who.has(*_UPLOADS):
        found += [_upload(view) for view in list_uploads(room, who, limit=40) if _needs_somebody(view)][:_RECENT]
    found += [
        ToDo(title="A run was refused", detail=run.template_id or "ad hoc question",
             address=f"/runs/{run.run_id}", tone="bad")
        for run in runs
        if run.state is RunState.REFUSED and run.user == who.user
    ][:2]  # fmt: skip
    return found


def _needs_somebody(view: UploadView) -> bool:
    return view.state in (UploadState.REFUSED, UploadState.RECEIVING)


def _upload(view: UploadView) -> ToDo:
    if view.state is UploadState.REFUSED:
        return ToDo(title=f"Upload of {view.dataset} refused", detail=view.refusal or "",
                    address=f"/data/uploads/{view.upload_id}", tone="bad")  # fmt: skip
    return ToDo(title=f"Upload of {view.dataset} not finished", detail=f"{100 * view.offset // view.size} % arrived",
                address=f"/data/uploads/{view.upload_id}", tone="open")  # fmt: skip


def _headlines(room: Room, who: Principal) -> list[InsightView]:
    if not who.has(*_ANSWERS):
        return []
    answered = [view for view in list_insights(room, who) if view.answer is not None and view.answer.result is not None]
    # Those that say something first: an answer of which much is withheld has wide limits.
    return sorted(answered, key=lambda view: _withheld(view) > _MUCH)[:_HEADLINES]


def _withheld(view: InsightView) -> int:
    return view.answer.result.withheld if view.answer and view.answer.result else 0


def _by_member(views: Sequence[DatasetView]) -> dict[str, list[DatasetView]]:
    return {member: list(held) for member, held in groupby(views, key=lambda view: str(view.member))}
