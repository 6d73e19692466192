"""What a lake commit says about itself: the note that makes recovery a matter of looking.

The note travels as the commit's ``extra_info`` inside the lake's own transaction, so that it exists exactly when the
rows do. It holds ids, digests and counts, never a value.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from cleanroom.canonical import canonical_json
from cleanroom.names import DatasetName, Digest, MemberName, SnapshotId, UploadId


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """What became of a file's rows; ``removed`` counts rows of the lake, all others rows of the file."""

    rows: int = 0
    inserted: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicate: int = 0
    quarantined: int = 0
    removed: int = 0

    @property
    def reconciles(self) -> bool:
        """Whether every row of the file is accounted for exactly once."""
        return self.rows == self.inserted + self.changed + self.unchanged + self.duplicate + self.quarantined


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitNote:
    """Which upload a commit carries. ``kind`` is the mode, or ``erase``, ``retain``, ``compact``."""

    kind: str
    upload: UploadId | None = None
    dataset: DatasetName | None = None
    package: Digest | None = None
    period: str | None = None
    counts: RowCounts = RowCounts()

    def to_json(self) -> str:
        """Canonical JSON."""
        plain = {key: value for key, value in asdict(self).items() if value is not None}
        return canonical_json(plain).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One snapshot of a vault. ``note`` is None for commits that carry none (table creation)."""

    snapshot: SnapshotId
    at: datetime
    author: MemberName | None
    note: CommitNote | None


def note_from_json(text: str | None) -> CommitNote | None:
    """The note in a commit's extra info; None where there is none of ours."""
    if not text:
        return None
    try:
        plain = json.loads(text)
        counts = RowCounts(**plain.pop("counts"))
        return replace(CommitNote(**plain), counts=counts)
    except (ValueError, TypeError, KeyError):
        return None
