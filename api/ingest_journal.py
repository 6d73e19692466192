"""The ingest story's journal in the room's state: an intent before the lake is touched, an end after (I6, I16)."""

from dataclasses import asdict

from api.room import Room
from cleanroom.ingest.journal import Intent
from cleanroom.ingest.receipt import SignedReceipt
from cleanroom.names import UploadId
from cleanroom.state import ROOM, UploadState


class RoomJournal:
    """Satisfies ``cleanroom.ingest.journal.IngestJournal``."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def intend(self, intent: Intent) -> None:
        """The upload is about to be committed; again after a crash is fine."""
        with self._room.state.change(ROOM, self._room.surroundings.now()) as tx:
            tx.uploads.ingesting(intent.upload, intent=intent.to_json())

    def commit(self, signed: SignedReceipt, *, findings: bytes) -> None:
        """The upload is in the vault: its end, its receipt and its snapshot in one transaction."""
        receipt = signed.receipt
        with self._room.state.change(ROOM, self._room.surroundings.now()) as tx:
            if tx.uploads.get(receipt.upload).state is UploadState.COMMITTED:
                return  # a crash fell between the journal's end and the answer; it is written already
            tx.uploads.committed(receipt.upload, receipt=signed.to_json(), findings_blob=findings)
            if receipt.new_snapshot:
                tx.snapshots.add(
                    member=receipt.member,
                    dataset=receipt.dataset,
                    snapshot=receipt.snapshot,
                    upload_id=receipt.upload,
                    data_date=receipt.last_day,
                    counts=asdict(receipt.counts),
                )

    def refuse(self, upload: UploadId, *, code: str, findings: bytes | None) -> None:
        """Nothing of the upload is in the vault, and nothing will be."""
        with self._room.state.change(ROOM, self._room.surroundings.now()) as tx:
            if tx.uploads.get(upload).state is not UploadState.REFUSED:
                tx.uploads.refused(upload, refusal=code, findings_blob=findings)

    def open_intents(self) -> tuple[Intent, ...]:
        """Intents without an end, oldest first."""
        with self._room.state.read() as tx:
            found = tx.uploads.in_state(UploadState.INGESTING)
        return tuple(Intent.from_json(record.intent) for record in found if record.intent is not None)
