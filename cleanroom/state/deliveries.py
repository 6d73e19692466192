"""Deliveries: one occasion of a schedule each, from the moment it was due to the receiver's answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from cleanroom.names import Digest, MemberName
from cleanroom.state.kinds import DeliveryState
from cleanroom.state.tables import deliveries, schedules
from cleanroom.state.transaction import Transaction

_OPEN = frozenset({DeliveryState.DUE, DeliveryState.ASKED, DeliveryState.READY, DeliveryState.SENDING})
_ARRIVED = (DeliveryState.DELIVERED, DeliveryState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """``runs`` and ``releases`` are ids, one per query asked. ``attempts`` counts begun sendings, ``unknown_attempts``
    those of them whose outcome nobody knows. ``content_digest`` is of the file that was sent."""

    delivery_id: str
    schedule_id: str
    occasion: str
    due_at: datetime
    runs: tuple[str, ...]
    releases: tuple[str, ...]
    state: DeliveryState
    attempts: int
    unknown_attempts: int
    problem: str | None
    content_digest: Digest | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRecord:
    """The releases of one occasion of the schedule called ``name``."""

    schedule_id: str
    name: str
    releases: tuple[str, ...]


class Deliveries:
    """Rows of ``deliveries``; one that reached an end never changes."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def due(self, delivery: str, *, schedule: str, occasion: str, due_at: datetime) -> None:
        """An occasion has come. Raises Conflict CR-L004: somebody noticed it before."""
        self._tx.add(
            deliveries,
            "delivery.due",
            {"schedule": schedule},
            delivery_id=delivery,
            schedule_id=schedule,
            occasion=occasion,
            due_at=due_at,
            runs=(),
            releases=(),
            state=DeliveryState.DUE,
            attempts=0,
            unknown_attempts=0,
            problem=None,
            content_digest=None,
            created_at=self._tx.now,
            finished_at=None,
        )

    def asked(self, delivery: str, runs: tuple[str, ...]) -> None:
        """Its questions are submitted. Raises Conflict CR-L002: it has ended, or was asked before."""
        self._move(delivery, {DeliveryState.DUE}, DeliveryState.ASKED, runs=runs)

    def ready(self, delivery: str, releases: tuple[str, ...]) -> None:
        """Its answers are there. Raises Conflict CR-L002: it is elsewhere by now."""
        self._move(delivery, {DeliveryState.ASKED}, DeliveryState.READY, releases=releases)

    def sending(self, delivery: str, content: Digest) -> None:
        """It is about to leave: logged before it does (INVARIANT I16). An attempt without an end stays unknown."""
        found = self.get(delivery)
        self._move(
            delivery,
            {DeliveryState.READY, DeliveryState.SENDING},
            DeliveryState.SENDING,
            {"content": content, "attempt": found.attempts + 1},
            attempts=found.attempts + 1,
            unknown_attempts=found.unknown_attempts + (found.state is DeliveryState.SENDING),
            content_digest=content,
        )

    def again(self, delivery: str, *, problem: str, is_unknown: bool) -> None:
        """An attempt did not succeed; there will be another."""
        self._move(
            delivery,
            {DeliveryState.READY, DeliveryState.SENDING},
            DeliveryState.READY,
            {"problem": problem},
            problem=problem,
            unknown_attempts=self.get(delivery).unknown_attempts + is_unknown,
        )

    def delivered(self, delivery: str) -> None:
        """The receiver has it."""
        self._move(delivery, {DeliveryState.SENDING}, DeliveryState.DELIVERED, problem=None, finished_at=self._tx.now)

    def end(self, delivery: str, state: DeliveryState, *, problem: str) -> None:
        """It ended without the receiver's word. Raises Conflict CR-L002: it had ended."""
        self._move(delivery, set(_OPEN), state, {"problem": problem}, problem=problem, finished_at=self._tx.now)

    def get(self, delivery: str) -> DeliveryRecord:
        """One delivery. Raises NotFound CR-L003."""
        return self._tx.get(DeliveryRecord, deliveries, delivery_id=delivery)

    def of(self, schedule: str, *, limit: int = 50) -> tuple[DeliveryRecord, ...]:
        """A schedule's deliveries, newest first."""
        query = select(deliveries).where(deliveries.c.schedule_id == schedule)
        return self._tx.many(DeliveryRecord, query.order_by(deliveries.c.delivery_id.desc()).limit(limit))

    def before(self, delivery: DeliveryRecord) -> DeliveryRecord | None:
        """The one before it of the same schedule that the receiver has, or may have."""
        query = select(deliveries).where(
            deliveries.c.schedule_id == delivery.schedule_id,
            deliveries.c.delivery_id < delivery.delivery_id,
            deliveries.c.state.in_(_ARRIVED),
        )
        return self._tx.first(DeliveryRecord, query.order_by(deliveries.c.delivery_id.desc()))

    def waiting(self) -> tuple[DeliveryRecord, ...]:
        """All whose questions are being answered, oldest first."""
        query = select(deliveries).where(deliveries.c.state == DeliveryState.ASKED)
        return self._tx.many(DeliveryRecord, query.order_by(deliveries.c.delivery_id))

    def answered(self, member: MemberName) -> tuple[AnsweredRecord, ...]:
        """What a member's schedules were answered with, oldest first."""
        query = (
            select(schedules.c.schedule_id, schedules.c.name, deliveries.c.releases)
            .join(schedules, schedules.c.schedule_id == deliveries.c.schedule_id)
            .where(schedules.c.member == member)
        )
        found = self._tx.many(AnsweredRecord, query.order_by(deliveries.c.delivery_id))
        return tuple(one for one in found if one.releases)

    def _move(
        self,
        delivery: str,
        before: set[DeliveryState],
        after: DeliveryState,
        facts: dict[str, int | str] | None = None,
        **values: object,
    ) -> None:
        event = f"delivery.{after}"
        key = {"delivery_id": delivery}
        self._tx.put(deliveries, event, key, {"state": frozenset(before)}, facts, state=after, **values)
