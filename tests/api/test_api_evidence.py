"""Great Expectations' second opinion comes after the receipt, into the report, and never holds a push up."""

import pytest
from api_case import Case, open_upload, packaged, patch, sale

from api.evidence_desk import EvidenceDesk
from api.ingest_journal import RoomJournal
from api.usecases.ingest import ingest_upload
from cleanroom.names import UploadId

pytest.importorskip("great_expectations")


def _report(case: Case, upload: str) -> dict[str, object]:
    found = case.client("harbor-uploader").get(f"/v1/uploads/{upload}/quality").json()["evidence"]
    assert isinstance(found, dict)
    return found


def _arrived(case: Case, rows: list[dict[str, object]]) -> str:
    manifest, content = packaged(rows, case.keys["harbor"])
    client = case.client("harbor-uploader")
    place = open_upload(client, manifest, len(content))
    patch(client, place, 0, content)
    return place.rsplit("/", 1)[1]


def test_the_opinion_is_pending_with_the_receipt_and_in_the_report_later(case: Case) -> None:
    """Two uploads, one process; it agrees with the gate, also about a row that breaks a rule."""
    desk = EvidenceDesk(case.room, quiet_seconds=0.01)
    uploads = [
        _arrived(case, rows)
        for rows in ([sale(n) for n in range(20)], [sale(n, quantity=10**9 if n == 31 else 1) for n in range(30, 60)])
    ]
    held = EvidenceDesk(case.room, quiet_seconds=3600)
    assert ingest_upload(case.room, UploadId(uploads[0]), held) is not None
    pending = _report(case, uploads[0])
    assert (pending["state"], pending["checked_rows"]) == ("pending", 20)
    held.close()
    assert _report(case, uploads[0])["state"] == "interrupted"
    assert ingest_upload(case.room, UploadId(uploads[1]), desk) is not None
    desk.drain()
    desk.close()
    evidence = _report(case, uploads[1])
    assert (evidence["state"], evidence["checked_rows"], evidence["disagreements"]) == ("agreed", 30, [])


def test_a_question_that_a_killed_room_left_open_is_said_to_be_interrupted(case: Case) -> None:
    """The desk is never closed, as after kill -9: the next opening ends the question, once, and others stay as they are."""
    answered, left = (_arrived(case, [sale(n) for n in range(start, start + 20)]) for start in (0, 30))
    desk = EvidenceDesk(case.room, quiet_seconds=0.01)
    assert ingest_upload(case.room, UploadId(answered), desk) is not None
    desk.drain()
    desk.close()
    assert ingest_upload(case.room, UploadId(left), EvidenceDesk(case.room, quiet_seconds=3600)) is not None
    assert _report(case, left)["state"] == "pending"
    case.reopened()
    assert [_report(case, upload)["state"] for upload in (answered, left)] == ["agreed", "interrupted"]
    written = len(_evidenced(case))
    case.reopened()
    assert len(_evidenced(case)) == written == 2


def test_a_question_about_a_file_that_was_refused_is_forgotten(case: Case) -> None:
    """Noted before the refusal came; the next opening finds nothing to say and keeps nothing."""
    upload = _arrived(case, [sale(n) for n in range(20)])
    EvidenceDesk(case.room).note_open(UploadId(upload))
    RoomJournal(case.room).refuse(UploadId(upload), code="CR-V030", findings=None)
    case.reopened()
    with case.room.state.read() as tx:
        assert tx.jobs.open("evidence") == ()


def _evidenced(case: Case) -> list[str]:
    found = case.client("harbor-auditor").get("/v1/log", params={"limit": 200}).json()
    return [entry["kind"] for entry in found["items"] if entry["kind"] == "upload.evidenced"]
