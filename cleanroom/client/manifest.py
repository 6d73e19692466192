"""The manifest: what a package holds and who says so. Signed over its canonical JSON, in the domain ``manifest``.

The document is ``{"manifest": {...}, "signature": "<key id>:<base64>"}``. It carries counts, digests and versions;
never a value, a file name or a path.
"""

import json
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cleanroom.canonical import canonical_json
from cleanroom.crypto.keys import Signature, SigningKey, VerifyKey
from cleanroom.errors import DataRefused

FORMAT = "cleanroom-package/v1"
DOMAIN = "manifest"
MAX_MANIFEST_BYTES = 262_144
_NAME = r"^[a-z][a-z0-9_-]{0,62}$"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RowsEntry(_Frozen):
    """``rows.parquet``: its rows, bytes and lower-case hex SHA-256."""

    count: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class PeriodEntry(_Frozen):
    """First and last day (ISO) of the contract's time column over the packaged rows."""

    first: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    last: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


class IdentifierEntry(_Frozen):
    """Counts about one identifier column; see ``cleanroom.quality.identity.IdentifierQuality``."""

    column: str = Field(pattern=_NAME)
    profile: str = Field(pattern=r"^[a-z][a-z0-9_.]{0,40}@[0-9]{1,4}$")
    rows: int = Field(ge=0)
    missing: int = Field(ge=0)
    malformed: int = Field(ge=0)
    measured: int = Field(ge=0)
    repeated: int = Field(ge=0)
    guessable: int = Field(ge=0)

    @property
    def adds_up(self) -> bool:
        """Whether the parts are no larger than their wholes."""
        return self.missing + self.malformed + self.measured <= self.rows and (
            max(self.repeated, self.guessable) <= self.measured
        )


class Manifest(_Frozen):
    """``rows_read == rows.count + rows_rejected + rows_skipped``; ``created`` is an ISO moment in UTC.

    ``profiles`` maps each normalised column to its profile; ``collaboration_key`` is the id of the key tokens were
    made with, None when the package holds no token. ``identifiers`` is empty in packages of earlier clients.
    """

    format: str = FORMAT
    dataset: str = Field(pattern=_NAME)
    contract_version: str
    member: str = Field(pattern=_NAME)
    created: str
    rows: RowsEntry
    rows_read: int = Field(ge=0)
    rows_rejected: int = Field(ge=0)
    rows_skipped: int = Field(ge=0)
    period: PeriodEntry | None
    profiles: dict[str, str]
    collaboration_key: str | None
    identifiers: tuple[IdentifierEntry, ...] = Field(default=(), max_length=32, strict=False)  # a JSON list

    def content(self) -> bytes:
        """The signed bytes; without ``identifiers`` where there are none, as earlier clients signed."""
        return canonical_json(self.model_dump(exclude=None if self.identifiers else {"identifiers"}))


class SignedManifest(_Frozen):
    """A manifest with its signature, not yet verified."""

    manifest: Manifest
    signature: str

    def to_bytes(self) -> bytes:
        """The document."""
        return canonical_json(self.model_dump())

    @classmethod
    def parse(cls, document: bytes) -> Self:
        """The manifest in ``document``; well-formed, counts that add up, nothing more.

        Raises:
            DataRefused: CR-K020 not a manifest, or of another format version.
        """
        refused = DataRefused(
            "CR-K020", "this is not a package manifest of this version", help="prepare the package again"
        )
        if len(document) > MAX_MANIFEST_BYTES:
            raise refused
        try:
            signed = cls.model_validate(json.loads(document))
        except (ValidationError, ValueError, RecursionError):
            raise refused from None
        manifest = signed.manifest
        adds_up = manifest.rows_read == manifest.rows.count + manifest.rows_rejected + manifest.rows_skipped
        adds_up = adds_up and all(entry.adds_up for entry in manifest.identifiers)
        if manifest.format != FORMAT or not adds_up or not _moment(manifest.created) or not _ordered(manifest.period):
            raise refused
        return signed

    def verify(self, key: VerifyKey) -> Manifest:
        """The manifest, if ``key`` signed it.

        Raises:
            IntegrityFailure: CR-K011 it did not.
        """
        key.verify(DOMAIN, self.manifest.content(), Signature.from_text(self.signature))
        return self.manifest


def sign_manifest(manifest: Manifest, key: SigningKey) -> SignedManifest:
    """``manifest`` with its signature."""
    return SignedManifest(manifest=manifest, signature=key.sign(DOMAIN, manifest.content()).to_text())


def _moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


def _ordered(period: PeriodEntry | None) -> bool:
    if period is None:
        return True
    try:
        return date.fromisoformat(period.first) <= date.fromisoformat(period.last)
    except ValueError:
        return False
