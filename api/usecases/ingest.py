"""A whole upload becomes a committed snapshot and a signed receipt: the wiring of flow 1 inside the room."""

from typing import BinaryIO

from api.evidence_desk import EvidenceDesk
from api.ingest_journal import RoomJournal
from api.principal import Principal
from api.room import Room
from api.usecases.uploads import file_of, own_upload
from cleanroom.crypto import VerifyKey
from cleanroom.errors import CleanroomError, DataRefused, NotFound, Unavailable, UsageProblem
from cleanroom.ingest import (
    IngestJob,
    IngestTools,
    SignedPackage,
    SignedReceipt,
    ingest,
    open_report,
    recover,
    seal_refusal,
)
from cleanroom.ingest.refusal import PackageAltered
from cleanroom.names import UploadId
from cleanroom.quality.report import QualityReport
from cleanroom.state import UploadState, UserRole
from cleanroom.state.uploads import UploadRecord
from cleanroom.vault.decide import Mode
from cleanroom.vault.package_file import PackageFile
from cleanroom.vault.period import parse_period
from cleanroom.vault.quarantine import read_quarantine

_ENDED = frozenset({UploadState.COMMITTED, UploadState.REFUSED, UploadState.EXPIRED})


def ingest_upload(room: Room, upload: UploadId, desk: EvidenceDesk | None = None) -> SignedReceipt | None:
    """Commit a whole upload to its member's vault; None when it has ended before.

    With a ``desk`` Great Expectations gives its second opinion later, in the upload's report.

    Raises:
        DataRefused, IntegrityFailure: the package is refused, as its state then says.
        Conflict, Unavailable: nothing was decided; the job comes back.
    """
    with room.state.read() as tx:
        record = tx.uploads.get(upload)
        member = tx.members.get(record.member)
    file = file_of(room, record)
    if record.state in _ENDED:
        file.remove()
        return None
    journal = RoomJournal(room)
    opinion = None if desk is None else desk.opinion(upload)
    try:
        job = _job(room, record)
        tools = IngestTools(
            journal=journal,
            verify=_signed_package(record, member.signing_key, job),
            room_key=room.signing,
            clock=room.surroundings.now,
            random=room.surroundings.random,
            second_opinion=opinion,
        )
        signed = ingest(job, room.vault(record.member), tools)
    except (DataRefused, PackageAltered, UsageProblem) as refusal:
        # The story has written the refusal, unless it was refused before the story began.
        journal.refuse(upload, code=refusal.code, findings=_sealed(room, record, refusal))
        file.remove()
        raise
    # The bytes have done their work: rows are in the vault, the receipt in the state.
    file.remove()
    if desk is not None and opinion is not None:
        desk.follow(upload, opinion)
    return signed


def give_up(room: Room, upload: UploadId, failure: CleanroomError | None) -> None:
    """End an upload whose job failed for good, so that whoever waits for it can read why.

    ``failure`` is None for a defect of ours: its text may quote a cell, so only its place is in the operator's log. An
    upload whose intent is written may be in the vault already: that is looked up first, never guessed.

    Raises:
        CleanroomError: the vault cannot be looked into either; the next opening of the room heals the upload.
    """
    with room.state.read() as tx:
        record = tx.uploads.get(upload)
    if record.state is UploadState.INGESTING:
        journal = RoomJournal(room)
        vault = room.vault(record.member)
        around = room.surroundings
        recover({record.member: vault}, journal, room_key=room.signing, clock=around.now, random=around.random)
        with room.state.read() as tx:
            record = tx.uploads.get(upload)
    if record.state in _ENDED:
        return
    reason = failure or Unavailable("CR-V047", "the room could not take the file in", help="tell the operator the time")
    RoomJournal(room).refuse(upload, code=reason.code, findings=_sealed(room, record, reason))
    file_of(room, record).remove()


def _sealed(room: Room, record: UploadRecord, refusal: CleanroomError) -> bytes:
    around = room.surroundings
    return seal_refusal(refusal, record.upload_id, room.data_key(record.member), around.random)


def quality_of(room: Room, who: Principal, upload: str) -> QualityReport:
    """The quality report of an upload of one's own member.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003, also where there is no report yet.
    """
    who.need(UserRole.UPLOADER, UserRole.STEWARD)
    with room.state.read() as tx:
        record = own_upload(tx, who.member, upload)
    if record.findings_blob is None:
        raise NotFound("CR-L003", "no such entry in `uploads`", help="the report comes with the receipt")
    return open_report(record.findings_blob, record.upload_id, room.data_key(record.member))


def quarantine_of(room: Room, who: Principal, upload: str) -> BinaryIO:
    """Row numbers and reasons of an upload of one's own member, as CSV.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003; CR-V041 nothing was quarantined.
    """
    who.need(UserRole.UPLOADER)
    with room.state.read() as tx:
        record = own_upload(tx, who.member, upload)
    vault = room.vault(record.member)
    return read_quarantine(vault.place, vault.key, record.upload_id)


def _job(room: Room, record: UploadRecord) -> IngestJob:
    contracts = room.contracts()
    if record.dataset not in contracts:
        raise DataRefused("CR-A043", "the room has no contract for this dataset", help="list the contracts")
    file = file_of(room, record)
    return IngestJob(
        upload=record.upload_id,
        contract=contracts[record.dataset],
        mode=Mode(record.mode),
        package=PackageFile(open=file.open, size_bytes=record.size),
        today=room.surroundings.now().date(),
        period=None if record.period is None else parse_period(record.period),
        period_text=record.period,
    )


def _signed_package(record: UploadRecord, signing_key: str | None, job: IngestJob) -> SignedPackage:
    if signing_key is None:
        raise DataRefused("CR-A044", "the member has no signing key in this room", help="register keys first")
    return SignedPackage(
        manifest=record.manifest.encode(),
        member=record.member,
        verify_key=VerifyKey.from_text(signing_key),
        contract=job.contract,
    )
