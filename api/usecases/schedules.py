"""Schedules as people see them: add, list, look, pause, resume, run now, remove; each within one's own member."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from api.principal import Principal
from api.room import Room
from api.schedules.cadence import ON_NEW_DATA, parse_cadence
from api.schedules.changes import Changes, changes
from api.schedules.channels import channel_named
from api.schedules.destination import Destination, new_secret
from api.schedules.report import INSIGHT, QUERY, held_of, need_format
from api.schedules.settings import Deliveries
from api.usecases.occasions import ask_now, seen_text
from api.usecases.questions import check_question
from api.usecases.scheduled_asks import asks_of, parameters_of_schedule, pins_of, sealed_parameters
from cleanroom.errors import Conflict, DataRefused, NotFound, PolicyRefused, UsageProblem
from cleanroom.names import Digest, MemberName, UserName, is_name
from cleanroom.state import DeliveryState, ScheduleState, UserRole
from cleanroom.state.deliveries import DeliveryRecord
from cleanroom.state.schedules import ScheduleRecord

MAX_SCHEDULES = 100
LINK, FILE = "link", "file"
_READERS = (UserRole.ANALYST, UserRole.STEWARD)
_MAX_VALUES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A schedule as somebody asks for it. ``kind`` is query or insight, ``sends`` link or file; values may be relative."""

    name: str
    kind: str
    subject: str
    cadence: str
    channel: str
    address: str
    format: str
    sends: str = FILE
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One occasion. ``unknown_attempts`` were begun and never answered: the receiver may have it more than once."""

    delivery_id: str
    due_at: datetime
    state: DeliveryState
    attempts: int
    unknown_attempts: int
    problem: str | None
    runs: tuple[str, ...]
    releases: tuple[str, ...]
    content_digest: Digest | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """A schedule of one's own member. ``problem`` is the code that kept its last occasion from being delivered."""

    name: str
    owner: UserName
    member: MemberName
    kind: str
    subject: str
    parameters: Mapping[str, str] = field(repr=False)
    cadence: str
    words: str
    channel: str
    address: str
    format: str
    sends: str
    state: ScheduleState
    problem: str | None
    next_at: datetime | None
    created_at: datetime
    latest: DeliveryView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedSchedule:
    """A new schedule; ``secret`` signs its webhooks and is shown this once, empty for other channels."""

    view: ScheduleView
    secret: str = field(repr=False)


def add_schedule(room: Room, who: Principal, wanted: Wanted) -> AddedSchedule:
    """Keep a schedule in one's own name.

    Raises:
        NotAuthorised: CR-A003. DataRefused: CR-A031 not a name, CR-S006 too many, CR-S009 no address for links, and
        what the channel says. UsageProblem: CR-S001 to CR-S008. PolicyRefused: the question is refused now.
        NotFound: CR-L003, CR-B001. Conflict: CR-S007 the name is taken.
    """
    who.need(UserRole.ANALYST)
    settings = Deliveries.read(room.folder)
    _need_form(wanted, settings)
    cadence = parse_cadence(wanted.cadence)
    channel = channel_named(wanted.channel)
    channel.allow(wanted.address, who.member, settings)
    now = room.surroundings.now()
    asks = asks_of(room, who, wanted.kind, wanted.subject, wanted.parameters, now.date())
    for ask in asks:
        checked = check_question(room, who, ask)
        if not checked.allowed:
            raise PolicyRefused(checked.violations)
    schedule = room.surroundings.new_id()
    random = room.surroundings.random
    destination = Destination(
        channel=channel.name, address=wanted.address, secret=new_secret(random) if channel.has_secret else b""
    )
    seen = seen_text(room, pins_of(room, who, asks)) if cadence.text == ON_NEW_DATA else None
    with room.state.change(who.actor, now) as tx:
        own = tx.schedules.of(who.member)
        if len(own) >= MAX_SCHEDULES:
            raise DataRefused("CR-S006", "your member has too many schedules", help="remove one first")
        if any(record.name == wanted.name for record in own):
            raise Conflict("CR-S007", "there is a schedule of this name", help="choose another name")
        tx.schedules.add(
            schedule,
            name=wanted.name,
            user=who.user,
            member=who.member,
            kind=wanted.kind,
            subject=wanted.subject,
            request_blob=sealed_parameters(room, schedule, wanted.parameters),
            cadence=cadence.text,
            channel=channel.name,
            destination_blob=destination.sealed(room.blob_key("schedule"), schedule, random),
            format_name=wanted.format,
            sends=wanted.sends,
            next_at=cadence.next_after(now),
            seen=seen,
        )
    return AddedSchedule(view=get_schedule(room, who, wanted.name), secret=destination.shown_secret)


def list_schedules(room: Room, who: Principal) -> tuple[ScheduleView, ...]:
    """One's own member's schedules, by name."""
    who.need(*_READERS)
    with room.state.read() as tx:
        found = tx.schedules.of(who.member)
    return tuple(_view(room, record) for record in found)


def get_schedule(room: Room, who: Principal, name: str) -> ScheduleView:
    """One schedule of one's own member. Raises NotAuthorised CR-A003, NotFound CR-L003."""
    who.need(*_READERS)
    return _view(room, _own(room, who, name))


