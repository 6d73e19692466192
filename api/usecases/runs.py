"""Runs as people see them: submit, look, cancel; and the releases they end in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from api.principal import Principal
from api.room import Room
from api.usecases.freshness import Freshness, OlderData, freshness_of
from api.usecases.questions import Ask
from api.usecases.run_story import open_ask
from cleanroom.canonical import digest_of
from cleanroom.crypto import open_blob, seal_blob
from cleanroom.delivery import About
from cleanroom.delivery.json_document import parse_json
from cleanroom.errors import Conflict, NotFound, UsageProblem
from cleanroom.names import Digest, MemberName, ReleaseId, RunId
from cleanroom.released import ReleasedTable
from cleanroom.state import RunState, UserRole
from cleanroom.state.releases import ReleaseRecord
from cleanroom.state.runs import RunRecord

RUN = "run"
"""The kind of the job that a submitted run becomes."""

_MAX_TEXT = 200_000
_READERS = (UserRole.ANALYST, UserRole.STEWARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as its own member sees it; ``progress`` in percent. ``problem`` is set where it ended without a release.

    ``rests_on_older_data`` says of the release whether some dataset behind it has changed since.
    """

    run_id: RunId
    user: str
    state: RunState
    template_id: str | None
    purpose: str
    progress: int
    plan_digest: Digest | None
    release_id: ReleaseId | None
    problem: Mapping[str, object] | None = field(repr=False)
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    rests_on_older_data: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A release without its numbers. ``digest`` is of its content.

    ``older`` are datasets behind it that changed since, as far as the reader may know of them.
    """

    release_id: ReleaseId
    run_id: RunId
    template_id: str | None
    asked_by: MemberName
    receivers: tuple[str, ...]
    digest: Digest
    withheld: Mapping[str, int]
    data_date: date | None
    created_at: datetime
    rests_on_older_data: bool
    older: tuple[OlderData, ...]

    @property
    def tag(self) -> str:
        """What a copy's ETag begins with: other once the content, or what is said of its age, is other."""
        known = "".join(f"-{one.newer_data_date}" for one in self.older)
        return self.digest.removeprefix("sha256:") + (f"-older{known}" if self.rests_on_older_data else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A release with its numbers, and what a file about it says."""

    view: ReleaseView
    table: ReleasedTable = field(repr=False)
    about: About


def submit_run(room: Room, who: Principal, ask: Ask, *, idempotency_key: str | None = None) -> RunView:
    """Queue a question; the same key with the same question gives the same run again.

    Raises:
        NotAuthorised: CR-A003. UsageProblem: CR-A052 to CR-A055. Conflict: CR-A014, the key was used for another.
    """
    who.need(UserRole.ANALYST)
    if (ask.template is None) == (ask.sql is None):
        raise UsageProblem("CR-A052", "give either a template or a text", help="`template` or `sql`, not both")
    content = ask.to_bytes()
    if len(content) > _MAX_TEXT:
        raise UsageProblem("CR-A054", "the question is too long")
    if idempotency_key is not None and (earlier := _same(room, who, idempotency_key, ask)):
        return earlier
    run = RunId(room.surroundings.new_id())
    sealed = seal_blob(
        room.blob_key("request"), content, associated=f"request/{run}".encode(), random=room.surroundings.random
    )
    try:
        with room.state.change(who.actor, room.surroundings.now()) as tx:
            tx.runs.submit(
                run,
                user=who.user,
                member=who.member,
                idempotency_key=idempotency_key,
                request_digest=digest_of(sealed),
                template_id=None if ask.template is None else ask.template[:96],
                purpose=(ask.purpose or "")[:64],
                request_blob=sealed,
            )
            tx.jobs.queue(room.surroundings.new_id(), kind=RUN, subject=run)
    except Conflict:
        # Two requests with one key at the same time: the other was first, and this is its answer.
        if idempotency_key is not None and (earlier := _same(room, who, idempotency_key, ask)):
            return earlier
        raise
    room.bell.set()
    return get_run(room, who, run)


def get_run(room: Room, who: Principal, run: str) -> RunView:
    """One run of one's own member. Raises NotAuthorised CR-A003, NotFound CR-L003 (also another member's, I17)."""
    who.need(*_READERS)
    return _views(room, who, [_own(room, who, run)])[0]


def list_runs(room: Room, who: Principal, *, after: str | None = None, limit: int = 100) -> tuple[RunView, ...]:
    """One's own member's runs, newest first."""
    who.need(*_READERS)
    with room.state.read() as tx:
        found = tx.runs.of(who.member, after=after, limit=limit)
    return _views(room, who, found)


def cancel_run(room: Room, who: Principal, run: str) -> RunView:
    """Ask a run of one's own member to stop.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003. Conflict: CR-L002, it has ended.
    """
    who.need(UserRole.ANALYST)
    record = _own(room, who, run)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.runs.cancel(record.run_id)
    return get_run(room, who, run)


def list_releases(room: Room, who: Principal, *, after: str | None = None, limit: int = 100) -> tuple[ReleaseView, ...]:
    """What one's member may hold, newest first."""
    who.need(*_READERS)
    with room.state.read() as tx:
        found = tx.releases.held_by(who.member, after=after, limit=limit)
        runs = [tx.runs.get(record.run_id) for record in found]
    fresh = freshness_of(room, who, [run.run_id for run in runs])
    return tuple(_release_view(record, run, fresh[run.run_id]) for record, run in zip(found, runs, strict=True))


