"""Quality over the last files of one's own member's dataset: volume, quarantine, every rule, every identifier.

INVARIANT I18: read from the member's own sealed reports and receipts. Another member's dataset, and one that does not
exist, look the same: no files.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from api.principal import Principal
from api.room import Room
from api.usecases.uploads import own_upload
from cleanroom.canonical import canonical_json
from cleanroom.ingest import open_report
from cleanroom.names import DatasetName, UploadId
from cleanroom.quality.identity import IdentifierQuality
from cleanroom.quality.report import QualityReport, RuleCount
from cleanroom.quality.shares import thousandths
from cleanroom.state import UploadState, UserRole
from cleanroom.state.uploads import UploadRecord

LAST_FILES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuality:
    """One file that was committed or refused. ``rows`` are the package's, ``quarantined`` those put aside.

    ``inserted``, ``changed`` and ``unchanged`` are 0 where the file was refused; the days are None then, or where no
    row had one. ``identifiers`` is empty for packages of earlier clients.
    """

    upload_id: UploadId
    at: datetime
    state: UploadState
    mode: str
    period: str | None
    rows: int
    quarantined: int
    inserted: int
    changed: int
    unchanged: int
    first_day: str | None
    last_day: str | None
    rules: tuple[RuleCount, ...]
    identifiers: tuple[IdentifierQuality, ...]

    @property
    def quarantined_share(self) -> int:
        """Thousandths of the rows, rounded up."""
        return thousandths(self.quarantined, self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrend:
    """One rule as it was last worded; ``rows`` that broke it and their ``shares`` (thousandths), file by file."""

    rule: str
    column: str
    severity: str
    words: str
    help: str
    rows: tuple[int, ...]
    shares: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTrend:
    """The last files of one dataset, oldest first, and every rule that some of them broke, the gravest first."""

    dataset: DatasetName
    files: tuple[FileQuality, ...]

    @property
    def rules(self) -> tuple[RuleTrend, ...]:
        """Rules by severity and id; a file that kept a rule counts 0."""
        worded = {count.rule: count for file in self.files for count in file.rules}
        order = sorted(worded.values(), key=lambda count: (_RANK.index(count.severity), count.rule))
        return tuple(self._of(count) for count in order)

    def _of(self, count: RuleCount) -> RuleTrend:
        rows = tuple(sum(c.rows for c in file.rules if c.rule == count.rule) for file in self.files)
        shares = tuple(thousandths(part, file.rows) for part, file in zip(rows, self.files, strict=True))
        return RuleTrend(
            rule=count.rule,
            column=count.column,
            severity=count.severity,
            words=count.words,
            help=count.help,
            rows=rows,
            shares=shares,
        )

    def to_json(self) -> bytes:
        """Canonical JSON: counts, days, rules in words; shares in thousandths."""
        files = [{**asdict(file), "at": file.at.isoformat()} for file in self.files]
        for plain, file in zip(files, self.files, strict=True):
            plain["quarantined_share"] = file.quarantined_share
        rules = [asdict(rule) for rule in self.rules]
        return canonical_json({"dataset": self.dataset, "files": files, "rules": rules})


_RANK = ("fatal", "error", "warning", "note")
_JUDGED = (UploadState.COMMITTED, UploadState.REFUSED)


def quality_trend(room: Room, who: Principal, dataset: str, *, limit: int = LAST_FILES) -> QualityTrend:
    """The last ``limit`` files of one's own member's dataset.

    Raises:
        NotAuthorised: CR-A003.
    """
    who.need(UserRole.UPLOADER, UserRole.STEWARD)
    name = DatasetName(dataset)
    with room.state.read() as tx:
        records = tx.uploads.of(who.member, dataset=name, states=_JUDGED, limit=limit)
    return QualityTrend(dataset=name, files=_files(room, records))


def trend_until(room: Room, who: Principal, upload: str, *, limit: int = LAST_FILES) -> QualityTrend:
    """The same, up to and with one upload, for its page.

    Raises:
        NotAuthorised: CR-A003. NotFound: CR-L003, also another member's (I17).
    """
    who.need(UserRole.UPLOADER, UserRole.STEWARD)
    with room.state.read() as tx:
        record = own_upload(tx, who.member, upload)
        before = tx.uploads.of(who.member, dataset=record.dataset, states=_JUDGED, after=upload, limit=limit - 1)
    return QualityTrend(dataset=record.dataset, files=_files(room, (record, *before)))


def _files(room: Room, newest_first: Sequence[UploadRecord]) -> tuple[FileQuality, ...]:
    judged = [record for record in reversed(newest_first) if record.state in _JUDGED]
    return tuple(_file(room, record, record.findings_blob) for record in judged if record.findings_blob is not None)


def _file(room: Room, record: UploadRecord, sealed: bytes) -> FileQuality:
    report: QualityReport = open_report(sealed, record.upload_id, room.data_key(record.member))
    receipt = json.loads(record.receipt)["receipt"] if record.receipt else {}
    counts = receipt.get("counts", {})
    return FileQuality(
        upload_id=record.upload_id,
        at=record.created_at,
        state=record.state,
        mode=record.mode,
        period=record.period,
        rows=report.rows,
        quarantined=report.quarantined,
        inserted=counts.get("inserted", 0),
        changed=counts.get("changed", 0),
        unchanged=counts.get("unchanged", 0),
        first_day=receipt.get("first_day"),
        last_day=receipt.get("last_day"),
        rules=report.rules,
        identifiers=report.identifiers,
    )
