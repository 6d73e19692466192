"""Insights in the room: which can be shown from what one's member holds, and asking for the rest.

An insight's inputs are releases; only those one's member may hold are looked at (INVARIANT I17), each opened through
the same use case as any report. What is computed from them is kept by their digests: releases never change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import product

from api.principal import Principal
from api.room import Room
from api.usecases.freshness import OlderData
from api.usecases.questions import Ask
from api.usecases.run_story import open_ask
from api.usecases.runs import Answer, ReleaseView, RunView, get_release, list_releases, submit_run
from api.usecases.templates import TemplateView, list_templates, runnable_template
from cleanroom.errors import CleanroomError, UsageProblem
from cleanroom.names import DatasetName, Digest, MemberName, UserName
from cleanroom.state import UserRole
from policies.load import load_policy
from policies.model import DataPolicy
from queries.insights import INSIGHTS, computed, find
from queries.insights.model import Insight, InsightResult, Settings, Table
from queries.insights.withheld import largest_withheld
from queries.parameters import Declared

_LOOKED_AT = 400
_CHOICES_EACH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededTemplate:
    """A template an insight reads: absent, waiting for approvals, or ready to be run."""

    name: str
    view: TemplateView | None

    @property
    def state(self) -> str:
        """``missing``, ``waiting`` or ``ready``."""
        if self.view is None:
            return "missing"
        return "waiting" if self.view.waiting_for else "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightAnswer:
    """An insight computed from releases, one per template in the insight's order. ``data_date`` is the oldest of them.

    ``refusal`` says why the releases do not suffice; then ``result`` is None. ``parameters`` are what ``asked_by``, a
    person of one's own member, asked with; both are empty where another member did.
    """

    releases: tuple[ReleaseView, ...]
    result: InsightResult | None
    refusal: str
    data_date: date | None
    facts: Mapping[str, str] = field(default_factory=dict)
    asked_by: UserName | None = None
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def rests_on_older_data(self) -> bool:
        """Whether some dataset behind one of the releases has changed since."""
        return any(release.rests_on_older_data for release in self.releases)

    @property
    def older(self) -> tuple[OlderData, ...]:
        """Those datasets, as far as the reader may know of them, each once: as the release that knew least read it."""
        found: dict[tuple[MemberName, DatasetName], OlderData] = {}
        for one in (one for release in self.releases for one in release.older):
            known = found.setdefault((one.member, one.dataset), one)
            if one.since < known.since:
                found[one.member, one.dataset] = one
        return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightView:
    """An insight as one's member can have it: what it needs, and the newest answer, if there is one."""

    insight: Insight
    needs: tuple[NeededTemplate, ...]
    answer: InsightAnswer | None

    @property
    def is_ready(self) -> bool:
        """Whether every template can be run."""
        return all(need.state == "ready" for need in self.needs)


def list_insights(room: Room, who: Principal) -> tuple[InsightView, ...]:
    """All insights, in the library's order.

    Raises:
        NotAuthorised: CR-A003.
    """
    who.need(UserRole.ANALYST, UserRole.STEWARD)
    views, held = _templates(room, who), _held(room, who)
    return tuple(_view(room, who, insight, views, held) for insight in INSIGHTS)


def get_insight(room: Room, who: Principal, name: str) -> InsightView:
    """One insight with its newest answer. Raises InsightRefused CR-B001, NotAuthorised CR-A003."""
    who.need(UserRole.ANALYST, UserRole.STEWARD)
    return _view(room, who, find(name), _templates(room, who), _held(room, who))


def answer_of(room: Room, who: Principal, name: str, releases: tuple[str, ...]) -> InsightAnswer:
    """An insight over exactly these releases, one per template in order.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003, also where one's member may not hold one (I17).
        UsageProblem: CR-B010, they are not answers of the insight's templates.
    """
    insight = find(name)
    answers = tuple(get_release(room, who, release) for release in releases)
    if tuple(_template(answer.view) for answer in answers) != insight.templates:
        raise UsageProblem("CR-B010", "these releases are not what this insight reads", help="open it from its page")
    return _computed(room, insight, answers)


def ask_insight(room: Room, who: Principal, name: str, given: Mapping[str, str]) -> tuple[RunView, ...]:
    """Queue every template of an insight with those of ``given`` it declares; a plan run before is replayed.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003, a template is not in the room.
    """
    who.need(UserRole.ANALYST)
    insight = find(name)
    asks = []
    for template in insight.templates:
        declared = runnable_template(room, who, template).parameters
        asks.append(Ask(template=template, parameters={k: v for k, v in given.items() if k in declared}))
    return tuple(submit_run(room, who, ask) for ask in asks)


def parameters_of(room: Room, who: Principal, name: str) -> tuple[Declared, ...]:
    """Every parameter that some template of the insight declares, each once."""
    found: dict[str, Declared] = {}
    for template in find(name).templates:
        found |= runnable_template(room, who, template).parameters
    return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A release of a template one's member holds, with the values it was asked with."""

    view: ReleaseView
    user: UserName
    parameters: Mapping[str, str] = field(repr=False)


def _templates(room: Room, who: Principal) -> Mapping[str, TemplateView]:
    found: dict[str, TemplateView] = {}
    for view in list_templates(room, who):  # by name and version: the newest runnable one stays
        if view.name not in found or not view.waiting_for or found[view.name].waiting_for:
            found[view.name] = view
    return found


