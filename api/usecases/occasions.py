"""The clock of schedules: what has come due is put in the queue once, whoever notices it, and answers are collected.

Comes in: the time, the state. Goes out: deliveries and jobs. Nobody's data is touched here: questions are submitted
like everybody's and run by the same workers.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from api.principal import Principal
from api.room import Room
from api.schedules.cadence import parse_cadence
from api.usecases.run_story import log_defect
from api.usecases.runs import submit_run
from api.usecases.scheduled_asks import asks_of, owner_of, parameters_of_schedule, pins_of
from cleanroom.errors import CleanroomError, Conflict
from cleanroom.names import Digest, RunId
from cleanroom.state import ROOM, DeliveryState, RunState, ScheduleState, Tx
from cleanroom.state.deliveries import DeliveryRecord
from cleanroom.state.schedules import ScheduleRecord

SCHEDULE, DELIVERY = "schedule", "delivery"
"""Kinds of jobs: ask an occasion's questions; send its answers."""

_LOOK_AGAIN = timedelta(minutes=5)
_logger = structlog.get_logger("cleanroom.schedules")


def notice(room: Room) -> bool:
    """Put everything that has come due in the queue; whether there was anything.

    One schedule that fails does not keep the others from being looked at.
    """
    with room.state.read() as tx:
        active, waiting = tx.schedules.active(), tx.deliveries.waiting()
        snapshots = tx.snapshots.count() if active else 0
    now = room.surroundings.now()
    found = [_guarded(lambda s=one: _due(room, s, snapshots, now)) for one in active]  # type: ignore[misc]
    found += [_guarded(lambda d=one: _collected(room, d)) for one in waiting]  # type: ignore[misc]
    if any(found):
        room.bell.set()
    return any(found)


def ask_now(room: Room, who: Principal, schedule: ScheduleRecord) -> str:
    """An occasion out of turn; its delivery's id. Raises Conflict CR-S030: the schedule is paused."""
    if schedule.state is not ScheduleState.ACTIVE:
        raise Conflict("CR-S030", "the schedule is paused", help="resume it first")
    delivery = room.surroundings.new_id()
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        _queue(room, tx, schedule, delivery=delivery, occasion=f"asked {delivery}", due_at=tx.now)
    room.bell.set()
    return delivery


def ask_occasion(room: Room, delivery: str) -> None:
    """Submit an occasion's questions in its owner's name, with the rights of now; a refusal ends the occasion.

    Killed in between, it is done again: the idempotency key makes the same runs of it.
    """
    with room.state.read() as tx:
        record = tx.deliveries.get(delivery)
        schedule = tx.schedules.get(record.schedule_id)
    if record.state is not DeliveryState.DUE:
        return
    try:
        if schedule.state is not ScheduleState.ACTIVE:
            raise Conflict("CR-S030", "the schedule is paused")
        who = owner_of(room, schedule)
        given = parameters_of_schedule(room, schedule)
        asks = asks_of(room, who, schedule.kind, schedule.subject, given, record.due_at.date())
        runs = [submit_run(room, who, ask, idempotency_key=f"{delivery}-{n}") for n, ask in enumerate(asks)]
    except CleanroomError as refusal:
        if refusal.retryable and refusal.code != "CR-S030":
            raise
        end_occasion(room, record, DeliveryState.REFUSED, refusal.code)
        return
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        tx.deliveries.asked(delivery, tuple(str(run.run_id) for run in runs))


def end_occasion(room: Room, record: DeliveryRecord, state: DeliveryState, problem: str) -> None:
    """It will not be delivered, and its schedule says why."""
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        tx.deliveries.end(record.delivery_id, state, problem=problem)
        tx.schedules.say(record.schedule_id, problem)


def give_up_occasion(room: Room, delivery: str, failure: CleanroomError | None) -> None:
    """Its job failed for good: nothing is left half open."""
    with room.state.read() as tx:
        record = tx.deliveries.get(delivery)
    if record.finished_at is None:
        is_unknown = record.state is DeliveryState.SENDING or record.unknown_attempts > 0
        state = DeliveryState.UNKNOWN if is_unknown else DeliveryState.FAILED
        end_occasion(room, record, state, failure.code if failure else "CR-A012")


