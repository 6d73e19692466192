"""Home: what needs me, how fresh the data are, and what the newest answers say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.pages.chrome import page
from api.pages.route import PageRoute
from api.pages.runs import violations_of
from api.pages.titles import title_of, titles_of
from api.pages.words import plural
from api.principal import Principal
from api.room import Room
from api.usecases.data import DatasetView, list_datasets
from api.usecases.insights import InsightView, list_insights
from api.usecases.members import list_members
from api.usecases.policies import list_policies
from api.usecases.runs import RunView, list_runs
from api.usecases.templates import list_templates
from api.usecases.uploads import UploadView, list_uploads
from cleanroom.state import RunState, TextStatus, UploadState, UserRole

router = APIRouter(route_class=PageRoute)

_RECENT = 6
_HEADLINES = 6
_MUCH = 10
_UPLOADS_SHOWN = 4
_UPLOADS = (UserRole.UPLOADER, UserRole.STEWARD)
_ANSWERS = (UserRole.ANALYST, UserRole.STEWARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDo:
    """Something that waits for the person who looks."""

    title: str
    detail: str
    address: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a role comes here to do."""

    title: str
    address: str


_STEPS: Mapping[UserRole, tuple[Step, ...]] = {
    UserRole.UPLOADER: (Step(title="Upload a package", address="/data/upload"),),
    UserRole.ANALYST: (Step(title="Ask a query", address="/queries"), Step(title="Ask in SQL", address="/ask")),
    UserRole.STEWARD: (Step(title="Read your policies", address="/privacy"),),
    UserRole.AUDITOR: (Step(title="Verify the log", address="/log"),),
    UserRole.OPERATOR: (Step(title="Read the log", address="/log"),),
}


@router.get("/")
def show(request: Request, room: InRoom, who: Who) -> Response:
    """The first page after signing in."""
    runs = list_runs(room, who, limit=40) if who.has(*_ANSWERS) else ()
    titles = titles_of(room, who)
    return page(
        request,
        "home.html",
        who=who,
        waiting=_waiting(room, who, runs, titles),
        steps=list({step.address: step for role in UserRole if role in who.roles for step in _STEPS[role]}.values()),
        titles=titles,
        uploads=list_uploads(room, who, limit=_UPLOADS_SHOWN) if who.has(UserRole.UPLOADER) else (),
        members=list_members(room) if who.has(UserRole.OPERATOR) else (),
        runs=[run for run in runs if run.user == who.user][:_RECENT],
        fresh=_by_member(list_datasets(room, who), who),
        headlines=_headlines(room, who),
    )


def _waiting(room: Room, who: Principal, runs: Sequence[RunView], titles: Mapping[str, str]) -> list[ToDo]:
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
        ToDo(title=f"Refused: {title_of(titles, run.template_id)}", detail=_why(run),
             address=f"/runs/{run.run_id}", tone="bad")
        for run in runs
        if run.state is RunState.REFUSED and run.user == who.user
    ][:2]  # fmt: skip
    return found


def _why(run: RunView) -> str:
    """The first reason, and how many more there are; the run's page has each with its fix."""
    first, *more = violations_of(run) or (None,)
    if first is None:
        return str((run.problem or {}).get("message", ""))
    said = first.message.replace("`", "")
    return f"{said[:1].upper()}{said[1:]}" + (f", and {plural(len(more), 'reason')} more" if more else "")


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


def _by_member(views: Sequence[DatasetView], who: Principal) -> dict[str, list[DatasetView]]:
    """One's own datasets first."""
    found = {str(member): list(held) for member, held in groupby(views, key=lambda view: view.member)}
    own = found.pop(str(who.member), None)
    return found if own is None else {str(who.member): own, **found}
