"""Quality over the last files: what the uploader's member sees, and that nobody else does."""

import json
from datetime import date

from api_case import Case, open_upload, packaged, patch, sale

from api.usecases.quality import quality_trend, trend_until
from api.worker import work_off
from cleanroom.client.manifest import IdentifierEntry, Manifest, sign_manifest
from cleanroom.crypto import MemberKeys

SERIALS = IdentifierEntry(
    column="serial", profile="serial.plain@1", rows=30, missing=3, malformed=0, measured=27, repeated=0, guessable=27
)


def _rows(start: int, *, broken: int = 0, count: int = 30) -> list[dict[str, object]]:
    """Sales of one day each; the first ``broken`` went through a channel that no contract knows."""
    day = date(2026, 1, 1 + start // 100)
    return [sale(start + n, sale_date=day, channel="boat" if n < broken else "store") for n in range(count)]


def _push(case: Case, rows: list[dict[str, object]], *identifiers: IdentifierEntry) -> str:
    manifest, content = packaged(rows, case.keys["harbor"])
    client = case.client("harbor-uploader")
    place = open_upload(client, _with(manifest, identifiers, case.keys["harbor"]), len(content))
    assert patch(client, place, 0, content).status_code == 204
    work_off(case.room)
    return place.rsplit("/", 1)[1]


def _with(manifest: bytes, identifiers: tuple[IdentifierEntry, ...], keys: MemberKeys) -> bytes:
    plain = json.loads(manifest)["manifest"]
    del plain["identifiers"]
    return sign_manifest(Manifest(**plain, identifiers=identifiers), keys.signing).to_bytes()


def test_the_trend_tells_volume_quarantine_days_and_each_rule(case: Case) -> None:
    """Three files, oldest first; a rule that a file kept counts 0 there; a refused file is told as such."""
    uploads = [_push(case, _rows(0)), _push(case, _rows(100, broken=3), SERIALS), _push(case, _rows(200, broken=20))]
    found = case.client("harbor-uploader").get("/v1/datasets/sales/quality").json()
    assert [
        (f["upload_id"], f["state"], f["rows"], f["quarantined"], f["quarantined_share"], f["first_day"])
        for f in found["files"]
    ] == [
        (uploads[0], "committed", 30, 0, 0, "2026-01-01"),
        (uploads[1], "committed", 30, 3, 100, "2026-01-02"),
        (uploads[2], "refused", 30, 20, 667, None),
    ]
    assert [(r["rule"], r["column"], r["rows"], r["shares"]) for r in found["rules"]] == [
        ("allowed:channel", "channel", [0, 3, 20], [0, 100, 667])
    ]
    assert [f["identifiers"] for f in found["files"]] == [[], [SERIALS.model_dump()], []]
    report = case.client("harbor-uploader").get(f"/v1/uploads/{uploads[1]}/quality").json()
    assert [f["code"] for f in report["findings"]] == ["CR-V026", "CR-V050"]


def test_only_the_last_files_are_told(case: Case) -> None:
    """Two of three; a page of an upload ends with it, whatever came after."""
    uploads = [_push(case, _rows(start, count=2)) for start in (0, 100, 200)]
    who = case.who("harbor-steward")
    assert [file.upload_id for file in quality_trend(case.room, who, "sales", limit=2).files] == uploads[1:]
    assert [file.upload_id for file in trend_until(case.room, who, uploads[1]).files] == uploads[:2]


def test_nobody_else_learns_that_there_is_a_file(case: Case) -> None:
    """INVARIANT I18: to another member and to an operator harbor's dataset is one that does not exist."""
    upload = _push(case, _rows(0, broken=3), SERIALS)
    for reader in ("quayside-uploader", "solstice-steward"):
        client = case.client(reader)
        assert client.get("/v1/datasets/sales/quality").json() == {"dataset": "sales", "files": [], "rules": []}
        assert client.get("/v1/datasets/nothing/quality").json() == {"dataset": "nothing", "files": [], "rules": []}
        theirs, none = (client.get(f"/v1/uploads/{name}/quality") for name in (upload, "01J0000000000000000000000"))
        assert theirs.status_code == none.status_code == 404
        assert {**theirs.json(), "instance": ""} == {**none.json(), "instance": ""}
    operator = case.client("harbor-operator")
    told, untold = (operator.get(f"/v1/datasets/{name}/quality") for name in ("sales", "nothing"))
    assert told.status_code == untold.status_code == 403
    assert {**told.json(), "instance": ""} == {**untold.json(), "instance": ""}


def test_counts_of_identifiers_that_do_not_add_up_are_no_manifest(case: Case) -> None:
    """More repeated than measured: refused before a byte is taken."""
    wrong = SERIALS.model_copy(update={"repeated": 28})
    manifest, content = packaged(_rows(0), case.keys["harbor"])
    answer = case.client("harbor-uploader").post(
        "/v1/uploads",
        json={"manifest": json.loads(_with(manifest, (wrong,), case.keys["harbor"]))},
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content))},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "CR-K020")
