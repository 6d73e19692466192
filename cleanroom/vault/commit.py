"""What a lake commit says about itself: the note that makes recovery a matter of looking.

The note travels as the commit's ``extra_info`` inside the lake's own transaction, so that it exists exactly when the
rows do. It holds ids, digests and counts, never a value.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
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
class FileProfile:
    """What a file was like as a whole, so that the next ones can be compared with it. Shares are in thousandths.

    ``fingerprint`` is an order-free sum over all columns but the key and the dates: equal for the same rows at other
    dates; empty for files too large to be worth it. ``nulls`` and ``seen`` are per token column: share without a
    token, share of (sampled) tokens that the vault held before. ``profiles`` names the normalisers that made them.
    """

    rows: int = 0
    first_day: str | None = None
    last_day: str | None = None
    fingerprint: str = ""
    nulls: Mapping[str, int] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitNote:
    """Which upload a commit carries. ``kind`` is the mode, or ``erase``, ``retain``, ``compact``."""

    kind: str
    upload: UploadId | None = None
    dataset: DatasetName | None = None
    package: Digest | None = None
    period: str | None = None
    counts: RowCounts = field(default_factory=RowCounts)
    file: FileProfile | None = None

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
        file = plain.pop("file", None)
        profile = FileProfile(**{**file, "profiles": tuple(file["profiles"])}) if file else None
        return replace(CommitNote(**plain), counts=counts, file=profile)
    except (ValueError, TypeError, KeyError):
        return None
