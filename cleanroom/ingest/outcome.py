"""What is said about an upload: its intent, its note in the lake, its receipt; and pushes that change nothing."""

from dataclasses import replace
from datetime import date, datetime

from cleanroom.errors import Finding
from cleanroom.ingest.examine import Examined
from cleanroom.ingest.job import Declared, IngestJob
from cleanroom.ingest.journal import Intent
from cleanroom.ingest.receipt import Receipt
from cleanroom.names import MemberName, SnapshotId
from cleanroom.vault.commit import Commit, CommitNote, FileProfile, RowCounts
from cleanroom.vault.decide import Mode
from cleanroom.vault.vault import find_package


def intent_of(job: IngestJob, declared: Declared, member: MemberName) -> Intent:
    """The intent of one upload."""
    return Intent(
        upload=job.upload,
        member=member,
        dataset=job.contract.dataset,
        contract_version=declared.contract_version,
        package=declared.package,
        mode=job.mode,
        period=job.period_text,
        skipped=declared.skipped,
    )


def note_of(intent: Intent, profile: FileProfile) -> CommitNote:
    """The note the lake's commit carries."""
    return CommitNote(
        kind=intent.mode,
        upload=intent.upload,
        dataset=intent.dataset,
        package=intent.package,
        period=intent.period,
        file=profile,
    )


def receipt_of(
    intent: Intent, counts: RowCounts, snapshot: SnapshotId, at: datetime, *, new_snapshot: bool, examined: Examined | None
) -> Receipt:  # fmt: skip
    """The receipt of an intent that was carried out; ``examined`` is None where only the lake's note is left."""
    return Receipt(
        upload=intent.upload,
        member=intent.member,
        dataset=intent.dataset,
        contract_version=intent.contract_version,
        package=intent.package,
        mode=intent.mode,
        period=intent.period,
        counts=counts,
        skipped=intent.skipped,
        snapshot=snapshot,
        new_snapshot=new_snapshot,
        first_day=examined.staged.first_day if examined else None,
        last_day=examined.staged.last_day if examined else None,
        at=at,
        findings=examined.report.findings if examined else (),
    )


def receipt_from_commit(intent: Intent, commit: Commit, at: datetime) -> Receipt:
    """The receipt of an upload that is in the lake already, from the note it left there."""
    assert commit.note is not None  # noqa: S101  # commits are found by their notes
    file = commit.note.file
    receipt = receipt_of(intent, commit.note.counts, commit.snapshot, at, new_snapshot=True, examined=None)
    return replace(receipt, first_day=_day(file.first_day), last_day=_day(file.last_day)) if file else receipt


def receipt_of_resend(intent: Intent, earlier: Commit, newest: SnapshotId, at: datetime) -> Receipt:
    """The receipt of bytes that were committed before under another upload: nothing changed."""
    assert earlier.note is not None  # noqa: S101
    then = earlier.note.counts
    kept = then.inserted + then.changed + then.unchanged
    counts = replace(then, inserted=0, changed=0, removed=0, unchanged=kept)
    found = Finding(code="CR-V043", severity="note", message="this very file was committed before; nothing changed")
    receipt = receipt_of(intent, counts, newest, at, new_snapshot=False, examined=None)
    return replace(receipt, resent=True, findings=(found,))


def committed_before(intent: Intent, history: tuple[Commit, ...]) -> Commit | None:
    """An earlier commit that makes this push a no-op.

    The same upload again (a lost answer, a crash) is always one. The same bytes are one when appended, or when
    nothing came after them; an older package upserted again is a restatement, and is carried out.
    """
    of_dataset = [c for c in history if c.note is not None and c.note.dataset == intent.dataset]
    same_upload = [c for c in of_dataset if c.note is not None and c.note.upload == intent.upload]
    if same_upload:
        return same_upload[-1]
    same = find_package(history, intent.dataset, intent.package)
    if same is None or same.note is None or (same.note.kind, same.note.period) != (intent.mode, intent.period):
        return None
    return same if intent.mode == Mode.APPEND or same is of_dataset[-1] else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
