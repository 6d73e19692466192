"""Commit of prepared sales rows against DuckDB's own ``COPY (FROM read_csv) TO parquet`` of the same rows.

Run ``python benchmarks/ingest_ratio.py [ROWS]``; prints seconds, ratio and peak memory of both, each in a process of
its own. The commit includes decryption, digest, signature, guard, gate, natural keys, encryption and publishing.
"""

import multiprocessing
import resource
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import duckdb

from cleanroom.client.manifest import Manifest, RowsEntry, sign_manifest
from cleanroom.contracts import shipped_contracts
from cleanroom.crypto.keys import DataKey, SigningKey
from cleanroom.crypto.stream import encrypting_writer, open_encrypted
from cleanroom.ingest import IngestJob, IngestTools, Intent, SignedPackage, SignedReceipt, ingest
from cleanroom.names import DatasetName, MemberName, UploadId
from cleanroom.vault import LakePlace, SessionLimits, Vault
from cleanroom.vault.decide import Mode
from cleanroom.vault.package_file import PackageFile
from cleanroom.vault.tables import SQL_TYPES

SALES = shipped_contracts()[DatasetName("sales")]
HARBOR = MemberName("harbor")
VALUES = {
    "sale_id": "'S' || lpad((i * 7919 % 100000000)::VARCHAR, 9, '0')",
    "store_id": "'st' || (i % 200)",
    "region": "'region ' || (i % 12)",
    "channel": "['store', 'pickup', 'ship', 'online'][1 + i % 4]",
    "sale_date": "DATE '2024-01-01' + ((i * 31) % 730)::INTEGER",
    "sold_at": "TIMESTAMP '2024-01-01' + to_seconds(i * 12)",
    "transaction_id": "'T' || (i // 3)",
    "line_no": "i % 3",
    "gtin": "lpad((i % 500)::VARCHAR, 14, '0')",
    "sku": "'sku' || (i % 500)",
    "model": "'model' || (i % 50)",
    "brand": "'brand' || (i % 5)",
    "unit_token": "md5('u' || i)::UUID",
    "quantity": "1",
    "unit_price": "i % 90000 / 100",
    "net_amount": "i % 90000 / 100",
    "currency": "'GBP'",
    "buyer_token": "CASE WHEN i % 3 > 0 THEN md5('b' || i % 1700000)::UUID END",
}


class NoJournal:
    """Keeps nothing: the room's state is measured elsewhere."""

    def intend(self, intent: Intent) -> None: ...
    def commit(self, signed: SignedReceipt, *, findings: bytes) -> None: ...
    def refuse(self, upload: UploadId, *, code: str, findings: bytes | None) -> None: ...
    def open_intents(self) -> tuple[Intent, ...]:
        return ()


def _make(folder: Path, rows: int) -> None:
    with duckdb.connect(config={"threads": 2}) as connection:
        listed = ", ".join(
            f"CAST({VALUES.get(c.name, 'NULL')} AS {SQL_TYPES[c.type]}) AS {c.name}" for c in SALES.stored
        )
        made = f"SELECT {listed} FROM range({rows}) r(i)"
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"COPY ({made}) TO '{folder}/rows.parquet' (ROW_GROUP_SIZE 122880)")
        connection.execute(f"COPY (FROM '{folder}/rows.parquet') TO '{folder}/rows.csv' (HEADER)")


def _copy(folder: Path) -> float:
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute("SET enable_progress_bar = false")
        start = time.perf_counter()
        connection.execute(f"COPY (FROM read_csv('{folder}/rows.csv')) TO '{folder}/copied.parquet'")
        return time.perf_counter() - start


def _commit(folder: Path) -> float:
    key, member, room = (kind.generate(secrets.token_bytes) for kind in (DataKey, SigningKey, SigningKey))
    assert isinstance(key, DataKey)
    assert isinstance(member, SigningKey)
    assert isinstance(room, SigningKey)
    limits = SessionLimits(memory_bytes=1_000_000_000, threads=2)
    vault = Vault(place=LakePlace(member=HARBOR, root=folder / "vault"), key=key, limits=limits)
    vault.create()
    blob = key.blob_key("upload")
    size, digest = 0, sha256()
    with (
        (folder / "upload").open("wb") as file,
        encrypting_writer(file, blob, associated=b"upload", random=secrets.token_bytes) as writer,
        (folder / "rows.parquet").open("rb") as source,
    ):
        while piece := source.read(1 << 20):
            size += len(piece)
            digest.update(piece)
            writer.write(piece)
    count = duckdb.sql(f"SELECT count(*) FROM '{folder}/rows.parquet'").fetchall()[0][0]
    manifest = Manifest(
        dataset=SALES.dataset, contract_version=SALES.version, member=HARBOR, created="2026-01-01T00:00:00+00:00",
        rows=RowsEntry(count=count, bytes=size, sha256=digest.hexdigest()), rows_read=count, rows_rejected=0,
        rows_skipped=0, period=None, profiles={}, collaboration_key=None,
    )  # fmt: skip
    package = PackageFile(
        open=lambda: open_encrypted((folder / "upload").open("rb"), blob, associated=b"upload"), size_bytes=size
    )
    verify = SignedPackage(
        manifest=sign_manifest(manifest, member).to_bytes(),
        member=HARBOR,
        verify_key=member.verify_key,
        contract=SALES,
    )
    job = IngestJob(upload=UploadId("bench"), contract=SALES, mode=Mode.APPEND, package=package, today=date(2026, 1, 1))
    tools = IngestTools(
        journal=NoJournal(), verify=verify, room_key=room, clock=lambda: datetime.now(UTC), random=secrets.token_bytes
    )
    start = time.perf_counter()
    receipt = ingest(job, vault, tools).receipt
    assert receipt.counts.inserted == count
    return time.perf_counter() - start


def _measured(
    work: Callable[[Path], float], folder: Path, answers: "multiprocessing.Queue[tuple[float, float, int]]"
) -> None:
    before = time.process_time()
    seconds = work(folder)
    used = time.process_time() - before
    answers.put((seconds, used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))


def main(rows: int) -> None:
    """Measure and print."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make(folder, rows)
        found = {}
        for work in (_copy, _commit):
            answers: multiprocessing.Queue[tuple[float, float, int]] = spawn.Queue()
            process = spawn.Process(target=_measured, args=(work, folder, answers))
            process.start()
            found[work] = answers.get()
            process.join()
    (copy_seconds, copy_cpu, copy_mib), (commit_seconds, commit_cpu, commit_mib) = found[_copy], found[_commit]
    print(f"rows {rows:,}")
    print(f"COPY csv -> parquet   {copy_seconds:6.2f} s  processor {copy_cpu:6.2f} s  peak {copy_mib} MiB")
    print(f"verify, gate, commit  {commit_seconds:6.2f} s  processor {commit_cpu:6.2f} s  peak {commit_mib} MiB")
    print(f"ratio                 {commit_seconds / copy_seconds:6.2f}    processor {commit_cpu / copy_cpu:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000)
