"""An upload whose job cannot be done ends, or says what it waits for: nobody waits without knowing."""

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


def test_a_disk_that_stays_full_keeps_the_upload_waiting_and_says_so(case: Case) -> None:
    """However often it is tried, the file is no worse: it waits, says for what, and goes in by itself."""
    root = case.room.folder / "vaults" / "harbor"
    root.mkdir(parents=True)
    (root / "data").write_text("in the way")
    place = _sent(case)
    client = case.client("harbor-uploader")
    for _ in range(7):
        work_off(case.room)
        view = client.get(place).json()
        assert (view["state"], view["delayed"], client.get("/readyz").status_code) == ("received", "CR-V005", 503)
        case.clock.at += timedelta(seconds=11)
    (root / "data").unlink()
    work_off(case.room)
    view = client.get(place).json()
    assert (view["state"], view["delayed"], client.get("/readyz").status_code) == ("committed", None, 200)
    assert json.loads(str(view["receipt"]))["receipt"]["counts"]["inserted"] == 12


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
