"""Flow 2 inside the room: a submitted run becomes a stored release, or ends saying why not.

Killed anywhere in between, the run goes back to the queue when the room is opened again: what the ledger recorded
meets itself as the same cells, and a release that was stored is found by its plan (INVARIANT I14).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import structlog

from api.ledger_store import RoomLedger
from api.principal import Principal
from api.room import Room
from api.usecases.erasure import is_removal
from api.usecases.freshness import reads_of
from api.usecases.people import principal_of_user
from api.usecases.planning import data_date, plan_facts, plan_question
from api.usecases.questions import Ask, Compiled, compile_question
from api.usecases.run_control import watched_control
from cleanroom.canonical import canonical_json, digest_of
from cleanroom.crypto import open_blob, seal_blob
from cleanroom.delivery import About
from cleanroom.delivery.json_document import parse_json, render_json
from cleanroom.engine.control import RunCancelled, RunTimedOut
from cleanroom.engine.session import Session, SessionLimits
from cleanroom.engine.sessions import Sessions
from cleanroom.errors import (
    CleanroomError,
    Conflict,
    IntegrityFailure,
    PolicyRefused,
    Unavailable,
)
from cleanroom.names import Digest, ReleaseId, RunId
from cleanroom.plan import Plan
from cleanroom.privacy.ledger_port import LedgerPort
from cleanroom.privacy.renewed import EarlierRelease, has_gaps, serve_earlier
from cleanroom.release import release
from cleanroom.released import ReleasedTable
from cleanroom.state import ROOM, Actor, MemberStatus, RunState, TextStatus, Tx, UserRole
from cleanroom.state.runs import RunRecord

STEPS = ("started", "planned", "released", "stored")
"""The names a checkpoint is called with, in order: each after its step is done. Crash tests stop there."""

RUN_SECONDS = 600.0
_logger = structlog.get_logger("cleanroom.run")
_MEMORY_BYTES = 2_000_000_000
_LOOKED_BACK = 500
"""Releases looked through for an earlier answer, newest first; one that lies further back stays where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTools:
    """What the story needs beside the room. Without ``sessions`` each run opens one of its own, in memory alone."""

    ledger: LedgerPort
    sessions: Sessions = field(default_factory=lambda: Sessions(SessionLimits(memory_bytes=_MEMORY_BYTES), keep=0))
    limit_seconds: float = RUN_SECONDS
    checkpoint: Callable[[str], None] = lambda step: None  # noqa: ARG005


def tools_for(room: Room) -> RunTools:
    """The tools of a room; one per process, because the ledger and the sessions keep what they have read.

    One session stays open: a run reads every member's newest catalogue, so an older session serves nobody any more.
    """
    limits = SessionLimits(memory_bytes=_MEMORY_BYTES, spill=room.spill)
    return RunTools(ledger=RoomLedger(room), sessions=Sessions(limits, keep=1))


def execute_run(room: Room, run: RunId, tools: RunTools) -> RunState:
    """Run what was submitted; every end is in the state before this returns (INVARIANT I16).

    Returns the state it ended in; a run that had ended before is left alone.
    """
    with room.state.read() as tx:
        record = tx.runs.get(run)
    if record.state is RunState.STARTED:
        # The caller holds the job's lease, so whoever started this run is gone.
        with room.state.change(ROOM, room.surroundings.now()) as tx:
            tx.runs.restart(run)
    elif record.state is RunState.CANCELLING:
        return _end(room, run, RunState.CANCELLED, RunCancelled())
    elif record.state is not RunState.SUBMITTED:
        return record.state
    try:
        _answer(room, record, tools)
    except RunCancelled as refusal:
        return _end(room, run, RunState.CANCELLED, refusal)
    except RunTimedOut as refusal:
        return _end(room, run, RunState.TIMED_OUT, refusal)
    except PolicyRefused as refusal:
        return _end(room, run, RunState.REFUSED, refusal)
    except CleanroomError as refusal:
        return _end(room, run, RunState.FAILED, refusal)
    except Exception as defect:  # noqa: BLE001 - a defect ends the run too; its text may quote a cell (I15)
        log_defect(defect)
        return _end(room, run, RunState.FAILED, IntegrityFailure("CR-A012", "something went wrong on our side"))
    with room.state.read() as tx:
        return tx.runs.get(run).state


