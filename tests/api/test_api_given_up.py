"""An upload whose job fails for good ends, and its uploader can read why: nobody waits for ever."""

import json
import shutil
from datetime import timedelta

from api_case import Case, open_upload, packaged, patch, sales

from api.worker import work_off


def _sent(case: Case) -> str:
    manifest, content = packaged(sales(12, 0), case.keys["harbor"])
    client = case.client("harbor-uploader")
    place = open_upload(client, manifest, len(content))
    assert patch(client, place, 0, content).status_code == 204
    return place


def _ended(case: Case, place: str) -> tuple[object, object, list[tuple[str, str]]]:
    client = case.client("harbor-uploader")
    view = client.get(place).json()
    report = client.get(f"{place}/quality").json()
    return view["state"], view["refusal"], [(f["code"], f["severity"]) for f in report["findings"]]


def test_a_disk_that_stays_full_ends_the_upload_after_five_attempts(case: Case) -> None:
    """Four times the job comes back; the fifth failure is its end, with the code and the reason as a report."""
    root = case.room.folder / "vaults" / "harbor"
    root.mkdir(parents=True)
    (root / "data").write_text("in the way")
    place = _sent(case)
    for _ in range(4):
        work_off(case.room)
        assert case.client("harbor-uploader").get(place).json()["state"] == "received"
        case.clock.at += timedelta(seconds=11)
    work_off(case.room)
    assert _ended(case, place) == ("refused", "CR-V005", [("CR-V005", "fatal")])
    assert list((case.room.incoming / "harbor").iterdir()) == []
    (root / "data").unlink()
    assert case.push(sales(12, 0))["state"] == "committed"


def test_a_vault_that_does_not_open_ends_the_upload_at_once(case: Case) -> None:
    """Trying again would not help: the refusal is there after the first attempt."""
    assert case.push(sales(3, 0))["state"] == "committed"
    catalogue = case.room.folder / "vaults" / "harbor" / "catalogue.ducklake"
    shutil.copyfile(catalogue, case.folder / "kept")
    catalogue.write_bytes(b"\0" * 100_000)
    place = _sent(case)
    work_off(case.room)
    assert _ended(case, place) == ("refused", "CR-V002", [("CR-V002", "fatal")])
    shutil.copyfile(case.folder / "kept", catalogue)
    view = case.push(sales(12, 0))
    assert json.loads(str(view["receipt"]))["receipt"]["counts"]["inserted"] == 9
