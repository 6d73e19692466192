"""Reports at rest: sealed under the member's data key, so that only its own people (through the room) read them."""

import json

from cleanroom.crypto.blob import open_blob, seal_blob
from cleanroom.crypto.keys import DataKey, Random
from cleanroom.errors import CleanroomError, Finding
from cleanroom.ingest.receipt import Receipt
from cleanroom.ingest.refusal import FileRefused
from cleanroom.ingest.schema import SchemaRefused
from cleanroom.names import UploadId
from cleanroom.quality.identity import IdentifierQuality
from cleanroom.quality.report import Evidence, QualityReport, RuleCount, Trend

_PURPOSE = "findings"


def seal_report(report: QualityReport, upload: UploadId, key: DataKey, random: Random) -> bytes:
    """``report``, readable with the member's data key and for this upload only."""
    return seal_blob(key.blob_key(_PURPOSE), report.to_json(), associated=_context(upload), random=random)


def open_report(sealed: bytes, upload: UploadId, key: DataKey) -> QualityReport:
    """The report that ``seal_report`` hid; IntegrityFailure CR-K013 when it does not open."""
    plain = json.loads(open_blob(key.blob_key(_PURPOSE), sealed, associated=_context(upload)))
    plain["findings"] = tuple(Finding(**{**f, "rows": tuple(f["rows"])}) for f in plain["findings"])
    plain["trend"] = tuple(Trend(**t) for t in plain["trend"])
    plain["rules"] = tuple(RuleCount(**rule) for rule in plain.get("rules", ()))
    plain["identifiers"] = tuple(IdentifierQuality(**known) for known in plain.get("identifiers", ()))
    if plain["evidence"] is not None:
        evidence = plain["evidence"]
        plain["evidence"] = Evidence(**{**evidence, "disagreements": tuple(evidence["disagreements"])})
    return QualityReport(**plain)


def seal_refusal(refusal: CleanroomError, upload: UploadId, key: DataKey, random: Random) -> bytes:
    """The report behind a refusal: all findings where there are any, else the refusal itself as the only one."""
    match refusal:
        case FileRefused():
            return seal_report(refusal.report, upload, key, random)
        case SchemaRefused():
            findings = refusal.findings
        case _:
            findings = (Finding(code=refusal.code, severity="fatal", message=refusal.message, help=refusal.help or ""),)
    return seal_report(QualityReport(rows=0, quarantined=0, findings=findings), upload, key, random)


def report_from(receipt: Receipt) -> QualityReport:
    """The little that a receipt alone says about quality."""
    counts = receipt.counts
    return QualityReport(rows=counts.rows, quarantined=counts.quarantined, findings=receipt.findings)


def _context(upload: UploadId) -> bytes:
    return b"findings/" + upload.encode()
