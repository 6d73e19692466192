"""A room in small for ingest tests: real keys, real packages, a real vault, and a journal on disk.

The journal is a fake of the room's state with the same promises: durable before it returns, one line per event.
"""

import json
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.client.manifest import Manifest, RowsEntry, sign_manifest
from cleanroom.client.package import package_schema
from cleanroom.contracts import Contract, shipped_contracts
from cleanroom.crypto.keys import DataKey, SigningKey
from cleanroom.crypto.stream import encrypting_writer, open_encrypted
from cleanroom.ingest import IngestJob, IngestTools, Intent, SignedPackage, SignedReceipt, ingest
from cleanroom.names import DatasetName, MemberName, UploadId
from cleanroom.vault import LakePlace, Vault, attach_lake, load_lake_extensions
from cleanroom.vault.decide import Mode
from cleanroom.vault.package_file import PackageFile
from cleanroom.vault.period import parse_period

HARBOR = MemberName("harbor")
TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SALES = shipped_contracts()[DatasetName("sales")]
CLAIMS = shipped_contracts()[DatasetName("claims")]


def token(number: int) -> UUID:
    """A token that looks as tokens do: 16 bytes of a hash."""
    return UUID(bytes=sha256(str(number).encode()).digest()[:16])


def sale(number: int, **values: object) -> dict[str, object]:
    """A plausible row of sales."""
    row: dict[str, object] = {
        "sale_id": f"S{number}",
        "sale_date": date(2026, 1, 1 + number % 28),
        "region": "north",
        "channel": "store",
        "unit_token": token(number),
        "buyer_token": token(100_000 + number % 7),
        "quantity": 1,
    }
    return {**row, **values}


@dataclass(frozen=True)
class FileJournal:
    """A journal in one file of JSON lines."""

    path: Path

    def intend(self, intent: Intent) -> None:
        self._put("intend", intent.upload, intent.to_json())

    def commit(self, signed: SignedReceipt, *, findings: bytes) -> None:  # noqa: ARG002
        if signed.receipt.upload not in self.events("commit"):
            self._put("commit", signed.receipt.upload, signed.to_json())

    def refuse(self, upload: UploadId, *, code: str, findings: bytes | None) -> None:  # noqa: ARG002
        self._put("refuse", upload, code)

    def open_intents(self) -> tuple[Intent, ...]:
        ended = {*self.events("commit"), *self.events("refuse")}
        return tuple(Intent.from_json(text) for upload, text in self.events("intend").items() if upload not in ended)

    def events(self, kind: str) -> dict[str, str]:
        if not self.path.exists():
            return {}
        lines = (json.loads(line) for line in self.path.read_text().splitlines())
        return {upload: text for event, upload, text in lines if event == kind}

    def _put(self, event: str, upload: str, text: str) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps([event, upload, text]) + "\n")
            file.flush()
            os.fsync(file.fileno())


@dataclass(frozen=True)
class Rig:
    """One member's vault and everything a push needs."""

    root: Path
    vault: Vault
    member_key: SigningKey
    room_key: SigningKey
    journal: FileJournal
    uploads: list[int] = field(default_factory=list)

    @classmethod
    def make(cls, root: Path) -> "Rig":
        """A new room in ``root``, or the same one again: keys are derived from fixed texts."""
        vault = Vault(place=LakePlace(member=HARBOR, root=root / "harbor"), key=DataKey.generate(_fixed("data")))
        vault.create()
        keys = (SigningKey.generate(_fixed("member")), SigningKey.generate(_fixed("room")))
        return cls(root, vault, *keys, FileJournal(root / "journal"))

    def package(self, rows: Sequence[dict[str, object]], contract: Contract = SALES) -> tuple[PackageFile, bytes]:
        """An encrypted package and its signed manifest."""
        schema = package_schema(contract)
        columns = {f.name: [row.get(f.name) for row in rows] for f in schema}
        arrays = [_array(columns[f.name], f.type) for f in schema]
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink)
        return self.packaged(sink.getvalue().to_pybytes(), len(rows), contract)

    def packaged(self, content: bytes, count: int, contract: Contract = SALES) -> tuple[PackageFile, bytes]:
        path = self.root / f"{secrets.token_hex(8)}.enc"
        key = self.vault.key.blob_key("upload")
        with (
            path.open("wb") as file,
            encrypting_writer(file, key, associated=b"upload", random=secrets.token_bytes) as out,
        ):
            out.write(content)
        manifest = Manifest(
            dataset=contract.dataset,
            contract_version=contract.version,
            member=HARBOR,
            created=NOW.isoformat(),
            rows=RowsEntry(count=count, bytes=len(content), sha256=sha256(content).hexdigest()),
            rows_read=count,
            rows_rejected=0,
            rows_skipped=0,
            period=None,
            profiles={},
            collaboration_key=None,
        )
        package = PackageFile(
            open=lambda: open_encrypted(path.open("rb"), key, associated=b"upload"), size_bytes=len(content)
        )
        return package, sign_manifest(manifest, self.member_key).to_bytes()

    def job(
        self,
        package: PackageFile,
        upload: str | None = None,
        mode: Mode = Mode.APPEND,
        period: str | None = None,
        contract: Contract = SALES,
    ) -> IngestJob:
        self.uploads.append(0)
        return IngestJob(
            upload=UploadId(upload or f"u{len(self.uploads)}"),
            contract=contract,
            mode=mode,
            package=package,
            today=TODAY,
            period=parse_period(period) if period else None,
            period_text=period,
        )

    def tools(
        self, manifest: bytes, checkpoint: Callable[[str], None] = lambda _: None, contract: Contract = SALES
    ) -> IngestTools:
        verify = SignedPackage(
            manifest=manifest, member=HARBOR, verify_key=self.member_key.verify_key, contract=contract
        )
        return IngestTools(
            journal=self.journal,
            verify=verify,
            room_key=self.room_key,
            clock=lambda: NOW,
            random=secrets.token_bytes,
            checkpoint=checkpoint,
        )

    def push(
        self,
        rows: Sequence[dict[str, object]],
        mode: Mode = Mode.APPEND,
        period: str | None = None,
        upload: str | None = None,
        contract: Contract = SALES,
    ) -> SignedReceipt:
        package, manifest = self.package(rows, contract)
        job = self.job(package, upload, mode, period, contract)
        return ingest(job, self.vault, self.tools(manifest, contract=contract))

    def read(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of a query over the newest published copy, attached as ``h``."""
        with duckdb.connect() as connection:
            load_lake_extensions(connection)
            attach_lake(connection, self.vault.published(), alias="h")
            return connection.execute(sql).fetchall()


def _array(values: list[object], kind: pa.DataType) -> pa.Array:
    if isinstance(kind, pa.UuidType):
        storage = pa.array([v.bytes if isinstance(v, UUID) else v for v in values], pa.binary(16))
        return pa.ExtensionArray.from_storage(kind, storage)
    return pa.array(values, kind)


def _fixed(name: str) -> Callable[[int], bytes]:
    return lambda size: sha256(name.encode()).digest()[:size]
