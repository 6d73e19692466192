"""Uploads: what a member is sending, how far it came, and what became of it."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from cleanroom.names import DatasetName, Digest, MemberName, UploadId
from cleanroom.state.kinds import UploadState
from cleanroom.state.tables import uploads
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """``offset`` and ``size`` in bytes. ``intent`` and ``receipt`` are JSON texts of counts, ids and digests.

    ``findings_blob`` holds what only the uploader may read, sealed.
    """

    upload_id: UploadId
    member: MemberName
    user: str
    dataset: DatasetName
    mode: str
    period: str | None
    package_digest: Digest | None
    manifest: str
    size: int
    offset: int
    state: UploadState
    intent: str | None
    receipt: str | None
    refusal: str | None
    findings_blob: bytes | None = field(repr=False)
    created_at: datetime
    expires_at: datetime


class Uploads:
    """Rows of ``uploads``; the state machine is in the ``expect`` of each change."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def create(
        self,
        upload: UploadId,
        *,
        member: MemberName,
        user: str,
        dataset: DatasetName,
        mode: str,
        period: str | None,
        package_digest: Digest | None,
        manifest: str,
        size: int,
        expires_at: datetime,
    ) -> None:
        """Open an upload of ``size`` bytes. Raises Conflict CR-L004: the id is taken."""
        self._tx.add(
            uploads,
            "upload.opened",
            {"bytes": size},
            upload_id=upload,
            member=member,
            user=user,
            dataset=dataset,
            mode=mode,
            period=period,
            package_digest=package_digest,
            manifest=manifest,
            size=size,
            offset=0,
            state=UploadState.RECEIVING,
            intent=None,
            receipt=None,
            refusal=None,
            findings_blob=None,
            created_at=self._tx.now,
            expires_at=expires_at,
        )

    def advance(self, upload: UploadId, *, before: int, after: int, expires_at: datetime) -> None:
        """Move the offset. Raises Conflict CR-L002: another connection moved it first."""
        self._tx.put(
            uploads,
            None,
            {"upload_id": upload},
            {"state": UploadState.RECEIVING, "offset": before},
            offset=after,
            expires_at=expires_at,
        )

    def received(self, upload: UploadId, *, package_digest: Digest | None) -> None:
        """All bytes are here."""
        self._move(upload, {UploadState.RECEIVING}, UploadState.RECEIVED, package_digest=package_digest)

    def ingesting(self, upload: UploadId, *, intent: str) -> None:
        """What is about to be committed, before the lake is touched; allowed again after a crash."""
        self._move(
            upload,
            {UploadState.RECEIVED, UploadState.INGESTING},
            UploadState.INGESTING,
            intent=intent,
        )

    def committed(self, upload: UploadId, *, receipt: str, findings_blob: bytes | None = None) -> None:
        """It is in a snapshot."""
        before = {UploadState.RECEIVED, UploadState.INGESTING}
        self._move(upload, before, UploadState.COMMITTED, receipt=receipt, findings_blob=findings_blob)

    def refused(self, upload: UploadId, *, refusal: str, findings_blob: bytes | None = None) -> None:
        """Nothing of it was stored; ``refusal`` is the code."""
        before = {UploadState.RECEIVING, UploadState.RECEIVED, UploadState.INGESTING}
        self._move(upload, before, UploadState.REFUSED, refusal=refusal, findings_blob=findings_blob)

    def evidenced(self, upload: UploadId, *, findings_blob: bytes) -> None:
        """The second opinion came in after the receipt: the sealed report with it, in place of the one without."""
        expected = {"state": UploadState.COMMITTED}
        self._tx.put(uploads, "upload.evidenced", {"upload_id": upload}, expected, findings_blob=findings_blob)

    def expired(self, upload: UploadId) -> None:
        """The rest of it never came."""
        self._move(upload, {UploadState.RECEIVING}, UploadState.EXPIRED)

    def get(self, upload: UploadId) -> UploadRecord:
        """One upload. Raises NotFound CR-L003."""
        return self._tx.get(UploadRecord, uploads, upload_id=upload)

    def same_package(self, member: MemberName, dataset: DatasetName, digest: Digest) -> tuple[UploadRecord, ...]:
        """The member's uploads of these very bytes to this dataset, oldest first."""
        query = (
            select(uploads)
            .where(uploads.c.member == member, uploads.c.dataset == dataset, uploads.c.package_digest == digest)
            .order_by(uploads.c.created_at, uploads.c.upload_id)
        )
        return self._tx.many(UploadRecord, query)

    def of(
        self,
        member: MemberName,
        *,
        after: str | None = None,
        limit: int = 100,
        dataset: DatasetName | None = None,
        states: tuple[UploadState, ...] = (),
    ) -> tuple[UploadRecord, ...]:
        """A member's uploads, newest first, from the one after ``after``; in any state if none is named."""
        query = select(uploads).where(uploads.c.member == member)
        if states:
            query = query.where(uploads.c.state.in_(states))
        if dataset is not None:
            query = query.where(uploads.c.dataset == dataset)
        if after is not None:
            query = query.where(uploads.c.upload_id < after)
        return self._tx.many(UploadRecord, query.order_by(uploads.c.upload_id.desc()).limit(limit))

    def in_state(self, *states: UploadState) -> tuple[UploadRecord, ...]:
        """All members' uploads in these states, oldest first."""
        query = select(uploads).where(uploads.c.state.in_(states)).order_by(uploads.c.created_at, uploads.c.upload_id)
        return self._tx.many(UploadRecord, query)

    def _move(self, upload: UploadId, before: set[UploadState], after: UploadState, **values: object) -> None:
        self._tx.put(
            uploads,
            f"upload.{after}",
            {"upload_id": upload},
            {"state": frozenset(before)},
            state=after,
            **values,
        )
