"""Released answers as tables: a member's DuckDB file, and its schema on a PostgreSQL server where one is configured.

Only releases come in, each only for members it names as receivers (INVARIANT I13, I17); nothing asks data. What is kept
on disk is sealed under the member's data key and made anew whenever it is not what the state says, so that a crash
between a release and its tables heals itself.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from api.principal import Principal
from api.room import Room
from api.usecases.run_story import log_defect, open_ask
from api.usecases.templates import runnable_template
from cleanroom.canonical import canonical_json, digest_of
from cleanroom.crypto import open_blob, seal_blob
from cleanroom.delivery.json_document import parse_json
from cleanroom.errors import CleanroomError, IntegrityFailure
from cleanroom.names import Digest, MemberName, ReleaseId, UserName
from cleanroom.published import Entry, Layout, lay_out
from cleanroom.published.duckdb_file import duckdb_file
from cleanroom.published.postgres import PublishingServer
from cleanroom.state import MemberStatus, Tx, UserRole
from cleanroom.state.releases import ReleaseRecord

PUBLISH_VARIABLE = "CLEANROOM_PUBLISH_URL"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory, where the system has one; what is made in it is private
_RETRY = timedelta(seconds=60)
_logger = structlog.get_logger("cleanroom.published")


def released_file(room: Room, who: Principal) -> bytes:
    """The DuckDB file of everything one's member may hold.

    Raises:
        NotAuthorised: CR-A003. Unavailable: CR-S041.
    """
    who.need(UserRole.ANALYST, UserRole.STEWARD)
    return _file_of(room, who.member)


def layout_of(room: Room, member: MemberName) -> Layout:
    """Everything a member may hold, as tables."""
    with room.state.read() as tx:
        return lay_out(_entries(room, tx, member))


class Publisher:
    """Keeps the PostgreSQL server's schemas what the state says; one per process, used by one thread.

    The server's address may hold a password, so it comes from the environment and lies nowhere else. With ``{member}``
    in it every member has a database of its own: then not even names of tables are seen by another.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._url = os.environ.get(PUBLISH_VARIABLE, "")
        self._servers: dict[str, PublishingServer] = {}
        self._published: dict[MemberName, Digest | None] = {}
        self._head = -1
        self._not_before: datetime | None = None

    def look(self) -> bool:
        """Publish what is not published yet; whether there was anything.

        A failure is logged and tried again; it is one member's, and the others' are published (INVARIANT I18).
        """
        now = self._room.surroundings.now()
        if not self._url or (self._not_before is not None and now < self._not_before):
            return False
        with self._room.state.read() as tx:
            head, _ = tx.log.head()
            members = {member.name: member.status is MemberStatus.ACTIVE for member in tx.members.all()}
        if head == self._head:
            return False
        done = [self._tried(member, is_active=is_active) for member, is_active in sorted(members.items())]
        if None in done:
            self._not_before = now + _RETRY
        else:
            self._head, self._not_before = head, None
        return any(done)

    def close(self) -> None:
        """Let go of the server."""
        for server in self._servers.values():
            server.close()

    def _tried(self, member: MemberName, *, is_active: bool) -> bool | None:
        """As ``_brought``; None where it failed."""
        try:
            return self._brought(member, is_active=is_active)
        except CleanroomError as failure:
            _logger.warning("publish", code=failure.code)
        except Exception as defect:  # noqa: BLE001 - the worker outlives any defect; its text may quote a cell (I15)
            log_defect(defect)
        return None

    def _brought(self, member: MemberName, *, is_active: bool) -> bool:
        room = self._room
        if not is_active:
            if self._published.get(member, Digest("")) is not None:
                self._server(member).withdraw(room=room.name, member=member)
                self._published[member] = None
            return False
        with room.state.read() as tx:
            mark = _mark(tx, member)
        if self._published.get(member) == mark:
            return False
        layout = layout_of(room, member)
        key = room.verify_key.to_text()
        self._server(member).publish(layout, room=room.name, room_key=key, member=member)
        self._published[member] = mark
        return True

    def _server(self, member: MemberName) -> PublishingServer:
        url = self._url.replace("{member}", member)
        if url not in self._servers:
            self._servers[url] = PublishingServer.open(url)
        return self._servers[url]


