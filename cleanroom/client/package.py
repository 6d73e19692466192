"""A package: a directory with ``rows.parquet`` and ``manifest.json``. Its schema, and the room's verification.

``verify_package`` is the only maker of a ``VerifiedManifest``: whoever holds one knows that these rows are what that
member signed, in the shape of this contract.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.client.manifest import Manifest, SignedManifest
from cleanroom.contracts.model import ColumnType, Contract
from cleanroom.crypto.keys import VerifyKey
from cleanroom.errors import CleanroomError, DataRefused, IntegrityFailure
from cleanroom.names import Digest, KeyId

ROWS_FILE = "rows.parquet"
MANIFEST_FILE = "manifest.json"
REJECTS_FILE = "rejects.csv"
"""Local only: row numbers and reasons, never uploaded."""

_READ_BYTES = 1 << 20
_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DECIMAL: pa.decimal128(18, 4),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
    ColumnType.TOKEN: pa.uuid(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedManifest:
    """A manifest whose signature, digest and shape hold. ``digest`` is of the manifest's signed bytes."""

    manifest: Manifest
    digest: Digest
    signed_by: KeyId


def package_schema(contract: Contract) -> pa.Schema:
    """The columns of ``rows.parquet``: all stored columns of the contract, in order; never a clear identifier."""
    return pa.schema([pa.field(column.name, _TYPES[column.type]) for column in contract.stored])


def verify_package(
    manifest: bytes, rows: Path | BinaryIO, *, verify_key: VerifyKey, contract: Contract
) -> VerifiedManifest:
    """Return only if the package is whole, meant for ``contract`` and signed by ``verify_key``'s owner.

    ``rows`` is a path or a seekable binary file (an ``open_encrypted`` one, for example).

    Raises:
        DataRefused: CR-K020 not a manifest, CR-K021 another contract or version, CR-K023 rows of another shape.
        IntegrityFailure: CR-K011 not signed by this key, CR-K022 rows are not those the manifest names.
    """
    # 1. Form: bounded, closed, counts add up (stops hostile JSON before any cryptography).
    signed = SignedManifest.parse(manifest)
    # 2. Signature: nobody but the member wrote this (stops uploads in another's name, and edited counts).
    checked = signed.verify(verify_key)
    # 3. Purpose: made for this contract (stops a package of one dataset from being replayed as another).
    if (checked.dataset, checked.contract_version) != (contract.dataset, contract.version):
        raise DataRefused(
            "CR-K021",
            f"the package is not made for `{contract.dataset}` {contract.version}",
            help="prepare it again with the room's contract",
        )
    file = rows.open("rb") if isinstance(rows, Path) else rows
    try:
        # 4. Digest: exactly the rows that were signed (stops exchange and damage on the way).
        _check_digest(file, checked)
        # 5. Shape: the contract's stored columns and types (stops columns that no contract knows).
        _check_shape(file, checked, contract)
    finally:
        if isinstance(rows, Path):
            file.close()
    content = checked.content()
    return VerifiedManifest(
        manifest=checked, digest=Digest("sha256:" + hashlib.sha256(content).hexdigest()), signed_by=verify_key.id
    )


def _check_digest(file: BinaryIO, manifest: Manifest) -> None:
    size, digest = digest_of_file(file, at_most=manifest.rows.bytes)
    if size != manifest.rows.bytes or digest != manifest.rows.sha256:
        raise IntegrityFailure(
            "CR-K022", "the rows are not those the manifest names", help="send the package again, unchanged"
        )


def digest_of_file(file: BinaryIO, *, at_most: int | None = None) -> tuple[int, str]:
    """Bytes and hex SHA-256 of ``file`` from its start; stops soon after ``at_most`` bytes."""
    file.seek(0)
    running = hashlib.sha256()
    size = 0
    while piece := file.read(_READ_BYTES):
        running.update(piece)
        size += len(piece)
        if at_most is not None and size > at_most:
            break
    return size, running.hexdigest()


def _check_shape(file: BinaryIO, manifest: Manifest, contract: Contract) -> None:
    file.seek(0, io.SEEK_SET)
    wrong = DataRefused(
        "CR-K023", "the rows do not have the contract's columns and types", help="prepare the package again"
    )
    try:
        with pq.ParquetFile(file) as parquet:
            schema, count = parquet.schema_arrow, parquet.metadata.num_rows
    except CleanroomError:
        raise
    except Exception:  # noqa: BLE001 - pyarrow raises many kinds, and their texts quote content
        raise wrong from None
    file.seek(0, io.SEEK_SET)
    if not schema.equals(package_schema(contract), check_metadata=False) or count != manifest.rows.count:
        raise wrong
