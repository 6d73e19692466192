"""Jobs: work that must be done once, held by a lease so that a killed worker's job comes back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, insert, or_, select, update

from cleanroom.state.kinds import JobState
from cleanroom.state.tables import jobs
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """``kind`` says what to do, ``subject`` with what (an id). ``attempts`` counts leases given."""

    job_id: str
    kind: str
    subject: str
    state: JobState
    holder: str | None
    lease_expires_at: datetime | None
    attempts: int
    ready_at: datetime


class Jobs:
    """Rows of ``jobs``; not audited: what a job did is."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def queue(self, job_id: str, *, kind: str, subject: str) -> None:
        """Put work in the queue. Raises Conflict CR-L004: this work is known already."""
        self._tx.connection.execute(
            insert(jobs).values(
                job_id=job_id,
                kind=kind,
                subject=subject,
                state=JobState.READY,
                holder=None,
                lease_expires_at=None,
                attempts=0,
                ready_at=self._tx.now,
            )
        )

    def lease(self, *, holder: str, kinds: frozenset[str], ttl_seconds: int) -> JobRecord | None:
        """Take the oldest job that is ready or whose lease ran out; None when there is none.

        Two workers never get the same job: PostgreSQL skips rows another worker is taking, SQLite's writers queue.
        """
        now = self._tx.now
        free = or_(
            jobs.c.state == JobState.READY, and_(jobs.c.state == JobState.LEASED, jobs.c.lease_expires_at <= now)
        )
        query = (
            select(jobs)
            .where(jobs.c.kind.in_(kinds), jobs.c.ready_at <= now, free)
            .order_by(jobs.c.ready_at, jobs.c.job_id)
            .with_for_update(skip_locked=True)
        )
        found = self._tx.first(JobRecord, query)
        if found is None:
            return None
        self._tx.connection.execute(
            update(jobs)
            .where(jobs.c.job_id == found.job_id)
            .values(
                state=JobState.LEASED,
                holder=holder,
                lease_expires_at=now + timedelta(seconds=ttl_seconds),
                attempts=found.attempts + 1,
            )
        )
        return self._tx.get(JobRecord, jobs, job_id=found.job_id)

    def renew(self, job_id: str, *, holder: str, ttl_seconds: int) -> bool:
        """Keep a lease; False when somebody else has it by now: stop working."""
        return self._held(job_id, holder, lease_expires_at=self._tx.now + timedelta(seconds=ttl_seconds))

    def finish(self, job_id: str, *, holder: str, state: JobState = JobState.DONE) -> bool:
        """End a job; False when somebody else has it by now."""
        return self._held(job_id, holder, state=state, holder=None, lease_expires_at=None)

    def give_back(self, job_id: str, *, holder: str, ready_at: datetime) -> bool:
        """Put a job back in the queue for later; False when somebody else has it by now."""
        return self._held(job_id, holder, state=JobState.READY, holder=None, lease_expires_at=None, ready_at=ready_at)

    def release_all(self) -> int:
        """Give back every lease: on opening a room that one process owns, all holders are gone."""
        statement = (
            update(jobs)
            .where(jobs.c.state == JobState.LEASED)
            .values(state=JobState.READY, holder=None, lease_expires_at=None)
        )
        return int(self._tx.connection.execute(statement).rowcount)

    def open(self, kind: str) -> tuple[JobRecord, ...]:
        """Work of this kind that has not ended, oldest first."""
        unended = jobs.c.state.in_((JobState.READY, JobState.LEASED))
        return self._tx.many(JobRecord, select(jobs).where(jobs.c.kind == kind, unended).order_by(jobs.c.job_id))

    def drop(self, kind: str, subject: str) -> None:
        """Forget work that nobody needs to do any more; silent where there is none."""
        self._tx.connection.execute(delete(jobs).where(jobs.c.kind == kind, jobs.c.subject == subject))

    def get(self, job_id: str) -> JobRecord:
        """One job. Raises NotFound CR-L003."""
        return self._tx.get(JobRecord, jobs, job_id=job_id)

    def _held(self, job_id: str, by: str, /, **values: object) -> bool:
        condition = and_(jobs.c.job_id == job_id, jobs.c.holder == by, jobs.c.state == JobState.LEASED)
        return int(self._tx.connection.execute(update(jobs).where(condition).values(**values)).rowcount) == 1
