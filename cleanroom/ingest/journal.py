"""What the story asks of the room's state: an intent before the lake is touched, an end after.

INVARIANT I6: the lake commit stands between the two, and carries the upload's id. After a crash ``recover`` looks for
that id in the lake and ends the intent accordingly; nothing is guessed.
"""

import json
from dataclasses import asdict, dataclass
from typing import Protocol

from cleanroom.canonical import canonical_json
from cleanroom.ingest.receipt import SignedReceipt
from cleanroom.names import DatasetName, Digest, MemberName, UploadId


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is about to be committed; enough to write the receipt after a crash."""

    upload: UploadId
    member: MemberName
    dataset: DatasetName
    contract_version: str
    package: Digest
    mode: str
    period: str | None
    skipped: tuple[tuple[str, int], ...] = ()

    def to_json(self) -> str:
        """Canonical JSON."""
        return canonical_json(asdict(self)).decode()

    @staticmethod
    def from_json(text: str) -> "Intent":
        """The intent that ``to_json`` wrote."""
        plain = json.loads(text)
        plain["skipped"] = tuple((str(reason), int(count)) for reason, count in plain["skipped"])
        return Intent(**plain)


class IngestJournal(Protocol):
    """Durable before it returns, each in one transaction with its log entry."""

    def intend(self, intent: Intent) -> None:
        """The upload is about to be committed. Repeating it (after a crash) is allowed."""

    def commit(self, signed: SignedReceipt, *, findings: bytes) -> None:
        """The upload is in the vault. ``findings``: the report, sealed for the uploader."""

    def refuse(self, upload: UploadId, *, code: str, findings: bytes | None) -> None:
        """Nothing of the upload is in the vault, and nothing will be."""

    def open_intents(self) -> tuple[Intent, ...]:
        """Intents that have no end yet."""
