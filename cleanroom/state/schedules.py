"""Schedules: a question that is asked again and again in its owner's name, and where its answers are sent."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, select

from cleanroom.names import MemberName, UserName
from cleanroom.state.kinds import ScheduleState
from cleanroom.state.tables import schedules
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRecord:
    """``kind`` is query or insight, ``subject`` its name; ``sends`` is link or file.

    ``request_blob`` (parameters) and ``destination_blob`` (address and secret, None once removed) are sealed.
    ``problem`` is the code that kept the last occasion from being delivered, None while all is well. ``next_at`` is
    None for a schedule that waits for data; ``seen`` is the digest of the snapshots it last looked at.
    """

    schedule_id: str
    name: str
    user: UserName
    member: MemberName
    kind: str
    subject: str
    request_blob: bytes = field(repr=False)
    cadence: str
    channel: str
    destination_blob: bytes | None = field(repr=False)
    format: str
    sends: str
    state: ScheduleState
    problem: str | None
    next_at: datetime | None
    seen: str | None
    created_at: datetime


class Schedules:
    """Rows of ``schedules``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(
        self,
        schedule: str,
        *,
        name: str,
        user: UserName,
        member: MemberName,
        kind: str,
        subject: str,
        request_blob: bytes,
        cadence: str,
        channel: str,
        destination_blob: bytes,
        format_name: str,
        sends: str,
        next_at: datetime | None,
        seen: str | None,
    ) -> None:
        """Keep a schedule. Raises Conflict CR-L004: the id is known already."""
        self._tx.add(
            schedules,
            "schedule.added",
            {"subject": subject, "cadence": cadence, "channel": channel},
            schedule_id=schedule,
            name=name,
            user=user,
            member=member,
            kind=kind,
            subject=subject,
            request_blob=request_blob,
            cadence=cadence,
            channel=channel,
            destination_blob=destination_blob,
            format=format_name,
            sends=sends,
            state=ScheduleState.ACTIVE,
            problem=None,
            next_at=next_at,
            seen=seen,
            created_at=self._tx.now,
        )

    def pause(self, schedule: str) -> None:
        """Let no occasion come until it is resumed. Raises Conflict CR-L002: it is not active."""
        self._move(schedule, {ScheduleState.ACTIVE}, ScheduleState.PAUSED)

    def resume(self, schedule: str, *, next_at: datetime | None, seen: str | None) -> None:
        """Go on from now. Raises Conflict CR-L002: it is not paused."""
        self._move(schedule, {ScheduleState.PAUSED}, ScheduleState.ACTIVE, next_at=next_at, seen=seen)

    def remove(self, schedule: str) -> None:
        """End it, and forget where its answers went. Raises Conflict CR-L002: it has ended."""
        alive = {ScheduleState.ACTIVE, ScheduleState.PAUSED}
        self._move(schedule, alive, ScheduleState.REMOVED, destination_blob=None, next_at=None)

    def due_next(self, record: ScheduleRecord, *, next_at: datetime | None, seen: str | None) -> None:
        """When to look again; not logged. Raises Conflict CR-L002: it is not as ``record`` says any more."""
        expected = {"state": ScheduleState.ACTIVE, "next_at": record.next_at, "seen": record.seen}
        self._tx.put(schedules, None, {"schedule_id": record.schedule_id}, expected, next_at=next_at, seen=seen)

    def say(self, schedule: str, problem: str | None) -> None:
        """What keeps it from being delivered, or that nothing does any more; nothing is written where that is known."""
        if self.get(schedule).problem != problem:
            event = "schedule.blocked" if problem else "schedule.unblocked"
            facts = {"problem": problem} if problem else {}
            self._tx.put(schedules, event, {"schedule_id": schedule}, {}, facts, problem=problem)

    def get(self, schedule: str) -> ScheduleRecord:
        """One schedule. Raises NotFound CR-L003."""
        return self._tx.get(ScheduleRecord, schedules, schedule_id=schedule)

    def of(self, member: MemberName) -> tuple[ScheduleRecord, ...]:
        """A member's schedules that were not removed, by name."""
        alive = and_(schedules.c.member == member, schedules.c.state != ScheduleState.REMOVED)
        return self._tx.many(ScheduleRecord, select(schedules).where(alive).order_by(schedules.c.name))

    def active(self) -> tuple[ScheduleRecord, ...]:
        """All that are neither paused nor removed, oldest first."""
        query = select(schedules).where(schedules.c.state == ScheduleState.ACTIVE)
        return self._tx.many(ScheduleRecord, query.order_by(schedules.c.schedule_id))

    def _move(self, schedule: str, before: set[ScheduleState], after: ScheduleState, **values: object) -> None:
        key = {"schedule_id": schedule}
        self._tx.put(schedules, f"schedule.{after}", key, {"state": frozenset(before)}, state=after, **values)
