"""Flow 1 in the room: a received package becomes a committed snapshot and a signed receipt.

| file | arrow or noun |
|---|---|
| story | the numbered steps |
| job, verify | what comes in; manifest, digest and signature |
| schema, guarding, examine | columns, clear identifiers, quality |
| outcome, receipt, sealed, refusal | what is said about it |
| journal, recover | what the room's state is asked for; healing after a crash |
"""

from cleanroom.ingest.job import Declared, IngestJob
from cleanroom.ingest.journal import IngestJournal, Intent
from cleanroom.ingest.receipt import Receipt, SignedReceipt, read_receipt
from cleanroom.ingest.recover import recover
from cleanroom.ingest.refusal import FileRefused
from cleanroom.ingest.schema import SchemaRefused
from cleanroom.ingest.sealed import open_report, seal_refusal, seal_report
from cleanroom.ingest.story import STEPS, IngestTools, ingest
from cleanroom.ingest.verify import SignedPackage

__all__ = [
    "STEPS",
    "Declared",
    "FileRefused",
    "IngestJob",
    "IngestJournal",
    "IngestTools",
    "Intent",
    "Receipt",
    "SchemaRefused",
    "SignedPackage",
    "SignedReceipt",
    "ingest",
    "open_report",
    "read_receipt",
    "recover",
    "seal_refusal",
    "seal_report",
]