def _held(room: Room, who: Principal) -> Mapping[str, tuple[_Held, ...]]:
    """Releases by template, newest first."""
    views = [view for view in list_releases(room, who, limit=_LOOKED_AT) if view.template_id is not None]
    with room.state.read() as tx:
        records = [tx.runs.get(view.run_id) for view in views]
    found: dict[str, list[_Held]] = {}
    for view, record in zip(views, records, strict=True):
        held = _Held(view=view, user=record.user, parameters=open_ask(room, record).parameters)
        found.setdefault(_template(view), []).append(held)
    return {name: tuple(releases) for name, releases in found.items()}


def _template(view: ReleaseView) -> str:
    return (view.template_id or "").partition("@")[0]


def _view(
    room: Room,
    who: Principal,
    insight: Insight,
    views: Mapping[str, TemplateView],
    held: Mapping[str, tuple[_Held, ...]],
) -> InsightView:
    needs = tuple(NeededTemplate(name=name, view=views.get(name)) for name in insight.templates)
    chosen = next(_matching(insight, held), None)
    answer = None
    if chosen is not None:
        answer = _computed(room, insight, tuple(get_release(room, who, one.view.release_id) for one in chosen))
        if chosen[0].view.asked_by == who.member:
            values = {name: value for one in chosen for name, value in one.parameters.items()}
            answer = replace(answer, asked_by=chosen[0].user, parameters=values)
    return InsightView(insight=insight, needs=needs, answer=answer)


def _matching(insight: Insight, held: Mapping[str, tuple[_Held, ...]]) -> Iterator[tuple[_Held, ...]]:
    """Releases of all templates that were asked with the same values and by the same member, newest first."""
    choices = [held.get(name, ())[:_CHOICES_EACH] for name in insight.templates]
    for chosen in product(*choices):
        if len({one.view.asked_by for one in chosen}) == 1 and _agree(chosen):
            yield chosen


def _agree(chosen: tuple[_Held, ...]) -> bool:
    values: dict[str, str] = {}
    return all(values.setdefault(name, value) == value for one in chosen for name, value in one.parameters.items())


def _computed(room: Room, insight: Insight, answers: tuple[Answer, ...]) -> InsightAnswer:
    dates = [answer.view.data_date for answer in answers if answer.view.data_date]
    data_date = min(dates, default=None)
    settings = Settings(as_of=data_date, withheld_high=_withheld_high(room, answers))
    kept = _Inputs(
        insight=insight.name,
        digests=tuple(answer.view.digest for answer in answers),
        settings=settings,
        tables={name: Table.of(answer.table) for name, answer in zip(insight.templates, answers, strict=True)},
    )
    result, refusal = _compute(kept)
    return InsightAnswer(
        releases=tuple(answer.view for answer in answers),
        result=result,
        refusal=refusal,
        data_date=data_date,
        facts=_facts(room, insight, answers, data_date),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    """Equal where the digests and settings are: then the tables are too."""

    insight: str
    digests: tuple[Digest, ...]
    settings: Settings
    tables: Mapping[str, Table] = field(compare=False, repr=False)


@lru_cache(maxsize=256)
def _compute(inputs: _Inputs) -> tuple[InsightResult | None, str]:
    try:
        return computed(find(inputs.insight), inputs.tables, inputs.settings), ""
    except CleanroomError as refusal:
        return None, refusal.message


def _withheld_high(room: Room, answers: tuple[Answer, ...]) -> int:
    """The largest count that can be withheld for too few units, by all policies behind the answers."""
    with room.state.read() as tx:
        text_of = {record.digest: record.text for record in tx.policies.all()}
    highest = room.floor - 1
    for answer in answers:
        policies = [_policy(text_of[digest]) for digest in answer.table.policies if digest in text_of]
        for dataset in {policy.dataset for policy in policies}:
            of_dataset = [policy for policy in policies if policy.dataset == dataset]
            minimum = max(policy.minimum_units for policy in of_dataset)
            is_shared = len(of_dataset) > 1 and {p.member for p in of_dataset} & set(answer.table.receivers)
            highest = max(highest, largest_withheld(minimum, _largest_share(of_dataset) if is_shared else None))
    return highest


def _largest_share(policies: Sequence[DataPolicy]) -> Decimal:
    """What one member may bring to a number of them all: the smallest share any of them states."""
    return min((p.contributors.largest_share for p in policies if p.contributors is not None), default=Decimal(1))


@lru_cache(maxsize=512)
def _policy(text: str) -> DataPolicy:
    """A stored policy never changes."""
    return load_policy(text.encode(), place="policy")


def _facts(room: Room, insight: Insight, answers: tuple[Answer, ...], data_date: date | None) -> Mapping[str, str]:
    """What a document of this insight says about where it comes from."""
    facts = {"room": room.name}
    if data_date is not None:
        facts["data up to"] = data_date.isoformat()
    for name, answer in zip(insight.templates, answers, strict=True):
        table = answer.table
        facts |= {
            f"{name}: run": str(answer.view.run_id),
            f"{name}: release": str(answer.view.release_id),
            f"{name}: content": str(answer.view.digest),
            f"{name}: plan": str(answer.about.facts["plan"]),
            f"{name}: policies": ", ".join(table.policies),
            f"{name}: snapshots": ", ".join(f"{member} {snapshot}" for member, snapshot in table.snapshots.items()),
            f"{name}: numbers withheld": ", ".join(f"{count} ({reason})" for reason, count in table.withheld.items())
            or "none",
            f"{name}: rows left out": str(table.rows_dropped),
        }
        if "older data" in answer.about.facts:
            facts[f"{name}: older data"] = str(answer.about.facts["older data"])
    return facts
