"""Privacy: policies with what they let others see, what is odd in them, what a new version changes; the ledger."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.pages.chrome import page, see
from api.pages.forms import Form
from api.pages.route import PageRoute
from api.principal import Principal
from api.room import Room
from api.usecases.ledger import Holdings, holdings
from api.usecases.policies import (
    PolicyView,
    get_policy,
    list_policies,
    name_of,
    submit_policy,
    withdraw_policy,
)
from cleanroom.errors import PolicyRefused
from cleanroom.state import UserRole
from policies.diff import Change, diff
from policies.explain import explain
from policies.lint import LintFinding, lint
from policies.load import load_policy
from policies.model import DataPolicy

router = APIRouter(route_class=PageRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a version changes against an older one."""

    older: int
    changes: tuple[Change, ...]


@router.get("/privacy")
def show_all(request: Request, room: InRoom, who: Who) -> Response:
    """One's own policies, those one may ask under, and what one's member holds."""
    views = list_policies(room, who)
    return page(
        request,
        "privacy.html",
        who=who,
        own=[view for view in views if view.member == who.member],
        others=[view for view in views if view.member != who.member],
        holdings=_holdings(room, who),
        can_submit=who.has(UserRole.STEWARD),
        floor=room.floor,
    )


@router.get("/privacy/new")
def write(request: Request, who: Who) -> Response:
    """The form for a new version."""
    who.need(UserRole.STEWARD)
    return page(request, "policy_new.html", who=who, text="", violations=(), sentences=(), findings=())


@router.post("/privacy/new/check")
def check(request: Request, room: InRoom, who: Who, form: Form) -> Response:
    """What a text would let others see, and what is wrong or odd in it; nothing is kept."""
    who.need(UserRole.STEWARD)
    text = form.get("text", "")
    try:
        policy = load_policy(text.encode(), place="policy")
    except PolicyRefused as refused:
        return page(
            request, "policy_new.html", who=who, text=text, violations=refused.violations, sentences=(), findings=()
        )
    return page(
        request, "policy_new.html", who=who, text=text, violations=(), sentences=_sentences(room, policy),
        findings=_findings(room, policy),
    )  # fmt: skip


@router.post("/privacy/new")
def submit(request: Request, room: InRoom, who: Who, form: Form) -> Response:
    """Keep a new version, to be signed; or say everything that is wrong with its text."""
    text = form.get("text", "")
    try:
        view = submit_policy(room, who, text)
    except PolicyRefused as refused:
        return page(
            request, "policy_new.html", who=who, text=text, violations=refused.violations, sentences=(), findings=()
        )
    return see(f"/privacy/{view.member}/{view.dataset}/{view.version}")


@router.get("/privacy/{member}/{dataset}/{version}")
def show(request: Request, room: InRoom, who: Who, member: str, dataset: str, version: int) -> Response:
    """One version."""
    view = get_policy(room, who, name_of(member, dataset, version))
    policy = load_policy((view.text or "").encode(), place="policy")
    is_own = view.member == who.member
    return page(
        request,
        "policy.html",
        who=who,
        view=view,
        sentences=_sentences(room, policy),
        findings=_findings(room, policy) if is_own else (),
        compared=_compared(room, who, view, policy) if is_own else None,
        is_own=is_own,
        can_approve=is_own and who.has(UserRole.STEWARD) and str(view.status) == "submitted",
        can_withdraw=is_own and who.has(UserRole.STEWARD) and str(view.status) in ("active", "submitted"),
    )


@router.post("/privacy/{member}/{dataset}/{version}/withdraw")
def withdraw(room: InRoom, who: Who, member: str, dataset: str, version: int) -> Response:
    """End it at once."""
    view = withdraw_policy(room, who, name_of(member, dataset, version))
    return see(f"/privacy/{view.member}/{view.dataset}/{view.version}")


def _sentences(room: Room, policy: DataPolicy) -> tuple[str, ...]:
    contract = room.contracts().get(policy.dataset)
    if contract is None:
        return ()
    return explain([policy], contract=contract, floor=room.floor, contracts=room.contracts()).sentences


def _findings(room: Room, policy: DataPolicy) -> tuple[LintFinding, ...]:
    today = room.surroundings.now().date()
    return lint([policy], contracts=room.contracts(), today=today, floor=room.floor)


def _compared(room: Room, who: Principal, view: PolicyView, policy: DataPolicy) -> Compared | None:
    """Against the version before it, whatever became of that one."""
    versions = [
        other.version
        for other in list_policies(room, who)
        if other.member == view.member and other.dataset == view.dataset and other.version < view.version
    ]
    if not versions:
        return None
    before = get_policy(room, who, name_of(view.member, view.dataset, max(versions)))
    old = load_policy((before.text or "").encode(), place="policy")
    return Compared(older=before.version, changes=diff(old, policy))


def _holdings(room: Room, who: Principal) -> Holdings | None:
    if not who.has(UserRole.ANALYST, UserRole.STEWARD, UserRole.AUDITOR):
        return None
    return holdings(room, who)