def seen_text(room: Room, pins: Digest) -> str:
    """What a schedule that waits for data has seen: how many snapshots there were, and which it would read."""
    with room.state.read() as tx:
        return f"{tx.snapshots.count()}:{pins.removeprefix('sha256:')}"


def _guarded(look: Callable[[], bool]) -> bool:
    try:
        return look()
    except Conflict:
        return False  # another server noticed it first
    except CleanroomError as failure:
        _logger.warning("schedule", code=failure.code)
    except Exception as defect:  # noqa: BLE001 - the worker outlives any defect; its text may quote a value (I15)
        log_defect(defect)
    return False


def _due(room: Room, schedule: ScheduleRecord, snapshots: int, now: datetime) -> bool:
    cadence = parse_cadence(schedule.cadence)
    if cadence.hour is None:
        return _new_data(room, schedule, snapshots, now)
    if schedule.next_at is None or schedule.next_at > now:
        return False
    due_at = schedule.next_at
    with room.state.change(ROOM, now) as tx:
        # Only if it still is as we read it: of two servers one moves it on, the other conflicts.
        tx.schedules.due_next(schedule, next_at=cadence.next_after(now), seen=None)
        delivery = room.surroundings.new_id()
        _queue(room, tx, schedule, delivery=delivery, occasion=due_at.isoformat(), due_at=due_at)
    return True


def _new_data(room: Room, schedule: ScheduleRecord, snapshots: int, now: datetime) -> bool:
    """Look closely only where some snapshot has come since, or where it is time to look at a refusal again."""
    count, _, before = (schedule.seen or ":").partition(":")
    is_time = schedule.next_at is not None and schedule.next_at <= now
    if count == str(snapshots) and not is_time:
        return False
    try:
        who = owner_of(room, schedule)
        asks = asks_of(room, who, schedule.kind, schedule.subject, parameters_of_schedule(room, schedule), now.date())
        pins = pins_of(room, who, asks).removeprefix("sha256:")
    except CleanroomError as refusal:
        if refusal.retryable:
            raise
        with room.state.change(ROOM, now) as tx:
            tx.schedules.due_next(schedule, next_at=now + _LOOK_AGAIN, seen=f"{snapshots}:{before}")
            tx.schedules.say(schedule.schedule_id, refusal.code)
        return False
    with room.state.change(ROOM, now) as tx:
        tx.schedules.due_next(schedule, next_at=None, seen=f"{snapshots}:{pins}")
        if pins == before:
            return False
        delivery = room.surroundings.new_id()
        _queue(room, tx, schedule, delivery=delivery, occasion=f"{snapshots}:{pins[:32]}", due_at=now)
    return True


def _queue(room: Room, tx: Tx, schedule: ScheduleRecord, *, delivery: str, occasion: str, due_at: datetime) -> None:
    tx.deliveries.due(delivery, schedule=schedule.schedule_id, occasion=occasion, due_at=due_at)
    tx.jobs.queue(room.surroundings.new_id(), kind=SCHEDULE, subject=delivery)


def _collected(room: Room, record: DeliveryRecord) -> bool:
    """All its runs have ended: either there is an answer to each, or there is a reason why not."""
    with room.state.read() as tx:
        runs = [tx.runs.get(RunId(run)) for run in record.runs]
    if not all(run.state.is_final for run in runs):
        return False
    failed = next((run for run in runs if run.state is not RunState.SUCCESS), None)
    if failed is not None:
        state = DeliveryState.REFUSED if failed.state is RunState.REFUSED else DeliveryState.FAILED
        end_occasion(room, record, state, failed.problem or "CR-A073")
        return False
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        tx.deliveries.ready(record.delivery_id, tuple(str(run.release_id) for run in runs))
        tx.jobs.queue(room.surroundings.new_id(), kind=DELIVERY, subject=record.delivery_id)
    return True
