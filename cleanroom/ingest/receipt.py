"""The receipt: what the room says it did with a file, signed by the room's key."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from cleanroom.canonical import canonical_json
from cleanroom.crypto.keys import Signature, SigningKey, VerifyKey
from cleanroom.errors import DataRefused, Finding
from cleanroom.names import DatasetName, Digest, MemberName, SnapshotId, UploadId
from cleanroom.vault.commit import RowCounts

_DOMAIN = "receipt"
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one upload. Every row is accounted for: see ``RowCounts.reconciles``.

    ``snapshot`` shows the outcome; ``new_snapshot`` is False where the file changed nothing. ``skipped`` counts rows
    that the member's own mapping left out before packaging (by reason). ``resent`` is True where these very bytes had
    been committed before. ``at`` is when the room made the receipt, UTC. ``findings`` carry no value.
    """

    upload: UploadId
    member: MemberName
    dataset: DatasetName
    contract_version: str
    package: Digest
    mode: str
    period: str | None
    counts: RowCounts
    skipped: tuple[tuple[str, int], ...] = ()
    snapshot: SnapshotId
    new_snapshot: bool
    resent: bool = False
    first_day: date | None = None
    last_day: date | None = None
    at: datetime
    findings: tuple[Finding, ...] = field(default=())

    def to_json(self) -> bytes:
        """Canonical JSON, the bytes that are signed."""
        plain = asdict(self)
        plain["at"] = self.at.isoformat()
        plain["first_day"] = self.first_day.isoformat() if self.first_day else None
        plain["last_day"] = self.last_day.isoformat() if self.last_day else None
        return canonical_json({"receipt": _VERSION, **plain})


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReceipt:
    """A receipt with the room's signature over its canonical bytes."""

    receipt: Receipt
    signature: Signature

    def to_json(self) -> str:
        """``{"receipt": {...}, "signature": "..."}``."""
        content = self.receipt.to_json()
        return json.dumps({"receipt": json.loads(content), "signature": self.signature.to_text()}, sort_keys=True)


def sign_receipt(receipt: Receipt, key: SigningKey) -> SignedReceipt:
    """``receipt``, signed."""
    return SignedReceipt(receipt=receipt, signature=key.sign(_DOMAIN, receipt.to_json()))


def read_receipt(text: str, key: VerifyKey) -> SignedReceipt:
    """The receipt in ``text``, only if ``key`` signed it.

    Raises:
        DataRefused: CR-V040 not a receipt.
        IntegrityFailure: CR-K011 the signature does not hold.
    """
    try:
        plain = json.loads(text)
        signature = Signature.from_text(plain["signature"])
        receipt = _receipt(dict(plain["receipt"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataRefused("CR-V040", "this is not a receipt", help="fetch it again from the room") from None
    key.verify(_DOMAIN, receipt.to_json(), signature)
    return SignedReceipt(receipt=receipt, signature=signature)


def _receipt(plain: dict[str, object]) -> Receipt:
    fields: dict[str, object] = {key: value for key, value in plain.items() if key != "receipt"}
    if plain.get("receipt") != _VERSION:
        raise ValueError("version")
    counts, findings, skipped = fields["counts"], fields["findings"], fields["skipped"]
    if not (isinstance(counts, dict) and isinstance(findings, list) and isinstance(skipped, list)):
        raise TypeError("shape")
    fields["counts"] = RowCounts(**counts)
    fields["findings"] = tuple(Finding(**{**f, "rows": tuple(f["rows"])}) for f in findings)
    fields["skipped"] = tuple((str(reason), int(count)) for reason, count in skipped)
    fields["at"] = datetime.fromisoformat(str(fields["at"]))
    for name in ("first_day", "last_day"):
        fields[name] = date.fromisoformat(str(fields[name])) if fields[name] else None
    return Receipt(**fields)  # type: ignore[arg-type]