def get_release(room: Room, who: Principal, release: str) -> Answer:
    """A release one's member may hold, with its numbers.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003, also where the member is no receiver (I17).
    """
    who.need(*_READERS)
    with room.state.read() as tx:
        record = tx.releases.get(ReleaseId(release))
        run = tx.runs.get(record.run_id)
    if who.member not in record.receivers:
        raise NotFound("CR-L003", "no such entry in `releases`", help="check the name; list what there is")
    content = open_blob(room.blob_key("release"), record.table_blob, associated=f"release/{record.release_id}".encode())
    table = parse_json(content)
    if who.member not in table.receivers:  # the sealed answer has the last word, not a row that can be changed
        raise NotFound("CR-L003", "no such entry in `releases`", help="check the name; list what there is")
    fresh = freshness_of(room, who, [run.run_id])[run.run_id]
    view = _release_view(record, run, fresh)
    facts = _facts(room, view, record)
    if fresh.is_older:
        facts["older data"] = fresh.in_words()
    return Answer(view=view, table=table, about=About(facts=facts))


def _facts(room: Room, view: ReleaseView, record: ReleaseRecord) -> dict[str, str]:
    facts = {
        "room": room.name,
        "run": str(view.run_id),
        "release": str(view.release_id),
        "query": view.template_id or "ad hoc",
        "plan": str(record.plan_digest),
        "released": view.created_at.isoformat(timespec="seconds"),
    }
    return facts if view.data_date is None else {**facts, "data up to": view.data_date.isoformat()}


def _release_view(record: ReleaseRecord, run: RunRecord, fresh: Freshness) -> ReleaseView:
    return ReleaseView(
        release_id=record.release_id,
        run_id=record.run_id,
        template_id=run.template_id,
        asked_by=record.member,
        receivers=record.receivers,
        digest=record.content_digest,
        withheld=record.withheld,
        data_date=record.data_date,
        created_at=record.created_at,
        rests_on_older_data=fresh.is_older,
        older=fresh.older,
    )


def _same(room: Room, who: Principal, idempotency_key: str, ask: Ask) -> RunView | None:
    with room.state.read() as tx:
        earlier = tx.runs.by_key(who.user, idempotency_key)
    if earlier is None:
        return None
    if open_ask(room, earlier) != ask:
        raise Conflict("CR-A014", "this Idempotency-Key was used for another question", help="use a new key")
    return _views(room, who, [earlier])[0]


def _own(room: Room, who: Principal, run: str) -> RunRecord:
    with room.state.read() as tx:
        record = tx.runs.get(RunId(run))
    if record.member != who.member:
        raise NotFound("CR-L003", "no such entry in `runs`", help="check the name; list what there is")
    return record


def _views(room: Room, who: Principal, records: Sequence[RunRecord]) -> tuple[RunView, ...]:
    with room.state.read() as tx:
        # A question that was asked before shows the first answer: what that one read is what counts.
        releases = {record.run_id: tx.releases.get(record.release_id) for record in records if record.release_id}
    fresh = freshness_of(room, who, [release.run_id for release in releases.values()])
    older = {run for run, release in releases.items() if fresh[release.run_id].is_older}
    return tuple(_view(room, record, is_older=record.run_id in older) for record in records)


def _view(room: Room, record: RunRecord, *, is_older: bool) -> RunView:
    problem: Mapping[str, object] | None = None
    if record.outcome_blob is not None:
        context = f"outcome/{record.run_id}".encode()
        problem = json.loads(open_blob(room.blob_key("outcome"), record.outcome_blob, associated=context))
    return RunView(
        run_id=record.run_id,
        user=record.user,
        state=record.state,
        template_id=record.template_id,
        purpose=record.purpose,
        progress=100 if record.state is RunState.SUCCESS else record.progress,
        plan_digest=record.plan_digest,
        release_id=record.release_id,
        problem=problem,
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        rests_on_older_data=is_older,
    )