def log_defect(defect: Exception) -> None:
    """Log a defect: its kind and where it arose, never its text."""
    trace = defect.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
    _logger.error("defect", kind=type(defect).__name__, place=place)


def _answer(room: Room, record: RunRecord, tools: RunTools) -> None:
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        tx.runs.start(record.run_id)
    tools.checkpoint("started")
    # 1-5. Compile and decide again, with the policies, signatures and roles of now, not of when it was submitted.
    who = _asker(room, record)
    compiled = compile_question(room, who, open_ask(room, record))
    # 6. Plan: the newest snapshot of everybody who takes part.
    plan = plan_question(room, who, compiled)
    digest = digest_of(canonical_json(plan))
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        tx.runs.planned(record.run_id, digest, facts=plan_facts(plan, compiled))
    tools.checkpoint("planned")
    # 7. Replay: this very plan was released to this member before.
    if _replayed(room, record, digest):
        return
    # 8-12. Charge, execute, suppress, shape: the kernel's story.
    with (
        _session(room, plan, tools) as session,
        watched_control(room, record.run_id, limit_seconds=tools.limit_seconds) as control,
    ):
        table = release(plan, session=session, ledger=tools.ledger, control=control)
        stopped = control.stopped_as()
        if stopped is not None:
            raise stopped
    tools.checkpoint("released")
    # A policy, an approval or the asker's right that ended while this ran takes the answer with it.
    _still_allowed(room, record, plan)
    # 13. What the ledger kept back and all receivers hold from before is served as it was, marked with its date.
    table = _with_earlier(room, record, plan, table)
    # 14. Store and log, in one transaction, before anybody knows.
    _store(room, record, plan, compiled, table)
    tools.checkpoint("stored")


def open_ask(room: Room, record: RunRecord) -> Ask:
    """What was asked."""
    key, context = room.blob_key("request"), f"request/{record.run_id}".encode()
    return Ask.from_bytes(open_blob(key, record.request_blob, associated=context))


def _replayed(room: Room, record: RunRecord, digest: Digest) -> bool:
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        earlier = tx.releases.by_plan(digest, record.member)
        if earlier is None:
            return False
        tx.runs.succeed(record.run_id, earlier.release_id)
        return True


@contextmanager
def _session(room: Room, plan: Plan, tools: RunTools) -> Iterator[Session]:
    # Every member's lake, not only the plan's: the ledger holds the new numbers against what left before.
    with room.state.read() as tx:
        holders = {snapshot.member for snapshot in tx.snapshots.all()}
        present = [m.name for m in tx.members.all() if m.status is MemberStatus.ACTIVE and m.name in holders]
    lakes = [room.vault(name).published() for name in present]
    if not {table.member for source in plan.tables for table in source} <= set(present):
        raise Conflict("CR-A056", "a member left while the question was planned", help="ask again")
    with tools.sessions.on(lakes) as session:
        yield session


def _asker(room: Room, record: RunRecord) -> Principal:
    """Who asked, with the rights of now: a question that waited in the queue asks nothing for who may not ask any more."""
    who = principal_of_user(room, record.user)
    who.need(UserRole.ANALYST)
    return who


def _still_allowed(room: Room, record: RunRecord, plan: Plan) -> None:
    compiled = compile_question(room, _asker(room, record), open_ask(room, record))
    result = compiled.result
    if not result.allowed or result.obligations is None:
        raise PolicyRefused(result.violations)
    before = {policy for source in plan.obligations.sources for policy in source.policies}
    now = {policy for source in result.obligations.sources for policy in source.policies}
    if not before <= now:
        raise Conflict("CR-A057", "a policy changed while the question ran", help="ask again")


def _with_earlier(room: Room, record: RunRecord, plan: Plan, table: ReleasedTable) -> ReleasedTable:
    table = replace(
        table,
        question=digest_of(canonical_json(plan.shape)),
        receivers=tuple(sorted({*table.receivers, record.member})),
    )
    return serve_earlier(table, plan.shape, _earlier(room, record)) if has_gaps(table) else table