def list_deliveries(room: Room, who: Principal, name: str) -> tuple[DeliveryView, ...]:
    """A schedule's latest deliveries, newest first."""
    who.need(*_READERS)
    record = _own(room, who, name)
    with room.state.read() as tx:
        return tuple(_delivery(found) for found in tx.deliveries.of(record.schedule_id))


def latest_changes(room: Room, who: Principal, name: str) -> tuple[Changes, ...]:
    """What its latest answers say that those delivered before did not; empty while there are none."""
    who.need(*_READERS)
    record = _own(room, who, name)
    with room.state.read() as tx:
        answered = next((found for found in tx.deliveries.of(record.schedule_id) if found.releases), None)
        before = tx.deliveries.before(answered) if answered else None
    if answered is None:
        return ()
    old = held_of(room, who, before.releases) if before else (None,) * len(answered.releases)
    new = held_of(room, who, answered.releases)
    return tuple(changes(was, now) for was, now in zip(old, new, strict=False))


def pause_schedule(room: Room, who: Principal, name: str) -> ScheduleView:
    """Let it rest. Raises NotAuthorised CR-A003, NotFound CR-L003, Conflict CR-L002: it rests already."""
    record = _mine(room, who, name)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.schedules.pause(record.schedule_id)
    return get_schedule(room, who, name)


def resume_schedule(room: Room, who: Principal, name: str) -> ScheduleView:
    """Go on from now: what came due in between is not made up for. Errors as ``pause_schedule``."""
    record = _mine(room, who, name)
    now = room.surroundings.now()
    with room.state.change(who.actor, now) as tx:
        following = parse_cadence(record.cadence).next_after(now)
        tx.schedules.resume(record.schedule_id, next_at=following, seen=record.seen)
    return get_schedule(room, who, name)


def remove_schedule(room: Room, who: Principal, name: str) -> None:
    """End it; its destination and secret are forgotten. Errors as ``pause_schedule``."""
    record = _mine(room, who, name)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.schedules.remove(record.schedule_id)


def run_schedule(room: Room, who: Principal, name: str) -> DeliveryView:
    """Run it now, beside its rhythm, in its owner's name: only its owner asks for that.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003. Conflict: CR-S030 it is paused.
    """
    who.need(UserRole.ANALYST)
    record = _own(room, who, name)
    if record.user != who.user:
        raise NotFound("CR-L003", "no such entry in `schedules`", help="you can run those you made yourself")
    delivery = ask_now(room, who, record)
    with room.state.read() as tx:
        return _delivery(tx.deliveries.get(delivery))


def _need_form(wanted: Wanted, settings: Deliveries) -> None:
    if not is_name(wanted.name):
        raise DataRefused("CR-A031", "a schedule's name is lower-case letters, digits, _ and -, at most 63")
    if wanted.kind not in (QUERY, INSIGHT) or len(wanted.subject) > 96:
        raise UsageProblem("CR-S008", "a schedule is of a query or of an insight, and sends a link or a file")
    need_format(wanted.kind, wanted.format)
    if wanted.sends not in (LINK, FILE) or (wanted.channel == "folder" and wanted.sends == LINK):
        raise UsageProblem("CR-S008", "a schedule sends a link or a file; a folder takes files")
    if wanted.sends == LINK and not settings.public_url:
        raise DataRefused("CR-S009", "the operator named no address for links", help="send the file instead")
    if len(wanted.parameters) > _MAX_VALUES or any(len(value) > 2_000 for value in wanted.parameters.values()):
        raise UsageProblem("CR-A054", f"at most {_MAX_VALUES} parameters of at most 2,000 characters")


def _own(room: Room, who: Principal, name: str) -> ScheduleRecord:
    with room.state.read() as tx:
        found = next((record for record in tx.schedules.of(who.member) if record.name == name), None)
    if found is None:
        raise NotFound("CR-L003", "no such entry in `schedules`", help="check the name; list what there is")
    return found


def _mine(room: Room, who: Principal, name: str) -> ScheduleRecord:
    """Its owner's, or a steward's of the same member to stop."""
    who.need(*_READERS)
    record = _own(room, who, name)
    if record.user != who.user:
        who.need(UserRole.STEWARD)
    return record


def _view(room: Room, record: ScheduleRecord) -> ScheduleView:
    key = room.blob_key("schedule")
    destination = Destination.opened(key, record.schedule_id, record.destination_blob or b"")
    with room.state.read() as tx:
        latest = next(iter(tx.deliveries.of(record.schedule_id, limit=1)), None)
    cadence = parse_cadence(record.cadence)
    return ScheduleView(
        name=record.name,
        owner=record.user,
        member=record.member,
        kind=record.kind,
        subject=record.subject,
        parameters=parameters_of_schedule(room, record),
        cadence=record.cadence,
        words=cadence.words(),
        channel=record.channel,
        address=destination.address,
        format=record.format,
        sends=record.sends,
        state=record.state,
        problem=record.problem,
        next_at=record.next_at if cadence.hour is not None and record.state is ScheduleState.ACTIVE else None,
        created_at=record.created_at,
        latest=None if latest is None else _delivery(latest),
    )


def _delivery(record: DeliveryRecord) -> DeliveryView:
    return DeliveryView(
        delivery_id=record.delivery_id,
        due_at=record.due_at,
        state=record.state,
        attempts=record.attempts,
        unknown_attempts=record.unknown_attempts,
        problem=record.problem,
        runs=record.runs,
        releases=record.releases,
        content_digest=record.content_digest,
        finished_at=record.finished_at,
    )
