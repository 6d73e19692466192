"""Workers: threads that take jobs from the room's queue, one lease at a time, until they are told to stop.

The queue is in the state, so several processes may work on one room, and a killed worker's job comes back.
"""

from collections.abc import Callable
from datetime import date, timedelta
from threading import Event, Thread
from types import TracebackType
from typing import Self

import structlog

from api.evidence_desk import EvidenceDesk
from api.room import Room
from api.usecases.delivery_story import deliver
from api.usecases.ingest import give_up, ingest_upload
from api.usecases.occasions import DELIVERY, SCHEDULE, ask_occasion, give_up_occasion, notice
from api.usecases.released_tables import Publisher
from api.usecases.retention import keep_retention
from api.usecases.run_story import RunTools, execute_run, log_defect, tools_for
from api.usecases.runs import RUN
from api.usecases.uploads import INGEST, expire_uploads
from cleanroom.errors import CleanroomError, Unavailable
from cleanroom.names import RunId, UploadId
from cleanroom.state import ROOM, JobState
from cleanroom.state.jobs import JobRecord

_LEASE_SECONDS = 60
_RENEW_SECONDS = 15.0
_IDLE_SECONDS = 1.0
_MAX_ATTEMPTS = 5
_RETRY_SECONDS = 10
_SLOWER_EACH_TIME = 4  # a receiver that is away is asked again after 10 s, 40 s, 3 min, 11 min
_KINDS = frozenset({INGEST, RUN, SCHEDULE, DELIVERY})
_logger = structlog.get_logger("cleanroom.worker")


def wake(room: Room) -> None:
    """There is work: do not wait for the next look."""
    room.bell.set()


def work_off(room: Room, tools: RunTools | None = None) -> int:
    """Do everything that is ready, here and now; return how many jobs were done. For one-shot commands and tests."""
    used = tools or tools_for(room)
    done = 0
    while notice(room) or _one(room, used, holder=f"here-{room.surroundings.new_id()}"):
        done += 1
    return done


class Worker:
    """``with Worker(room): ...`` works on the room's queue in the background."""

    def __init__(self, room: Room, *, threads: int = 2, tools: RunTools | None = None) -> None:
        self._room = room
        self._tools = tools or tools_for(room)
        self._desk = EvidenceDesk(room)
        self._publisher = Publisher(room)
        self._retained_on: date | None = None
        self._stopping = Event()
        self._threads = [Thread(target=self._loop, args=(n,), name=f"worker-{n}", daemon=True) for n in range(threads)]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is under way and end."""
        self._stopping.set()
        self._room.bell.set()
        for thread in self._threads:
            thread.join()
        self._tools.sessions.close()
        self._desk.close()
        self._publisher.close()

    def _loop(self, number: int) -> None:
        holder = f"{number}-{self._room.surroundings.new_id()}"
        while not self._stopping.is_set():
            try:
                # Every thread looks at the clock: one of them may be busy with a long run.
                busy = notice(self._room) or _one(self._room, self._tools, holder=holder, desk=self._desk)
                if not busy and number == 0:
                    expire_uploads(self._room)
                    busy = self._publisher.look()
                    self._keep_retention()
                self._room.health.queue = None
            except CleanroomError as failure:
                if self._room.health.queue != failure.code:
                    _logger.warning("queue", code=failure.code)
                self._room.health.queue = failure.code
                busy = False
            if not busy:
                self._room.bell.wait(_IDLE_SECONDS)
                self._room.bell.clear()

    def _keep_retention(self) -> None:
        """Once a day, and when the room starts to work."""
        today = self._room.surroundings.now().date()
        if today != self._retained_on:
            keep_retention(self._room)
            self._retained_on = today


def _one(room: Room, tools: RunTools, *, holder: str, desk: EvidenceDesk | None = None) -> bool:
    """Take one job and do it; False when there is none."""
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        job = tx.jobs.lease(holder=holder, kinds=_KINDS, ttl_seconds=_LEASE_SECONDS)
    if job is None:
        return False
    lost = Event()
    renewing = Thread(target=_renew, args=(room, job, holder, lost), daemon=True)
    renewing.start()
    try:
        outcome = _done(room, job, tools, desk)
    finally:
        lost.set()
        renewing.join()
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        if outcome is None:
            wait = _RETRY_SECONDS * (_SLOWER_EACH_TIME ** (job.attempts - 1) if job.kind == DELIVERY else 1)
            tx.jobs.give_back(job.job_id, holder=holder, ready_at=tx.now + timedelta(seconds=wait))
        else:
            tx.jobs.finish(job.job_id, holder=holder, state=outcome)
    return True


def _done(room: Room, job: JobRecord, tools: RunTools, desk: EvidenceDesk | None) -> JobState | None:
    """Do a job; None when it should come back later."""
    stories: dict[str, Callable[[], object]] = {
        INGEST: lambda: ingest_upload(room, UploadId(job.subject), desk),
        RUN: lambda: execute_run(room, RunId(job.subject), tools),
        SCHEDULE: lambda: ask_occasion(room, job.subject),
        DELIVERY: lambda: deliver(room, job.subject),
    }
    try:
        stories[job.kind]()
    except CleanroomError as failure:
        _logger.info("job", kind=job.kind, code=failure.code, attempt=job.attempts)
        if not failure.retryable:
            return _ended(room, job, failure)
        if job.kind == INGEST and isinstance(failure, Unavailable):
            # The bytes are safe, and a full disk is no fault of the file: it waits for the operator, however long.
            room.health.ingest = failure.code
            return None
        return None if job.attempts < _MAX_ATTEMPTS else _ended(room, job, failure)
    except Exception as failure:  # noqa: BLE001 - a worker outlives any defect; only the kind is told (I15)
        log_defect(failure)
        return None if job.attempts < _MAX_ATTEMPTS else _ended(room, job, None)
    if job.kind == INGEST:
        room.health.ingest = None
    return JobState.DONE


def _ended(room: Room, job: JobRecord, failure: CleanroomError | None) -> JobState:
    """The job will not be done again: whoever waits for an upload or a delivery must be told how it ended."""
    if job.kind in (INGEST, SCHEDULE, DELIVERY):
        try:
            if job.kind == INGEST:
                give_up(room, UploadId(job.subject), failure)
            else:
                give_up_occasion(room, job.subject, failure)
        except Exception as defect:  # noqa: BLE001 - the next opening of the room looks again
            log_defect(defect)
    return JobState.DONE if failure is not None and not failure.retryable else JobState.FAILED


def _renew(room: Room, job: JobRecord, holder: str, ended: Event) -> None:
    while not ended.wait(_RENEW_SECONDS):
        try:
            with room.state.change(ROOM, room.surroundings.now()) as tx:
                if not tx.jobs.renew(job.job_id, holder=holder, ttl_seconds=_LEASE_SECONDS):
                    return
        except CleanroomError as failure:
            _logger.warning("lease", code=failure.code)
