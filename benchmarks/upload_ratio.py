"""``python -m benchmarks.upload_ratio [MIB]``: a tus upload through the real server beside a bare copy of the same bytes.

The server is ``cleanroom serve`` in a process of its own, the client is the project's own, over a real socket: bytes are
encrypted while they arrive and are on disk when the last answer comes. The bare copy ends with an fsync too. Prints
seconds, MB/s, the ratio, seconds of processor and peak memory of the server (1 GiB by default, the best of two).
"""

import argparse
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.principal import local_operator
from api.room import Room
from api.usecases.members import add_member, register_keys
from api.usecases.people import add_user, issue_key, principal_of_user
from cleanroom.client.manifest import Manifest, RowsEntry, sign_manifest
from cleanroom.client.package import MANIFEST_FILE, ROWS_FILE
from cleanroom.client.remote import RoomClient
from cleanroom.contracts import shipped_contracts
from cleanroom.crypto import MemberKeys
from cleanroom.errors import Unavailable
from cleanroom.names import DatasetName
from cleanroom.state import MemberKind, UserRole

_SALES = shipped_contracts()[DatasetName("sales")]
_MIB = 1 << 20
_TIMES = 2
_START_SECONDS = 60
_SERVE = "from api.cli.main import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    seconds: float
    processor_seconds: float
    peak_mib: int


def main() -> None:
    """Compare."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("mebibytes", nargs="?", type=int, default=1024)
    size = arguments.parse_args().mebibytes * _MIB
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys, secret = _room(folder / "room")
        copies, uploads = [], []
        for _ in range(_TIMES):
            # Other bytes each time: a package that is sent again is recognised.
            _package(folder / "package", size, keys)
            copies.append(_copy(folder / "package" / ROWS_FILE, folder / "copy"))
            uploads.append(_upload(folder, secret))
    best, upload = min(copies), min(uploads, key=lambda measured: measured.seconds)
    print(f"{size // _MIB:,} MiB")
    print(f"copy, fsync {best:8.2f} s {size / 1e6 / best:8.0f} MB/s")
    print(
        f"tus upload  {upload.seconds:8.2f} s {size / 1e6 / upload.seconds:8.0f} MB/s; the server took "
        f"{upload.processor_seconds:.2f} s of processor and {upload.peak_mib:,} MiB at its peak"
    )
    print(f"ratio       {upload.seconds / best:8.2f}")


def _room(place: Path) -> tuple[MemberKeys, str]:
    """A room with one member; its keys, and an API key of a person who may upload."""
    keys = MemberKeys.generate(secrets.token_bytes)
    with Room.create(place, name="bench") as room:
        operator = local_operator()
        add_member(room, operator, "harbor", MemberKind.RETAILER)
        add_user(room, operator, "mia", member="harbor", roles=[UserRole.UPLOADER, UserRole.STEWARD])
        register_keys(room, principal_of_user(room, "mia"), keys.public.to_text())
        return keys, issue_key(room, operator, "mia").clear


def _package(folder: Path, size: int, keys: MemberKeys) -> None:
    """Random bytes under a signed manifest: the room takes them all in before it finds that they are no Parquet."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    digest = hashlib.sha256()
    with (folder / ROWS_FILE).open("wb") as file:
        for start in range(0, size, _MIB):
            piece = os.urandom(min(_MIB, size - start))
            digest.update(piece)
            file.write(piece)
    manifest = Manifest(
        dataset=_SALES.dataset, contract_version=_SALES.version, member="harbor", created=datetime.now(UTC).isoformat(),
        rows=RowsEntry(count=1, bytes=size, sha256=digest.hexdigest()), rows_read=1, rows_rejected=0,
        rows_skipped=0, period=None, profiles={}, collaboration_key=None,
    )  # fmt: skip
    (folder / MANIFEST_FILE).write_bytes(sign_manifest(manifest, keys.signing).to_bytes())


def _copy(source: Path, target: Path) -> float:
    started = time.perf_counter()
    with source.open("rb") as rows, target.open("wb") as copy:
        shutil.copyfileobj(rows, copy, _MIB)
        copy.flush()
        os.fsync(copy.fileno())
    seconds = time.perf_counter() - started
    target.unlink()
    return seconds


def _upload(folder: Path, secret: str) -> _Measured:
    port = _free_port()
    command = [sys.executable, "-c", _SERVE, "serve", "--room", str(folder / "room"), "--port", str(port)]
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # our own module, no input in the command
    try:
        with RoomClient(f"http://127.0.0.1:{port}", secret) as client:
            _wait_for(client)
            started = time.perf_counter()
            client.send_package(folder / "package")
            seconds = time.perf_counter() - started
    finally:
        server.terminate()
        _, _, used = os.wait4(server.pid, 0)
        server.returncode = 0  # waited for above, with what it used
    peak = used.ru_maxrss // (1024 if sys.platform != "darwin" else _MIB)
    return _Measured(seconds=seconds, processor_seconds=used.ru_utime + used.ru_stime, peak_mib=peak)


def _wait_for(client: RoomClient) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            client.get("/me")
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
