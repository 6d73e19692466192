"""Great Expectations' second opinion on uploads, after their receipts: nobody waits for it, and it waits for a quiet moment.

The gate of the ingest has decided by then. While an upload's session is open its first rows and the gate's counts are
put aside (in memory, bounded); when nothing has been pushed for a while they are asked of one worker process, and the
answer goes into the upload's sealed report. That a question is open is noted in the state before the receipt says so:
those that are open when the room is closed, or killed, are said to be ``interrupted``, then or on the next opening. They
are not asked again, for the rows they were about are gone: keeping a copy of them on disk for a second opinion is not worth it.
"""

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import duckdb

from api.room import Room
from api.usecases.run_story import log_defect
from cleanroom.errors import CleanroomError
from cleanroom.ingest import open_report, seal_report
from cleanroom.names import UploadId
from cleanroom.quality.evidence import EvidenceWorker, Question, is_installed, question
from cleanroom.quality.report import Evidence
from cleanroom.quality.rules import RowRule
from cleanroom.state import ROOM, MemberStatus, UploadState
from cleanroom.vault.stage import Staged

_EVIDENCE = "evidence"
"""The kind of the state's entry for an open question; no worker leases it."""

_QUIET_SECONDS = 2.0
_MAX_WAITING_BYTES = 64 * 1024 * 1024


@dataclass(slots=True)
class Opinion:
    """The second opinion of one ingest: puts the question aside and says that it is pending."""

    desk: "EvidenceDesk"
    upload: UploadId
    asked: Question | None = field(default=None, repr=False)

    def __call__(self, connection: duckdb.DuckDBPyConnection, staged: Staged, rules: Sequence[RowRule], /) -> Evidence:
        """Satisfies ``cleanroom.ingest.examine.SecondOpinion``."""
        if not is_installed():
            return Evidence(state="not installed")
        if not self.desk.has_room:
            return Evidence(state="too busy")
        self.asked = question(connection, staged, rules)
        self.desk.note_open(self.upload)
        return Evidence(state="pending", checked_rows=self.asked.checked_rows)


class EvidenceDesk:
    """``with EvidenceDesk(room) as desk``: one thread and, from the first quiet moment on, one worker process."""

    def __init__(self, room: Room, *, quiet_seconds: float = _QUIET_SECONDS) -> None:
        self._room = room
        self._quiet_seconds = quiet_seconds
        self._worker = EvidenceWorker()
        self._waiting: deque[tuple[UploadId, Question]] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._asking: UploadId | None = None
        self._thread: threading.Thread | None = None

    @property
    def has_room(self) -> bool:
        """Whether a further question is taken."""
        with self._changed:
            return sum(len(asked.rows) for _, asked in self._waiting) < _MAX_WAITING_BYTES

    def opinion(self, upload: UploadId) -> Opinion:
        """For one ingest."""
        return Opinion(self, upload)

    def note_open(self, upload: UploadId) -> None:
        """In the state, before any report says ``pending``: whatever happens now, somebody will end it."""
        with self._room.state.change(ROOM, self._room.surroundings.now()) as tx:
            tx.jobs.drop(_EVIDENCE, upload)
            tx.jobs.queue(self._room.surroundings.new_id(), kind=_EVIDENCE, subject=upload)

    def follow(self, upload: UploadId, opinion: Opinion) -> None:
        """The upload has its receipt: ask its question when there is time."""
        if opinion.asked is None:
            return
        with self._changed:
            if self._is_closed:
                return
            self._waiting.append((upload, opinion.asked))
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="evidence", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def drain(self) -> None:
        """Wait until every question that was put has its answer."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or not (self._waiting or self._asking))

    def close(self) -> None:
        """End the process and the thread; the reports of open questions then say ``interrupted``."""
        with self._changed:
            self._is_closed = True
            opened = [upload for upload, _ in self._waiting]
            if self._asking is not None:
                opened.append(self._asking)
            self._waiting.clear()
            self._changed.notify_all()
        self._worker.close()
        if self._thread is not None:
            self._thread.join()
        for upload in opened:
            with suppress(CleanroomError):  # the next opening of the room does it
                _interrupt(self._room, upload)

    def _loop(self) -> None:
        while (taken := self._next()) is not None:
            upload, asked = taken
            try:
                evidence = self._worker.answer(asked)
                if not self._is_closed:
                    _write(self._room, upload, evidence)
            except CleanroomError:
                pass  # the member left, or the store is busy: the report stays as it was
            except Exception as defect:  # noqa: BLE001 - the desk outlives any defect; only its place is told (I15)
                log_defect(defect)
            with self._changed:
                self._asking = None
                self._changed.notify_all()

    def _next(self) -> tuple[UploadId, Question] | None:
        with self._changed:
            while not self._is_closed:
                # Another upload in the meantime starts the wait anew: ingests come first.
                is_disturbed = self._changed.wait(self._quiet_seconds if self._waiting else None)
                if not is_disturbed and self._waiting:
                    taken = self._waiting.popleft()
                    self._asking = taken[0]
                    return taken
        return None


def interrupt_questions(room: Room) -> None:
    """End what a process that is gone left open; for the opening of a room by the only one who has it open."""
    with room.state.read() as tx:
        left = tx.jobs.open(_EVIDENCE)
    for job in left:
        _interrupt(room, UploadId(job.subject))


def _interrupt(room: Room, upload: UploadId) -> None:
    with room.state.read() as tx:
        record = tx.uploads.get(upload)
        is_here = tx.members.get(record.member).status is MemberStatus.ACTIVE
    # An upload that was not committed says nothing of evidence; a member's report who left cannot be opened any more.
    if is_here and record.state is UploadState.COMMITTED and record.findings_blob is not None:
        _write(room, upload, Evidence(state="interrupted"))
    else:
        with room.state.change(ROOM, room.surroundings.now()) as tx:
            tx.jobs.drop(_EVIDENCE, upload)


def _write(room: Room, upload: UploadId, evidence: Evidence) -> None:
    with room.state.read() as tx:
        record = tx.uploads.get(upload)
    if record.state is not UploadState.COMMITTED or record.findings_blob is None:
        return
    key = room.data_key(record.member)
    report = open_report(record.findings_blob, upload, key)
    sealed = seal_report(replace(report, evidence=evidence), upload, key, room.surroundings.random)
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        if report.evidence is not None:  # a report made from the receipt alone, after a crash, never asked
            tx.uploads.evidenced(upload, findings_blob=sealed)
        tx.jobs.drop(_EVIDENCE, upload)
