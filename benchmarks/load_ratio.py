"""The whole way of a file, in one run: prepare and ingest beside DuckDB's own ``COPY (FROM read_csv) TO parquet``.

    python benchmarks/load_ratio.py 5000000

Prints wall seconds, seconds of processor and peak memory of the copy, of prepare (parse, map, normalise, tokenise,
package) and of ingest (decrypt, verify, guard, gate, commit, publish, receipt), and the ratios of both and of their
sum to the copy. Each runs in a process of its own, one after the other, ``--times`` times over; the best of each counts.
"""

import argparse
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.ingest_ratio import NoJournal
from cleanroom.client.manifest import SignedManifest
from cleanroom.contracts import shipped_contracts
from cleanroom.crypto import CollaborationKey, MemberKeys
from cleanroom.crypto.keys import DataKey, SigningKey
from cleanroom.crypto.stream import encrypting_writer, open_encrypted
from cleanroom.ingest import IngestJob, IngestTools, SignedPackage, ingest
from cleanroom.names import DatasetName, MemberName, UploadId
from cleanroom.vault import LakePlace, Vault
from cleanroom.vault.decide import Mode
from cleanroom.vault.package_file import PackageFile
from connectors.mapping import load_mapping
from connectors.prepare import prepare

HARBOR = MemberName("harbor")
SALES = shipped_contracts()[DatasetName("sales")]


def copy(folder: Path) -> tuple[float, float]:
    """DuckDB's own way."""
    import duckdb

    started = _now()
    duckdb.sql(f"COPY (FROM read_csv('{folder}/sales.csv')) TO '{folder}/copy.parquet' (FORMAT parquet)")
    return started


def prepared(folder: Path) -> tuple[float, float]:
    """The member's half."""
    from benchmarks.prepare_ratio import MAPPING

    keys = MemberKeys.generate(secrets.token_bytes)
    keys.save(folder / "member.key")
    mapping = load_mapping(MAPPING, shipped_contracts())
    shared = CollaborationKey.generate(secrets.token_bytes)
    files, out, now = [folder / "sales.csv"], folder / "package", datetime.now(UTC)
    started = _now()
    prepare(files, mapping=mapping, contract=SALES, out=out, member=HARBOR, keys=keys, collaboration=shared, now=now)
    return started


def ingested(folder: Path) -> tuple[float, float]:
    """The room's half, from the package as it was received."""
    keys = MemberKeys.load(folder / "member.key")
    data_key, room_key = DataKey.generate(secrets.token_bytes), SigningKey.generate(secrets.token_bytes)
    vault = Vault(place=LakePlace(member=HARBOR, root=folder / "vault"), key=data_key)
    vault.create()
    blob, received = data_key.blob_key("upload"), folder / "received"
    content = (folder / "package" / "rows.parquet").open("rb")
    with (
        content,
        received.open("wb") as file,
        encrypting_writer(file, blob, associated=b"upload", random=secrets.token_bytes) as writer,
    ):
        while piece := content.read(1 << 20):
            writer.write(piece)
    manifest = (folder / "package" / "manifest.json").read_bytes()
    size = SignedManifest.parse(manifest).manifest.rows.bytes
    package = PackageFile(open=lambda: open_encrypted(received.open("rb"), blob, associated=b"upload"), size_bytes=size)
    signer = keys.signing.verify_key
    verify = SignedPackage(manifest=manifest, member=HARBOR, verify_key=signer, contract=SALES)
    job = IngestJob(upload=UploadId("bench"), contract=SALES, mode=Mode.APPEND, package=package, today=date(2026, 1, 1))
    tools = IngestTools(
        journal=NoJournal(),
        verify=verify,
        room_key=room_key,
        clock=lambda: datetime.now(UTC),
        random=secrets.token_bytes,
    )
    started = _now()
    receipt = ingest(job, vault, tools).receipt
    assert receipt.counts.inserted == receipt.counts.rows
    return started


_STEPS = {"copy": copy, "prepare": prepared, "ingest": ingested}
Measure = tuple[float, float, int]


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _measured(what: str, folder: str) -> Measure:
    shown = subprocess.run(
        [sys.executable, "-m", "benchmarks.load_ratio", "--run", what, folder], check=True, capture_output=True
    )
    seconds, processor, mebibytes = shown.stdout.split()
    return float(seconds), float(processor), int(mebibytes)


def main() -> None:
    """Compare."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("rows", nargs="?", type=int, default=1_000_000)
    arguments.add_argument("--times", type=int, default=3)
    arguments.add_argument("--run", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.run:
        started = _STEPS[given.run[0]](Path(given.run[1]))
        seconds, processor = (now - then for now, then in zip(_now(), started, strict=True))
        print(seconds, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    runs: dict[str, list[Measure]] = {what: [] for what in _STEPS}
    with tempfile.TemporaryDirectory() as folder:
        from benchmarks.prepare_ratio import write_sales

        write_sales(Path(folder) / "sales.csv", given.rows)
        for _ in range(given.times):
            for what, found in runs.items():
                found.append(_measured(what, folder))
            for left in ("package", "vault"):
                shutil.rmtree(Path(folder) / left)
            (Path(folder) / "member.key").unlink()
    _show(
        given.rows,
        {what: (min(r[0] for r in f), min(r[1] for r in f), max(r[2] for r in f)) for what, f in runs.items()},
    )


def _show(rows: int, best: dict[str, Measure]) -> None:
    print(f"{rows:,} rows")
    for what, (seconds, processor, mebibytes) in best.items():
        print(f"{what:8} {seconds:8.2f} s {processor:8.2f} s of processor {mebibytes:6,} MiB peak")
    base = best["copy"]
    for what, parts in (("prepare", ("prepare",)), ("ingest", ("ingest",)), ("both", ("prepare", "ingest"))):
        wall, used = (sum(best[part][at] for part in parts) / base[at] for at in (0, 1))
        print(f"{what:8} {wall:8.2f} x {used:8.2f} x of the copy")


if __name__ == "__main__":
    main()