def _file_of(room: Room, member: MemberName) -> bytes:
    """As kept, where that is still what the state says; made anew otherwise."""
    key, context = room.data_key(member).blob_key("released"), f"released/{member}".encode()
    place = room.folder / "released" / f"{member}.sealed"
    with room.state.read() as tx:
        mark = _mark(tx, member).encode()
    with suppress(OSError, IntegrityFailure):
        kept = open_blob(key, place.read_bytes(), associated=context)
        if kept.startswith(mark):
            return kept[len(mark) :]
    content = duckdb_file(layout_of(room, member), _MEMORY if os.access(_MEMORY, os.W_OK) else room.spill)
    sealed = seal_blob(key, mark + content, associated=context, random=room.surroundings.random)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    partial = place.with_suffix(f".{room.surroundings.new_id()}")
    partial.write_bytes(sealed)
    partial.replace(place)
    return content


def _mark(tx: Tx, member: MemberName) -> Digest:
    """Tells one content from another without opening a release."""
    answered = [[one.schedule_id, list(one.releases)] for one in tx.deliveries.answered(member)]
    return digest_of(canonical_json([list(tx.releases.ids_held_by(member)), answered]))


def _entries(room: Room, tx: Tx, member: MemberName) -> Iterator[Entry]:
    """Each release in the series of its question, and then in those of the member's schedules that it answered."""
    scheduled: dict[str, list[tuple[str, str]]] = {}
    for one in tx.deliveries.answered(member):
        for release in one.releases:
            wanted = (one.schedule_id, one.name)
            if wanted not in scheduled.setdefault(release, []):
                scheduled[release].append(wanted)
    titles: dict[tuple[MemberName, str], str] = {}
    for release in tx.releases.ids_held_by(member):
        record = tx.releases.get(release)
        if member not in record.receivers:
            continue
        run = tx.runs.get(record.run_id)
        ask = open_ask(room, run)
        # One series: the same member asked the same with the same values, whatever the version.
        template = run.template_id or "ad hoc"
        name = template.partition("@")[0]
        series = digest_of(canonical_json([record.member, name, ask.sql, dict(ask.parameters)]))
        key = (record.member, template)
        if key not in titles:
            titles[key] = _title(room, member, template, asked_by=record.member)
        short = name.rpartition(".")[2]
        yield _entry(room, record, template=template, title=titles[key], name=short, series=series)
        for schedule, called in scheduled.get(release, ()):
            own = f"schedule/{schedule}/{name}"
            yield _entry(room, record, template=template, title=titles[key], name=f"{called}_{short}", series=own)


def _title(room: Room, member: MemberName, template: str, *, asked_by: MemberName) -> str:
    """A query's title, while the member may see it (INVARIANT I17); its name otherwise."""
    reader = Principal(user=UserName("room"), member=member, roles=frozenset({UserRole.ANALYST}))
    try:
        return runnable_template(room, reader, template, asked_by=asked_by).title
    except CleanroomError:
        return "Ad hoc question" if template == "ad hoc" else template


def _entry(room: Room, record: ReleaseRecord, *, template: str, title: str, name: str, series: str) -> Entry:
    context = f"release/{record.release_id}".encode()
    return Entry(
        release_id=str(ReleaseId(record.release_id)),
        run_id=str(record.run_id),
        series=series,
        name=name,
        template=template,
        title=title,
        asked_by=record.member,
        data_date=record.data_date,
        released_at=record.created_at,
        plan=record.plan_digest,
        content=record.content_digest,
        receivers=tuple(MemberName(receiver) for receiver in record.receivers),
        table=parse_json(open_blob(room.blob_key("release"), record.table_blob, associated=context)),
    )
