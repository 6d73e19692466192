"""Runs: a question somebody asked, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from cleanroom.names import Digest, MemberName, ReleaseId, RunId, UserName
from cleanroom.state.kinds import RunState
from cleanroom.state.tables import runs
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """``request_blob`` (text and parameters) and ``outcome_blob`` (violations) are sealed; ``progress`` in percent.

    ``problem`` is the code of a failure.
    """

    run_id: RunId
    user: UserName
    member: MemberName
    idempotency_key: str | None
    request_digest: Digest
    template_id: str | None
    purpose: str
    request_blob: bytes = field(repr=False)
    state: RunState
    plan_digest: Digest | None
    release_id: ReleaseId | None
    problem: str | None
    outcome_blob: bytes | None = field(repr=False)
    progress: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Runs:
    """Rows of ``runs``; a run that reached an end never changes."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def submit(
        self,
        run: RunId,
        *,
        user: UserName,
        member: MemberName,
        idempotency_key: str | None,
        request_digest: Digest,
        template_id: str | None,
        purpose: str,
        request_blob: bytes,
    ) -> None:
        """Keep a question. Raises Conflict CR-L004: this user used the idempotency key before."""
        self._tx.add(
            runs,
            "run.submitted",
            {"request": request_digest},
            run_id=run,
            user=user,
            member=member,
            idempotency_key=idempotency_key,
            request_digest=request_digest,
            template_id=template_id,
            purpose=purpose,
            request_blob=request_blob,
            state=RunState.SUBMITTED,
            plan_digest=None,
            release_id=None,
            problem=None,
            outcome_blob=None,
            progress=0,
            created_at=self._tx.now,
            started_at=None,
            finished_at=None,
        )

    def start(self, run: RunId) -> None:
        """A worker took it."""
        self._move(run, {RunState.SUBMITTED}, RunState.STARTED, started_at=self._tx.now)

    def planned(self, run: RunId, plan: Digest, *, facts: Mapping[str, int | str] | None = None) -> None:
        """What exactly is going to be run, before any row is touched; ``facts`` name what it reads, for the log."""
        self._tx.put(
            runs,
            "run.planned",
            {"run_id": run},
            {"state": frozenset({RunState.STARTED, RunState.CANCELLING})},
            {**(facts or {}), "plan": plan},
            plan_digest=plan,
        )

    def progress(self, run: RunId, percent: int) -> None:
        """How far it is; not logged."""
        self._tx.put(runs, None, {"run_id": run}, progress=percent)

    def cancel(self, run: RunId) -> RunState:
        """Ask it to stop: at once when nobody took it yet. Raises Conflict CR-L002: it has ended."""
        if self.get(run).state is RunState.SUBMITTED:
            self._move(run, {RunState.SUBMITTED}, RunState.CANCELLED, finished_at=self._tx.now)
            return RunState.CANCELLED
        self._move(run, {RunState.STARTED, RunState.CANCELLING}, RunState.CANCELLING)
        return RunState.CANCELLING

    def succeed(self, run: RunId, release: ReleaseId) -> None:
        """It has a release. Raises Conflict CR-L002: it was cancelled meanwhile."""
        self._move(run, {RunState.STARTED}, RunState.SUCCESS, release_id=release, finished_at=self._tx.now)

    def end(self, run: RunId, state: RunState, *, problem: str, outcome_blob: bytes | None = None) -> None:
        """It ended without a release."""
        if not state.is_final or state is RunState.SUCCESS:
            raise AssertionError("a run without a release ends as refused, failed, cancelled or timed out")
        self._move(run, _OPEN, state, problem=problem, outcome_blob=outcome_blob, finished_at=self._tx.now)

    def restart(self, run: RunId) -> None:
        """Its worker is gone and released nothing: it goes back to the queue."""
        self._move(run, {RunState.STARTED}, RunState.SUBMITTED, started_at=None)

    def get(self, run: RunId) -> RunRecord:
        """One run. Raises NotFound CR-L003."""
        return self._tx.get(RunRecord, runs, run_id=run)

    def by_key(self, user: UserName, idempotency_key: str) -> RunRecord | None:
        """The run a user created with this key."""
        query = select(runs).where(runs.c.user == user, runs.c.idempotency_key == idempotency_key)
        return self._tx.first(RunRecord, query)

    def of(
        self, member: MemberName, *, after: str | None = None, limit: int = 100, user: UserName | None = None
    ) -> tuple[RunRecord, ...]:
        """A member's runs, newest first, from the one after ``after``."""
        query = select(runs).where(runs.c.member == member)
        if user is not None:
            query = query.where(runs.c.user == user)
        if after is not None:
            query = query.where(runs.c.run_id < after)
        return self._tx.many(RunRecord, query.order_by(runs.c.run_id.desc()).limit(limit))

    def open(self) -> tuple[RunRecord, ...]:
        """All runs that have not ended, oldest first."""
        return self._tx.many(RunRecord, select(runs).where(runs.c.state.in_(_OPEN)).order_by(runs.c.run_id))

    def _move(self, run: RunId, before: set[RunState], after: RunState, **values: object) -> None:
        self._tx.put(
            runs,
            f"run.{after.lower()}",
            {"run_id": run},
            {"state": frozenset(before)},
            state=after,
            **values,
        )


_OPEN = {state for state in RunState if not state.is_final}
