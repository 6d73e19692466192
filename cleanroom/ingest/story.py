"""Flow 1, steps 8 to 13: a received package becomes a committed snapshot and a signed receipt, or nothing at all.

Before the lake is touched an intent is in the journal; the lake's commit carries the upload's id; the journal's end
comes after. Killed anywhere in between, ``recover`` looks and heals (INVARIANT I6).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from cleanroom.crypto.keys import Random, SigningKey
from cleanroom.errors import CleanroomError, DataRefused, IntegrityFailure, UsageProblem
from cleanroom.ingest.examine import SecondOpinion, examine, with_decided
from cleanroom.ingest.job import Declared, IngestJob, VerifyPackage, check_declared
from cleanroom.ingest.journal import IngestJournal
from cleanroom.ingest.outcome import (
    committed_before,
    intent_of,
    note_of,
    receipt_from_commit,
    receipt_of,
    receipt_of_resend,
)
from cleanroom.ingest.receipt import Receipt, SignedReceipt, sign_receipt
from cleanroom.ingest.refusal import PackageAltered
from cleanroom.ingest.sealed import report_from, seal_refusal, seal_report
from cleanroom.quality.judge import words_for
from cleanroom.quality.report import QualityReport
from cleanroom.vault.apply import apply
from cleanroom.vault.compact import CROWDED_FILES, compact, crowded
from cleanroom.vault.decide import decide
from cleanroom.vault.erased import erased_tokens
from cleanroom.vault.quarantine import write_quarantine
from cleanroom.vault.vault import Vault

STEPS = ("verified", "guarded", "judged", "decided", "intended", "committed", "published", "receipted")
"""The names a checkpoint is called with, in order: each after its step is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestTools:
    """What the story needs from outside. ``checkpoint`` is called with each of ``STEPS``; crash tests stop there.

    A vault with more than ``crowded_files`` data files is compacted after the receipt. ``second_opinion`` is ``quality.evidence.EvidenceWorker().check`` where Great Expectations is wanted.
    """

    journal: IngestJournal
    verify: VerifyPackage
    room_key: SigningKey
    clock: Callable[[], datetime]
    random: Random
    second_opinion: SecondOpinion | None = None
    crowded_files: int = CROWDED_FILES
    checkpoint: Callable[[str], None] = lambda step: None  # noqa: ARG005


def ingest(job: IngestJob, vault: Vault, tools: IngestTools) -> SignedReceipt:
    """Commit ``job`` to ``vault`` and return the signed receipt.

    Raises:
        DataRefused, UsageProblem, PackageAltered: the package is refused, also in the journal; the vault is as before.
            ``FileRefused`` and ``SchemaRefused`` carry all findings.
        IntegrityFailure: the vault does not open or did what was not decided; the upload stays open.
        Conflict, Unavailable: nothing was decided; push the same upload again.
    """
    try:
        # 8. Verify: a package nobody signed, altered on the way, or made for another contract goes no further.
        declared = _verified(job, tools)
        receipt, report, crowds = _write(job, declared, vault, tools)
    except (DataRefused, PackageAltered, UsageProblem) as refusal:
        tools.journal.refuse(
            job.upload, code=refusal.code, findings=seal_refusal(refusal, job.upload, vault.key, tools.random)
        )
        raise
    tools.checkpoint("published")
    # 13. Receipt: in the journal before anyone is told (I16).
    signed = sign_receipt(receipt, tools.room_key)
    tools.journal.commit(signed, findings=seal_report(report, job.upload, vault.key, tools.random))
    tools.checkpoint("receipted")
    if crowds:
        # Housekeeping: the file is in and said to be in; what fails here is done after the next file.
        with suppress(CleanroomError):
            compact(vault, now=tools.clock())
    return signed


def _verified(job: IngestJob, tools: IngestTools) -> Declared:
    try:
        declared = tools.verify(job.package)
    except IntegrityFailure as failure:
        # Told apart from a vault that does not open, which says nothing about the upload.
        raise PackageAltered(failure.code, failure.message, help=failure.help) from None
    check_declared(declared, job.contract)
    tools.checkpoint("verified")
    return declared


def _write(job: IngestJob, declared: Declared, vault: Vault, tools: IngestTools) -> tuple[Receipt, QualityReport, bool]:
    intent = intent_of(job, declared, vault.member)
    with vault.writer(wait=job.wait) as writer:
        history = writer.commits()
        earlier = committed_before(intent, history)
        if earlier is not None and earlier.note is not None:
            tools.journal.intend(intent)
            if earlier.note.upload == job.upload:
                receipt = receipt_from_commit(intent, earlier, tools.clock())
            else:
                receipt = receipt_of_resend(intent, earlier, writer.snapshot(), tools.clock())
            return receipt, report_from(receipt), False
        # 9. Guard; 10. quality gate.
        examined = examine(job, declared, writer, history, tools.second_opinion, tools.checkpoint)
        # 11. Dedupe, meet what is there; what does not pass goes to the uploader's quarantine.
        erased = erased_tokens(vault.place, vault.key)
        decided = decide(writer.connection, examined.staged, job.mode, job.period, erased)
        if decided.counts.quarantined:
            target, words = (vault.place, vault.key, job.upload), words_for(examined.rules)
            write_quarantine(writer.connection, examined.staged, words, target, tools.random)
        tools.checkpoint("decided")
        # 12. Commit, between an intent and its end.
        tools.journal.intend(intent)
        tools.checkpoint("intended")
        before = writer.snapshot()
        snapshot = apply(writer, decided, note_of(intent, examined.profile))
        tools.checkpoint("committed")
        report = with_decided(examined.report, decided)
        receipt = receipt_of(
            intent, decided.counts, snapshot, tools.clock(), new_snapshot=snapshot != before, examined=examined
        )
        return replace(receipt, findings=report.findings), report, crowded(writer, files=tools.crowded_files)
