"""A package verifies only as its member signed it, for the contract it was made for."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.client import Manifest, package_schema, sign_manifest, verify_package
from cleanroom.client.manifest import RowsEntry, SignedManifest
from cleanroom.client.package import digest_of_file
from cleanroom.contracts import shipped_contracts
from cleanroom.crypto.keys import MemberKeys
from cleanroom.errors import DataRefused, IntegrityFailure
from cleanroom.names import DatasetName
from tests.cleanroom.crypto.seeded import seeded

CONTRACT = shipped_contracts()[DatasetName("products")]
OTHER = shipped_contracts()[DatasetName("sales")]
ANNA, EVE = (MemberKeys.generate(seeded(n)) for n in (1, 2))


def _rows(table: pa.Table | None = None) -> bytes:
    sink = io.BytesIO()
    pq.write_table(package_schema(CONTRACT).empty_table() if table is None else table, sink)
    return sink.getvalue()


def _manifest(rows: bytes, **changes: object) -> Manifest:
    size, digest = digest_of_file(io.BytesIO(rows))
    fields: dict[str, object] = {
        "dataset": "products",
        "contract_version": CONTRACT.version,
        "member": "harbor",
        "created": "2026-01-31T12:00:00+00:00",
        "rows": RowsEntry(count=0, bytes=size, sha256=digest),
        "rows_read": 3,
        "rows_rejected": 1,
        "rows_skipped": 2,
        "period": None,
        "profiles": {},
        "collaboration_key": None,
        **changes,
    }
    return Manifest.model_validate(fields)


ROWS = _rows()
DOCUMENT = sign_manifest(_manifest(ROWS), ANNA.signing).to_bytes()


def test_a_whole_package_verifies(tmp_path: Path) -> None:
    """From a file object and from a path; the signer is named."""
    path = tmp_path / "rows.parquet"
    path.write_bytes(ROWS)
    by_file = verify_package(DOCUMENT, io.BytesIO(ROWS), verify_key=ANNA.public.verify, contract=CONTRACT)
    by_path = verify_package(DOCUMENT, path, verify_key=ANNA.public.verify, contract=CONTRACT)
    assert by_file == by_path
    assert (by_file.manifest, by_file.signed_by) == (_manifest(ROWS), ANNA.public.verify.id)


def _with(change: Callable[[dict[str, object]], None]) -> bytes:
    content = json.loads(DOCUMENT)
    change(content)
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"{" * 100_000,
        b" " * 300_000,
        _with(lambda c: c.update(extra=1)),
        _with(lambda c: c["manifest"].update(extra=1)),
        _with(lambda c: c["manifest"].update(format="cleanroom-package/v2")),
        _with(lambda c: c["manifest"].update(rows_read=4)),
        _with(lambda c: c["manifest"].update(rows_read="3")),
        _with(lambda c: c["manifest"].update(created="yesterday")),
        _with(lambda c: c["manifest"].update(period={"first": "2026-02-01", "last": "2026-01-01"})),
        _with(lambda c: c["manifest"].update(member="../etc")),
        _with(lambda c: c["manifest"]["rows"].update(sha256="x")),
    ],
)
def test_malformed_manifests_are_refused_by_form(document: bytes) -> None:
    """Before any signature is looked at; nothing of the content is echoed."""
    with pytest.raises(DataRefused, match=r"^CR-K020: this is not a package manifest of this version$"):
        verify_package(document, io.BytesIO(ROWS), verify_key=ANNA.public.verify, contract=CONTRACT)


@pytest.mark.parametrize(
    "document",
    [
        sign_manifest(_manifest(ROWS), EVE.signing).to_bytes(),
        _with(lambda c: c["manifest"].update(member="solstice")),
        _with(lambda c: c["manifest"].update(rows_skipped=1, rows_rejected=2)),
        _with(lambda c: c.update(signature="x")),
        SignedManifest(
            manifest=_manifest(ROWS), signature=ANNA.signing.sign("policy", _manifest(ROWS).content()).to_text()
        ).to_bytes(),
    ],
)
def test_foreign_and_edited_manifests_do_not_verify(document: bytes) -> None:
    """Another member's key, an edited field, a signature from another domain."""
    with pytest.raises(IntegrityFailure, match="CR-K011"):
        verify_package(document, io.BytesIO(ROWS), verify_key=ANNA.public.verify, contract=CONTRACT)


def test_a_package_is_for_its_contract_only() -> None:
    """Another dataset, or another version of the same, is refused."""
    older = sign_manifest(_manifest(ROWS, contract_version="0.9.0"), ANNA.signing).to_bytes()
    for document, contract in ((DOCUMENT, OTHER), (older, CONTRACT)):
        with pytest.raises(DataRefused, match="CR-K021"):
            verify_package(document, io.BytesIO(ROWS), verify_key=ANNA.public.verify, contract=contract)


@pytest.mark.parametrize("rows", [b"", ROWS[:-1], ROWS + b"x", ROWS[:-1] + b"x"])
def test_exchanged_rows_are_noticed(rows: bytes) -> None:
    """Cut, longer or altered rows are not what was signed."""
    with pytest.raises(IntegrityFailure, match="CR-K022"):
        verify_package(DOCUMENT, io.BytesIO(rows), verify_key=ANNA.public.verify, contract=CONTRACT)


@pytest.mark.parametrize(
    "rows",
    [
        b"not parquet at all",
        _rows(pa.table({"gtin": ["04006381333931"], "owner_email": ["jane@example.com"]})),
        _rows(package_schema(CONTRACT).empty_table().drop_columns(["model"])),
        _rows(pa.Table.from_pylist([{"gtin": "04006381333931"}], schema=package_schema(CONTRACT))),
    ],
)
def test_rows_of_another_shape_are_refused(rows: bytes) -> None:
    """Not Parquet, columns no contract stores, missing columns, or another count than signed."""
    document = sign_manifest(_manifest(rows), ANNA.signing).to_bytes()
    with pytest.raises(DataRefused, match="CR-K023"):
        verify_package(document, io.BytesIO(rows), verify_key=ANNA.public.verify, contract=CONTRACT)


def test_the_schema_has_no_clear_identifier() -> None:
    """INVARIANT I3: what a package can hold at all are stored columns; tokens are UUIDs."""
    schema = package_schema(OTHER)
    assert not {"buyer_email", "buyer_phone", "serial"} & set(schema.names)
    assert schema.field("buyer_token").type == schema.field("unit_token").type == pa.uuid()
