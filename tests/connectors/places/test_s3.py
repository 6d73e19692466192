"""A real object-store server (moto) in another process."""

from collections.abc import Iterator

import obstore
import pytest
from obstore.store import S3Store

from cleanroom.errors import CleanroomError, DataRefused, NotFound, Unavailable, UsageProblem
from connectors.formats import open_source
from connectors.places import PlaceOptions, locate
from tests.connectors.places.object_store import object_store
from tests.connectors.samples import csv_bytes


@pytest.fixture(scope="module")
def store() -> Iterator[PlaceOptions]:
    """A bucket with three objects and a receipt."""
    with object_store() as (settings, bucket):
        for name in ("sales/b.csv", "sales/a.csv", "sales/a.csv.receipt.json", "other/c.csv"):
            obstore.put(bucket, name, csv_bytes(25))
        yield PlaceOptions(config=settings)


def test_objects_under_a_prefix_are_read(store: PlaceOptions) -> None:
    """Listing, order, and reading through a format."""
    items = list(locate("s3://drop/sales", store))
    assert [item.name for item in items] == ["sales/a.csv", "sales/b.csv"]
    with items[0].open() as stream:
        assert sum(batch.num_rows for batch in open_source(stream).batches()) == 25
    assert [item.size for item in locate("s3://drop/other/c.csv", store)] == [len(csv_bytes(25))]
    assert {"sales/a.csv", "sales/b.csv", "other/c.csv"} <= {item.name for item in locate("s3://drop", store)}


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


def test_a_receipt_is_left_beside_the_object(store: PlaceOptions) -> None:
    """As an object of its own, which is no data."""
    (item,) = locate("s3://drop/other/c.csv", store)
    assert item.leave is not None
    item.leave(b'{"state": "pushed"}')
    with next(locate("s3://drop/other/c.csv.receipt.json", store)).open() as stream:
        assert stream.read() == b'{"state": "pushed"}'
    assert [item.name for item in locate("s3://drop/other", store)] == ["other/c.csv"]


def test_what_is_read_is_the_object_that_was_listed(store: PlaceOptions) -> None:
    """One that was replaced meanwhile is taken on the next look."""
    bucket = S3Store("drop", config=dict(store.config), client_options={"allow_http": True})
    obstore.put(bucket, "moving/d.csv", csv_bytes(3))
    (item,) = locate("s3://drop/moving/d.csv", store)
    obstore.put(bucket, "moving/d.csv", csv_bytes(4))
    with pytest.raises(Unavailable, match="CR-D223"):
        item.open()


def test_keys_may_come_from_the_environment(store: PlaceOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """As S3 clients take them; the settings name the endpoint only."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "zq-canary-secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    options = PlaceOptions(config={"endpoint": store.config["endpoint"]})
    assert [item.name for item in locate("s3://drop/sales", options)] == ["sales/a.csv", "sales/b.csv"]
