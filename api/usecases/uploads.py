"""Uploads: a member sends a package of tokenised rows in as many pieces as it takes, and it is ingested once."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from api.principal import Principal
from api.room import Room
from api.uploads import UploadFile, remove_bytes
from cleanroom.client.manifest import MAX_MANIFEST_BYTES, SignedManifest
from cleanroom.crypto import VerifyKey
from cleanroom.errors import Conflict, DataRefused, NotFound, UsageProblem
from cleanroom.names import DatasetName, Digest, MemberName, UploadId
from cleanroom.state import ROOM, Tx, UploadState, UserRole
from cleanroom.state.uploads import UploadRecord
from cleanroom.vault.period import parse_period

INGEST = "ingest"
"""The kind of the job that a whole upload becomes."""

MAX_UPLOAD_BYTES = 64 * 1024**3
UPLOAD_TTL_HOURS = 48
_MODES = ("append", "upsert", "replace")
_MAX_PERIOD = 32
_READERS = (UserRole.UPLOADER, UserRole.STEWARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """An upload as its own member sees it. ``receipt`` is the signed receipt's JSON text once it is committed.

    ``delayed`` is the code of what keeps the room from going on with it for now, such as a full disk.

    ``package_digest`` is of the rows, as the manifest names them: by it a client finds what it began and goes on.
    """

    upload_id: UploadId
    package_digest: Digest | None
    dataset: DatasetName
    mode: str
    period: str | None
    size: int
    offset: int
    state: UploadState
    refusal: str | None
    receipt: str | None = field(repr=False)
    created_at: datetime
    expires_at: datetime
    delayed: str | None = None


def open_upload(
    room: Room, who: Principal, *, manifest: bytes, size: int, mode: str = "append", period: str | None = None
) -> UploadView:
    """Begin an upload of ``size`` bytes described by a signed manifest.

    The manifest's signature is checked here, before a byte is taken, and again when the upload is whole.

    Raises:
        NotAuthorised: CR-A003. UsageProblem: CR-A019 the size, CR-A047 the mode or period, CR-V011.
        DataRefused: CR-K020 no manifest, CR-A040 another member's, CR-A043 no such dataset, CR-A044 no keys,
            CR-A048 the manifest tells another size. IntegrityFailure: CR-K011.
    """
    who.need(UserRole.UPLOADER)
    if not 0 < size <= MAX_UPLOAD_BYTES or len(manifest) > MAX_MANIFEST_BYTES:
        raise UsageProblem("CR-A019", f"an upload has 1 to {MAX_UPLOAD_BYTES} bytes")
    if mode not in _MODES or (mode == "replace") != (period is not None) or len(period or "") > _MAX_PERIOD:
        raise UsageProblem(
            "CR-A047", "the mode is append, upsert or replace; replace, and only replace, names a period"
        )
    if period is not None:
        parse_period(period)
    signed = SignedManifest.parse(manifest)
    said = signed.manifest
    if said.member != who.member:
        raise DataRefused("CR-A040", "the package is another member's", help="prepare it with your own keys")
    if DatasetName(said.dataset) not in room.contracts():
        raise DataRefused("CR-A043", "the room has no contract for this dataset", help="list the contracts")
    if said.rows.bytes != size:
        raise DataRefused("CR-A048", "the package is not as long as its manifest says", help="prepare it again")
    now = room.surroundings.now()
    upload = UploadId(room.surroundings.new_id())
    with room.state.change(who.actor, now) as tx:
        member = tx.members.get(who.member)
        if member.signing_key is None:
            raise DataRefused("CR-A044", "the member has no signing key in this room", help="register keys first")
        signed.verify(VerifyKey.from_text(member.signing_key))
        tx.uploads.create(
            upload,
            member=who.member,
            user=who.user,
            dataset=DatasetName(said.dataset),
            mode=mode,
            period=period,
            package_digest=Digest(f"sha256:{said.rows.sha256}"),
            manifest=manifest.decode(),
            size=size,
            expires_at=now + timedelta(hours=UPLOAD_TTL_HOURS),
        )
        return _view(tx.uploads.get(upload))


def receivable(room: Room, who: Principal, upload: str) -> UploadRecord:
    """The upload, if its own uploader's member may send more of it now.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003, also another member's (I17).
        Conflict: CR-A049 it is whole already. UsageProblem: CR-A020 (HTTP 410) it expired.
    """
    who.need(UserRole.UPLOADER)
    record = _own(room, who, upload)
    now = room.surroundings.now()
    if record.state is UploadState.EXPIRED or (record.state is UploadState.RECEIVING and record.expires_at <= now):
        raise UsageProblem("CR-A020", "the upload expired", help="start it anew")
    if record.state is not UploadState.RECEIVING:
        raise Conflict("CR-A049", "the upload is whole already", help="read its state")
    return record


def file_of(room: Room, record: UploadRecord) -> UploadFile:
    """Where the upload's bytes lie."""
    return UploadFile(
        folder=room.incoming / record.member,
        upload=record.upload_id,
        key=room.data_key(record.member).blob_key("upload"),
        surroundings=room.surroundings,
    )


