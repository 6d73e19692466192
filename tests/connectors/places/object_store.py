"""A real object-store server (moto) in another process, with a bucket ``drop``. For tests only."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.store import S3Store

KEYS = {"access_key_id": "test", "secret_access_key": "zq-canary-secret", "region": "us-east-1"}
_CODE = (
    "from moto.server import ThreadedMotoServer as S; import time;"
    "s=S(ip_address='127.0.0.1',port=0); s.start(); print('port', s.get_host_and_port()[1], flush=True); input()"
)


@contextmanager
def object_store() -> Iterator[tuple[dict[str, str], S3Store]]:
    """The settings that reach it, and its bucket."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = next(line for line in process.stdout if line.startswith("port "))
        settings = {**KEYS, "endpoint": f"http://127.0.0.1:{int(line.split()[1])}"}
        _make_bucket(settings["endpoint"])
        yield settings, S3Store("drop", config=settings, client_options={"allow_http": True})
    finally:
        process.kill()
        process.communicate()


def _make_bucket(endpoint: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            request = urllib.request.Request(f"{endpoint}/drop", method="PUT")  # noqa: S310 - our own server
            urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - our own server
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the object store did not answer")
