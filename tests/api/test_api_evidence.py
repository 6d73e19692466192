"""Great Expectations' second opinion comes after the receipt, into the report, and never holds a push up."""

import pytest
from api_case import Case, open_upload, packaged, patch, sale

from api.evidence_desk import EvidenceDesk
from api.usecases.ingest import ingest_upload
from cleanroom.names import UploadId

pytest.importorskip("great_expectations")


def _report(case: Case, upload: str) -> dict[str, object]:
    found = case.client("harbor-uploader").get(f"/v1/uploads/{upload}/quality").json()["evidence"]
    assert isinstance(found, dict)
    return found


def test_the_opinion_is_pending_with_the_receipt_and_in_the_report_later(case: Case) -> None:
    """Two uploads, one process; it agrees with the gate, also about a row that breaks a rule."""
    desk = EvidenceDesk(case.room, quiet_seconds=0.01)
    uploads = []
    for rows in ([sale(n) for n in range(20)], [sale(n, quantity=10**9 if n == 31 else 1) for n in range(30, 60)]):
        manifest, content = packaged(rows, case.keys["harbor"])
        client = case.client("harbor-uploader")
        place = open_upload(client, manifest, len(content))
        patch(client, place, 0, content)
        uploads.append(place.rsplit("/", 1)[1])
    held = EvidenceDesk(case.room, quiet_seconds=3600)
    assert ingest_upload(case.room, UploadId(uploads[0]), held) is not None
    held.close()
    pending = _report(case, uploads[0])
    assert (pending["state"], pending["checked_rows"]) == ("pending", 20)
    assert ingest_upload(case.room, UploadId(uploads[1]), desk) is not None
    desk.drain()
    desk.close()
    evidence = _report(case, uploads[1])
    assert (evidence["state"], evidence["checked_rows"], evidence["disagreements"]) == ("agreed", 30, [])