def advance(room: Room, who: Principal, record: UploadRecord, offset: int) -> bool:
    """Record that the bytes up to ``offset`` are on disk; True when these were the last and the ingest is queued.

    Raises:
        Conflict: CR-L002, another request moved the offset first.
    """
    now = room.surroundings.now()
    is_whole = offset == record.size
    with room.state.change(who.actor, now) as tx:
        tx.uploads.advance(
            record.upload_id, before=record.offset, after=offset, expires_at=now + timedelta(hours=UPLOAD_TTL_HOURS)
        )
        if is_whole:
            tx.uploads.received(record.upload_id, package_digest=record.package_digest)
            tx.jobs.queue(room.surroundings.new_id(), kind=INGEST, subject=record.upload_id)
    return is_whole


def abandon(room: Room, who: Principal, upload: str) -> None:
    """Give up an upload that is not whole yet and remove its bytes."""
    record = receivable(room, who, upload)
    with room.state.change(who.actor, room.surroundings.now()) as tx:
        tx.uploads.expired(record.upload_id)
    file_of(room, record).remove()


def expire_uploads(room: Room) -> int:
    """End uploads whose rest never came and remove their bytes; return how many."""
    now = room.surroundings.now()
    with room.state.change(ROOM, now) as tx:
        late = [record for record in tx.uploads.in_state(UploadState.RECEIVING) if record.expires_at <= now]
        for record in late:
            tx.uploads.expired(record.upload_id)
    for record in late:
        remove_bytes(room.incoming / record.member, record.upload_id)
    return len(late)


def get_upload(room: Room, who: Principal, upload: str) -> UploadView:
    """One upload of one's own member. Raises NotAuthorised CR-A003, NotFound CR-L003."""
    who.need(*_READERS)
    view = _view(_own(room, who, upload))
    waits = view.state in (UploadState.RECEIVED, UploadState.INGESTING)
    return replace(view, delayed=room.health.trouble) if waits else view


def list_uploads(
    room: Room, who: Principal, *, dataset: str | None = None, after: str | None = None, limit: int = 100
) -> tuple[UploadView, ...]:
    """One's own member's uploads, newest first."""
    who.need(*_READERS)
    with room.state.read() as tx:
        wanted = None if dataset is None else DatasetName(dataset)
        return tuple(_view(record) for record in tx.uploads.of(who.member, after=after, limit=limit, dataset=wanted))


def _own(room: Room, who: Principal, upload: str) -> UploadRecord:
    with room.state.read() as tx:
        return own_upload(tx, who.member, upload)


def own_upload(tx: Tx, member: MemberName, upload: str) -> UploadRecord:
    """The upload if it is the member's; INVARIANT I17: another's looks like none."""
    record = tx.uploads.get(UploadId(upload))
    if record.member != member:
        raise NotFound("CR-L003", "no such entry in `uploads`", help="check the name; list what there is")
    return record


def _view(record: UploadRecord) -> UploadView:
    return UploadView(
        upload_id=record.upload_id,
        package_digest=record.package_digest,
        dataset=record.dataset,
        mode=record.mode,
        period=record.period,
        size=record.size,
        offset=record.offset,
        state=record.state,
        refusal=record.refusal,
        receipt=record.receipt,
        created_at=record.created_at,
        expires_at=record.expires_at,
    )
