"""The last step of a schedule: released answers leave for where the operator allows, at least once, with one id.

Killed between sending and writing that down, an attempt's outcome is unknown: that is said, and it is sent again under
the same delivery id, by which a receiver drops doubles. Nothing here asks data.
"""

from collections.abc import Callable

from api.room import Room
from api.schedules.changes import changes
from api.schedules.channels import channel_named
from api.schedules.destination import Destination
from api.schedules.message import Attachment, Message
from api.schedules.report import Report, held_of, report_of
from api.schedules.settings import Deliveries
from api.usecases.occasions import end_occasion
from api.usecases.scheduled_asks import owner_of
from cleanroom.canonical import digest_of
from cleanroom.errors import CleanroomError, Conflict, OutcomeUnknown
from cleanroom.names import Digest
from cleanroom.state import Actor, DeliveryState, ScheduleState
from cleanroom.state.deliveries import DeliveryRecord
from cleanroom.state.schedules import ScheduleRecord

STEPS = ("begun", "sent", "recorded")
"""The names a checkpoint is called with, in order: each after its step is done. Crash tests stop there."""

MAX_ATTEMPTS = 5
_OPEN = frozenset({DeliveryState.READY, DeliveryState.SENDING})


def deliver(room: Room, delivery: str, checkpoint: Callable[[str], None] = lambda step: None) -> DeliveryState:  # noqa: ARG005
    """Send what is ready; the state it ended in.

    Raises:
        CleanroomError: a retryable one, and there is an attempt left: the job comes back later.
    """
    with room.state.read() as tx:
        record = tx.deliveries.get(delivery)
        schedule = tx.schedules.get(record.schedule_id)
    if record.state not in _OPEN:
        return record.state
    settings = Deliveries.read(room.folder)
    try:
        # 1. The owner's rights, the schedule and the operator's word of now, not of when it came due.
        destination = _still_wanted(room, schedule, settings)
        # 2. The report, and what it says that the one before did not: from what the receiver may hold, only.
        report, message = _composed(room, record, schedule, settings)
    except CleanroomError as refusal:
        if refusal.retryable and not isinstance(refusal, Conflict):
            raise
        return _ended(room, record, DeliveryState.REFUSED, refusal.code)
    actor = Actor(user=schedule.user, member=schedule.member)
    # 3. The intent, with the digest of what leaves (INVARIANT I16).
    with room.state.change(actor, room.surroundings.now()) as tx:
        tx.deliveries.sending(delivery, _digest(report))
        record = tx.deliveries.get(delivery)
    checkpoint("begun")
    # 4. It leaves.
    try:
        channel_named(schedule.channel).send(message, destination, schedule.member, settings, room.surroundings.now())
    except CleanroomError as failure:
        return _not_sent(room, record, failure)
    checkpoint("sent")
    # 5. The receiver has it.
    with room.state.change(actor, room.surroundings.now()) as tx:
        tx.deliveries.delivered(delivery)
        tx.schedules.say(schedule.schedule_id, None)
    checkpoint("recorded")
    return DeliveryState.DELIVERED


def _still_wanted(room: Room, schedule: ScheduleRecord, settings: Deliveries) -> Destination:
    if schedule.state is not ScheduleState.ACTIVE or schedule.destination_blob is None:
        raise Conflict("CR-S030", "the schedule is paused or removed")
    owner_of(room, schedule)
    destination = Destination.opened(room.blob_key("schedule"), schedule.schedule_id, schedule.destination_blob)
    channel_named(schedule.channel).allow(destination.address, schedule.member, settings)
    return destination


def _composed(
    room: Room, record: DeliveryRecord, schedule: ScheduleRecord, settings: Deliveries
) -> tuple[Report, Message]:
    who = owner_of(room, schedule)
    report = report_of(room, who, schedule.kind, schedule.subject, schedule.format, record.releases)
    with room.state.read() as tx:
        before = tx.deliveries.before(record)
    old = held_of(room, who, before.releases) if before else (None,) * len(report.held)
    occasion = record.due_at.date()
    name = f"{schedule.name}-{occasion.isoformat()}-{record.delivery_id[:12]}{report.suffix}"
    attachment = Attachment(name=name, media_type=report.media_type, content=report.content, digest=_digest(report))
    message = Message(
        delivery_id=record.delivery_id,
        room=room.name,
        schedule=schedule.name,
        title=report.title,
        occasion=occasion,
        data_date=report.data_date,
        withheld=report.withheld,
        changes=tuple(changes(was, now) for was, now in zip(old, report.held, strict=False)),
        link=f"{settings.public_url}{report.path}" if settings.public_url else "",
        attempt=record.attempts + 1,
        may_be_double=record.unknown_attempts > 0 or record.state is DeliveryState.SENDING,
        attachment=attachment if schedule.sends == "file" else None,
    )
    return report, message


def _digest(report: Report) -> Digest:
    return digest_of(report.content)


def _not_sent(room: Room, record: DeliveryRecord, failure: CleanroomError) -> DeliveryState:
    """Again later, or never: then it says whether the receiver may have it all the same."""
    is_unknown = isinstance(failure, OutcomeUnknown)
    if failure.retryable and record.attempts < MAX_ATTEMPTS:
        with room.state.change(_actor(room, record), room.surroundings.now()) as tx:
            tx.deliveries.again(record.delivery_id, problem=failure.code, is_unknown=is_unknown)
        raise failure
    may_have_it = is_unknown or record.unknown_attempts > 0
    return _ended(room, record, DeliveryState.UNKNOWN if may_have_it else DeliveryState.FAILED, failure.code)


def _ended(room: Room, record: DeliveryRecord, state: DeliveryState, problem: str) -> DeliveryState:
    end_occasion(room, record, state, problem)
    return state


def _actor(room: Room, record: DeliveryRecord) -> Actor:
    with room.state.read() as tx:
        schedule = tx.schedules.get(record.schedule_id)
    return Actor(user=schedule.user, member=schedule.member)
