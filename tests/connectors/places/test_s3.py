"""A real object-store server (moto) in another process."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import obstore
import pytest
from obstore.store import S3Store

from cleanroom.errors import CleanroomError, DataRefused, NotFound, Unavailable, UsageProblem
from connectors.formats import open_source
from connectors.places import PlaceOptions, locate
from tests.connectors.samples import csv_bytes

KEYS = {"access_key_id": "test", "secret_access_key": "zq-canary-secret", "region": "us-east-1"}
_CODE = (
    "from moto.server import ThreadedMotoServer as S; import time;"
    "s=S(ip_address='127.0.0.1',port=0); s.start(); print('port', s.get_host_and_port()[1], flush=True); input()"
)


@pytest.fixture(scope="module")
def store() -> Iterator[PlaceOptions]:
    """A bucket with three objects."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    line = next(line for line in process.stdout if line.startswith("port "))
    endpoint = f"http://127.0.0.1:{int(line.split()[1])}"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            request = urllib.request.Request(f"{endpoint}/drop", method="PUT")  # noqa: S310 - our own server
            urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - our own server
            break
        except OSError:
            continue
    bucket = S3Store("drop", config={**KEYS, "endpoint": endpoint}, client_options={"allow_http": True})
    for name in ("sales/b.csv", "sales/a.csv", "sales/a.csv.receipt.json", "other/c.csv"):
        obstore.put(bucket, name, csv_bytes(25))
    yield PlaceOptions(config={**KEYS, "endpoint": endpoint})
    process.kill()
    process.wait()


def test_objects_under_a_prefix_are_read(store: PlaceOptions) -> None:
    """Listing, order, and reading through a format."""
    items = list(locate("s3://drop/sales", store))
    assert [item.name for item in items] == ["sales/a.csv", "sales/b.csv"]
    with items[0].open() as stream:
        assert sum(batch.num_rows for batch in open_source(stream).batches()) == 25
    assert [item.size for item in locate("s3://drop/other/c.csv", store)] == [len(csv_bytes(25))]
    assert len(list(locate("s3://drop", store))) == 3


def test_troubles_have_codes_and_no_keys(store: PlaceOptions) -> None:
    """Missing objects, wrong addresses, too large: no key or address in any text."""
    with pytest.raises(NotFound, match="CR-D221"):
        list(locate("s3://drop/none.csv", store))
    with pytest.raises(UsageProblem, match="CR-D220"):
        list(locate("s3://key:secret@drop/x", store))
    (item,) = locate("s3://drop/other/c.csv", PlaceOptions(config=store.config, max_bytes=10))
    with pytest.raises(DataRefused, match="CR-D224"):
        item.open()
    dead = {**store.config, "endpoint": "http://127.0.0.1:9"}
    with pytest.raises(Unavailable, match="CR-D223") as caught:
        list(locate("s3://drop/x", PlaceOptions(config=dead)))
    assert isinstance(caught.value, CleanroomError)
    assert "canary" not in repr(caught.value) + caught.value.help + repr(store)
