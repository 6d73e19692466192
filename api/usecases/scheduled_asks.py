"""A schedule's questions as of one day, in its owner's name: who asks, what exactly, and over which snapshots."""

import json
from collections.abc import Mapping, Sequence
from datetime import date

from api.principal import Principal
from api.room import Room
from api.schedules.relative import resolved
from api.schedules.report import INSIGHT
from api.usecases.people import principal_of_user
from api.usecases.planning import plan_question
from api.usecases.questions import Ask, compile_question
from api.usecases.templates import runnable_template
from cleanroom.canonical import canonical_json, digest_of
from cleanroom.crypto import open_blob, seal_blob
from cleanroom.errors import NotAuthorised, NotFound, UsageProblem
from cleanroom.names import Digest
from cleanroom.state import MemberStatus, UserRole
from cleanroom.state.schedules import ScheduleRecord
from queries.insights import find

_NO_DATA = "CR-A050"


def owner_of(room: Room, schedule: ScheduleRecord) -> Principal:
    """The owner with the rights of now: nothing of the day the schedule was made is kept.

    Raises:
        NotAuthorised: CR-S031 the person or the member is gone, or may not ask any more.
    """
    try:
        who = principal_of_user(room, schedule.user)
        with room.state.read() as tx:
            is_member = tx.members.get(schedule.member).status is MemberStatus.ACTIVE
    except NotFound:
        raise _not_theirs() from None
    if not is_member or who.member != schedule.member or not who.has(UserRole.ANALYST):
        raise _not_theirs()
    return who


def asks_of(
    room: Room, who: Principal, kind: str, subject: str, given: Mapping[str, str], today: date
) -> tuple[Ask, ...]:
    """What is asked on ``today``: one question of a query, one per template of an insight.

    Raises:
        NotFound: CR-L003 a template, CR-B001 the insight. UsageProblem: CR-S002, CR-S026 not its parameters.
    """
    templates = find(subject).templates if kind == INSIGHT else (subject,)
    asks, known = [], set()
    for template in templates:
        declared = runnable_template(room, who, template).parameters
        known |= set(declared)
        values = {name: value for name, value in given.items() if name in declared}
        asks.append(Ask(template=template, parameters=resolved(values, declared, today)))
    if set(given) != known:
        names = ", ".join(sorted(known)) or "none"
        raise UsageProblem("CR-S026", "the parameters are not those it declares", help=f"give each of: {names}")
    return tuple(asks)


def pins_of(room: Room, who: Principal, asks: Sequence[Ask]) -> Digest:
    """A digest of the snapshots these questions would read now, of members whose rows they read and of nobody else.

    INVARIANT I17: another member's upload that ``who`` may not ask about changes nothing here.

    Raises:
        PolicyRefused: one of them is refused now.
    """
    pinned: set[str] = set()
    for ask in asks:
        try:
            plan = plan_question(room, who, compile_question(room, who, ask))
        except NotFound as missing:
            if missing.code != _NO_DATA:
                raise
            continue
        pinned |= {f"{table.member}/{table.dataset}@{table.snapshot}" for source in plan.tables for table in source}
    return digest_of(canonical_json(sorted(pinned)))


def sealed_parameters(room: Room, schedule: str, given: Mapping[str, str]) -> bytes:
    """A schedule's parameters for the state (INVARIANT I4)."""
    content = canonical_json(dict(given))
    context = _context(schedule)
    return seal_blob(room.blob_key("schedule"), content, associated=context, random=room.surroundings.random)


def parameters_of_schedule(room: Room, schedule: ScheduleRecord) -> dict[str, str]:
    """A schedule's parameters as they were given."""
    content = open_blob(room.blob_key("schedule"), schedule.request_blob, associated=_context(schedule.schedule_id))
    return {str(name): str(value) for name, value in json.loads(content).items()}


def _context(schedule: str) -> bytes:
    return f"schedule/{schedule}/parameters".encode()


def _not_theirs() -> NotAuthorised:
    return NotAuthorised(
        "CR-S031", "the schedule's owner may not ask any more", help="remove it, and make one in your own name"
    )