def _earlier(room: Room, record: RunRecord) -> Iterator[EarlierRelease]:
    """What the asker's member was given in runs of the same text or template name, newest first.

    Nothing that counts people erased since: nobody erased stands in a later answer.
    """
    with room.state.read() as tx:
        found = tx.releases.held_by(record.member, limit=_LOOKED_BACK)
        alike = [one for one in found if tx.runs.get(one.run_id).template_id == record.template_id]
        alike = [one for one in alike if not _counts_erased(tx, one.run_id)]
    key = room.blob_key("release")
    for one in alike:
        if one.data_date is not None:
            content = open_blob(key, one.table_blob, associated=f"release/{one.release_id}".encode())
            yield EarlierRelease(table=parse_json(content), data_date=one.data_date)


def _counts_erased(tx: Tx, run: RunId) -> bool:
    """Whether people were removed from what ``run`` read, after it read it."""
    removed = [one for one in tx.snapshots.all() if is_removal(one.upload_id)]
    return any(
        (one.member, one.dataset) == (member, dataset) and one.snapshot > snapshot
        for member, dataset, snapshot in reads_of(tx.log.about("runs", run))
        for one in removed
    )


def _described(table: ReleasedTable, compiled: Compiled) -> ReleasedTable:
    columns = tuple(
        replace(
            column,
            unit=compiled.units.get(column.name, column.unit),
            description=compiled.descriptions.get(column.name, column.description),
        )
        for column in table.columns
    )
    return replace(table, columns=columns)


def _store(room: Room, record: RunRecord, plan: Plan, compiled: Compiled, table: ReleasedTable) -> None:
    digest = digest_of(canonical_json(plan))
    identity = ReleaseId(room.surroundings.new_id())
    content = render_json(_described(table, compiled), About())
    sealed = seal_blob(
        room.blob_key("release"),
        content,
        associated=f"release/{identity}".encode(),
        random=room.surroundings.random,
    )
    try:
        with room.state.change(Actor(user=record.user, member=record.member), room.surroundings.now()) as tx:
            tx.releases.add(
                identity,
                run_id=record.run_id,
                plan_digest=digest,
                member=record.member,
                receivers=tuple(sorted({*table.receivers, record.member})),
                content_digest=digest_of(content),
                table_blob=sealed,
                withheld={str(reason): count for reason, count in table.withheld.items()},
                data_date=data_date(room, plan),
            )
            tx.runs.succeed(record.run_id, identity)
            _require_active(tx, record, plan, compiled)
    except Conflict:
        # Somebody cancelled, or asked the same at the same time and was first: then theirs is the answer.
        if _is_cancelling(room, record.run_id):
            raise RunCancelled from None
        if not _replayed(room, record, digest):
            raise


def _require_active(tx: Tx, record: RunRecord, plan: Plan, compiled: Compiled) -> None:
    """In the storing transaction itself: no policy, approval or person left between the last look and the release."""
    asker = tx.users.get(record.user)
    if asker.revoked_at is not None or UserRole.ANALYST not in asker.roles:
        raise Unavailable("CR-A057", "the asker may not ask any more", help="somebody else of the member may")
    here = {member.name for member in tx.members.all() if member.status is MemberStatus.ACTIVE}
    active = {policy.digest for policy in tx.policies.all(status=TextStatus.ACTIVE)}
    needed = {policy for source in plan.obligations.sources for policy in source.policies}
    owners = {member for source in plan.obligations.sources for member in source.members}
    digest = compiled.approvals
    given = {a.owner for a in tx.templates.approvals(digest) if a.withdrawn_at is None} if digest else owners
    if not needed <= active or not owners <= given & here:
        raise Unavailable("CR-A057", "a policy or approval ended while the question ran", help="ask again")


def _is_cancelling(room: Room, run: RunId) -> bool:
    with room.state.read() as tx:
        return tx.runs.get(run).state is RunState.CANCELLING


def _end(room: Room, run: RunId, state: RunState, refusal: CleanroomError) -> RunState:
    if state is not RunState.CANCELLED and _is_cancelling(room, run):
        state = RunState.CANCELLED
    content = canonical_json(
        {
            "code": refusal.code,
            "message": refusal.message,
            "help": refusal.help,
            "retryable": refusal.retryable,
            "violations": list(refusal.violations) if isinstance(refusal, PolicyRefused) else [],
        }
    )
    sealed = seal_blob(
        room.blob_key("outcome"), content, associated=f"outcome/{run}".encode(), random=room.surroundings.random
    )
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        tx.runs.end(run, state, problem=refusal.code, outcome_blob=sealed)
    return state
