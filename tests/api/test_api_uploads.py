"""Uploads: torn, resumed, doubled, hostile; with our own requests and with the official tus client."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
import uvicorn
from api_case import CANARY_SERIAL, Case, open_upload, packaged, patch, sale, sales
from tusclient import client as tus

from api.app import create_app
from api.usecases.uploads import expire_uploads
from api.worker import work_off
from cleanroom.ingest import read_receipt


@pytest.fixture
def served(case: Case) -> Iterator[str]:
    """The application behind a real socket, with its workers."""
    config = uvicorn.Config(create_app(case.room, threads=1), host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def test_the_official_client_uploads_in_pieces(case: Case, served: str) -> None:
    """tuspy, 700-byte chunks, manifest as metadata; committed by the background worker."""
    manifest, content = packaged(sales(12, 3), case.keys["harbor"])
    headers = {"Authorization": f"Bearer {case.tokens['harbor-uploader']}"}
    uploader = tus.TusClient(f"{served}/v1/uploads", headers=headers).uploader(
        file_stream=BytesIO(content), chunk_size=700, metadata={"manifest": manifest.decode(), "mode": "append"}
    )
    uploader.upload()
    client = case.client("harbor-uploader")
    view = client.get("/v1/uploads").json()["items"][0]
    for _ in range(600):
        if view["state"] in {"committed", "refused"}:
            break
        time.sleep(0.05)
        view = client.get(f"/v1/uploads/{view['upload_id']}").json()
    assert view["state"] == "committed"
    assert read_receipt(view["receipt"], case.room.verify_key).receipt.counts.inserted == 15


def test_a_torn_upload_goes_on_where_it_stands_also_after_a_restart(case: Case) -> None:
    """Half, close the room, open it, the rest: the same bytes are committed."""
    manifest, content = packaged(sales(12, 3), case.keys["harbor"])
    client = case.client("harbor-uploader")
    place = open_upload(client, manifest, len(content))
    half = len(content) // 2
    assert patch(client, place, 0, content[:half]).headers["Upload-Offset"] == str(half)
    again = case.reopened().client("harbor-uploader")
    head = again.head(place)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (str(half), str(len(content)))
    assert patch(again, place, half, content[half:]).status_code == 204
    work_off(case.room)
    assert again.get(place).json()["state"] == "committed"


def test_a_wrong_offset_changes_nothing(case: Case) -> None:
    """409, and the upload stands where it stood."""
    manifest, content = packaged(sales(12, 3), case.keys["harbor"])
    client = case.client("harbor-uploader")
    place = open_upload(client, manifest, len(content))
    patch(client, place, 0, content[:100])
    for offset in (0, 99, 101, 10**9):
        refused = patch(client, place, offset, content[100:])
        assert (refused.status_code, refused.json()["code"]) == (409, "CR-A018")
    assert client.head(place).headers["Upload-Offset"] == "100"


def test_more_bytes_than_announced_are_refused(case: Case) -> None:
    """413, nothing of the request is kept, the upload can still be finished."""
    manifest, content = packaged(sales(12, 3), case.keys["harbor"])
    client = case.client("harbor-uploader")
    place = open_upload(client, manifest, len(content))
    refused = patch(client, place, 0, content + b"x")
    assert (refused.status_code, refused.json()["code"]) == (413, "CR-A007")
    assert client.head(place).headers["Upload-Offset"] == "0"
    assert patch(client, place, 0, content).status_code == 204


def test_a_package_pushed_twice_commits_once(case: Case) -> None:
    """The second receipt says so; the dataset has one snapshot."""
    first, second = case.push(sales(12, 3)), case.push(sales(12, 3))
    receipts = [read_receipt(view["receipt"], case.room.verify_key).receipt for view in (first, second)]
    assert [(r.counts.inserted, r.resent) for r in receipts] == [(15, False), (0, True)]
    assert len(case.client("harbor-uploader").get("/v1/datasets/sales/snapshots").json()) == 1


def test_the_same_package_raced_by_two_connections_commits_once(case: Case, served: str) -> None:
    """Two clients at once: one of them inserts, the other finds it done."""
    manifest, content = packaged(sales(12, 3), case.keys["harbor"])
    headers = {"Authorization": f"Bearer {case.tokens['harbor-uploader']}"}

    def push() -> None:
        tus.TusClient(f"{served}/v1/uploads", headers=headers).uploader(
            file_stream=BytesIO(content), chunk_size=500, metadata={"manifest": manifest.decode()}
        ).upload()

    threads = [threading.Thread(target=push) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_off(case.room)
    client = case.client("harbor-uploader")
    for _ in range(600):
        views = client.get("/v1/uploads").json()["items"]
        if all(view["state"] == "committed" for view in views):
            break
        time.sleep(0.05)
    counts = [read_receipt(view["receipt"], case.room.verify_key).receipt.counts.inserted for view in views]
    assert sorted(counts) == [0, 15]


def test_altered_bytes_are_refused_and_nothing_is_stored(case: Case) -> None:
    """The digest in the signed manifest does not fit."""
    manifest, content = packaged(sales(12, 3), case.keys["harbor"])
    client = case.client("harbor-uploader")
    place = open_upload(client, manifest, len(content))
    patch(client, place, 0, content[:-1] + bytes([content[-1] ^ 1]))
    work_off(case.room)
    view = client.get(place).json()
    assert (view["state"], view["refusal"]) == ("refused", "CR-K022")
    assert client.get("/v1/datasets").json() == []
    assert list((case.room.incoming / "harbor").iterdir()) == []


def test_manifests_that_do_not_hold_are_refused_before_a_byte_is_taken(case: Case) -> None:
    """Another member's key, another member's name, another length, no manifest at all."""
    client = case.client("harbor-uploader")
    headers = {"Tus-Resumable": "1.0.0"}
    ours, content = packaged(sales(1, 0), case.keys["harbor"])
    forged, _ = packaged(sales(1, 0), case.keys["quayside"])
    theirs, _ = packaged(sales(1, 0), case.keys["quayside"], member="quayside")
    cases = [(forged, 0, "CR-K011"), (theirs, 0, "CR-A040"), (ours, 1, "CR-A048"), (b"{}", 0, "CR-K020")]
    for manifest, more, code in cases:
        size = {"Upload-Length": str(len(content) + more)}
        made = client.post("/v1/uploads", json={"manifest": manifest.decode()}, headers=headers | size)
        assert made.json()["code"] == code
    assert client.get("/v1/uploads").json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": "10"}, 412, "CR-A013"),
        ({"Tus-Resumable": "0.2.2", "Upload-Length": "10"}, 412, "CR-A013"),
        ({"Tus-Resumable": "1.0.0"}, 400, "CR-A009"),
        ({"Tus-Resumable": "1.0.0", "Upload-Length": "-5"}, 400, "CR-A009"),
        ({"Tus-Resumable": "1.0.0", "Upload-Length": "0"}, 400, "CR-A019"),
        ({"Tus-Resumable": "1.0.0", "Upload-Length": "99999999999999"}, 400, "CR-A019"),
    ],
)
def test_requests_that_are_not_tus_are_refused(case: Case, headers: dict[str, str], status: int, code: str) -> None:
    """Version and length are checked first."""
    made = case.client("harbor-uploader").post("/v1/uploads", json={"manifest": "{}"}, headers=headers)
    assert (made.status_code, made.json()["code"]) == (status, code)


def test_another_member_s_upload_looks_like_none(case: Case) -> None:
    """INVARIANT I17: every method, the same 404."""
    manifest, content = packaged(sales(1, 0), case.keys["harbor"])
    place = open_upload(case.client("harbor-uploader"), manifest, len(content))
    other = case.client("quayside-uploader")
    missing = other.get("/v1/uploads/00000000000000000000000000000000").json()
    assert other.get(place).json() == missing
    assert other.head(place).status_code == 404
    assert patch(other, place, 0, content).json() == missing
    assert other.delete(place, headers={"Tus-Resumable": "1.0.0"}).json() == missing


def test_an_upload_whose_rest_never_comes_expires_with_its_bytes(case: Case) -> None:
    """After two days it is gone from disk, and says so."""
    manifest, content = packaged(sales(12, 3), case.keys["harbor"])
    client = case.client("harbor-uploader")
    place = open_upload(client, manifest, len(content))
    patch(client, place, 0, content[:100])
    case.clock.at += timedelta(hours=49)
    late = patch(client, place, 100, content[100:])
    assert (late.status_code, late.json()["code"]) == (410, "CR-A020")
    assert expire_uploads(case.room) == 1
    assert list((case.room.incoming / "harbor").iterdir()) == []


def test_bytes_on_their_way_are_unreadable_on_disk(case: Case) -> None:
    """INVARIANT I4: a half upload's file holds none of its values."""
    manifest, content = packaged([sale(n, region=CANARY_SERIAL) for n in range(30)], case.keys["harbor"])
    assert CANARY_SERIAL.encode() in content
    client = case.client("harbor-uploader")
    place = open_upload(client, manifest, len(content))
    patch(client, place, 0, content[:-10])
    files = [file for file in case.folder.rglob("*") if file.is_file()]
    assert any(file.suffix == ".rows" for file in files)
    assert not any(CANARY_SERIAL.encode() in file.read_bytes() for file in files)


def test_quarantined_rows_are_listed_for_the_uploader_alone(case: Case) -> None:
    """Row numbers and reasons; the steward sees the report, another member nothing."""
    rows = [*sales(12, 0), sale(50, region="north", quantity=None, sale_date=None)]
    view = case.push(rows)
    place = f"/v1/uploads/{view['upload_id']}"
    if view["state"] == "committed":
        listed = case.client("harbor-uploader").get(f"{place}/quarantine")
        assert (listed.status_code, listed.text.splitlines()[0]) == (200, "row,reason")
    report = case.client("harbor-steward").get(f"{place}/quality")
    assert report.status_code == 200
    assert case.client("harbor-steward").get(f"{place}/quarantine").json()["code"] == "CR-A003"
    assert case.client("quayside-uploader").get(f"{place}/quality").status_code == 404
