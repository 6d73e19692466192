"""What uploaders, stewards and auditors do: data and receipts, approvals, policies, the log, help."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import small_room
from api_case import Case
from fastapi.testclient import TestClient

from api.pages import articles
from api.usecases.templates import approve_template, get_template
from api.usecases.uploads import list_uploads
from cleanroom.approvals import ApprovedText
from cleanroom.errors import NotFound

Browse = Callable[[Case, str], TestClient]


def test_an_upload_shows_its_receipt_and_what_was_found(own: Case, browse: Browse) -> None:
    """Counts of the receipt, findings in words, the quarantined rows for the uploader alone."""
    rows = [
        *small_room.sales_rows(7000, 30),
        *({**r, "quantity": -5, "sale_id": ""} for r in small_room.sales_rows(8000, 2)),
    ]
    upload = small_room.upload(own, "harbor", small_room.SALES, rows)
    client = browse(own, "harbor-uploader")
    page = client.get(f"/data/uploads/{upload}").text
    assert "<dt>Inserted</dt><dd>30</dd>" in page
    assert "<dt>Quarantined</dt><dd>2</dd>" in page
    lines = client.get(f"/data/uploads/{upload}/quarantine.csv").text.splitlines()
    assert len(lines) >= 3
    receipt = client.get(f"/data/uploads/{upload}/receipt.json").json()
    assert set(receipt) == {"receipt", "signature"}
    assert browse(own, "quayside-uploader").get(f"/data/uploads/{upload}").status_code == 404
    steward = browse(own, "harbor-steward")
    assert steward.get(f"/data/uploads/{upload}").status_code == 200
    assert steward.get(f"/data/uploads/{upload}/quarantine.csv").status_code == 403


def test_the_upload_form_knows_what_is_not_finished(own: Case, browse: Browse) -> None:
    """By the digest the manifest names, so that the same files go on where they stand."""
    from api_case import packaged

    from api.usecases.uploads import open_upload

    manifest, content = packaged(small_room.sales_rows(7000, 30), own.keys["harbor"])
    view = open_upload(own.room, own.who("harbor-uploader"), manifest=manifest, size=len(content))
    digest = json.loads(manifest)["manifest"]["rows"]["sha256"]
    client = browse(own, "harbor-uploader")
    assert f'data-begun="{view.upload_id}=sha256:{digest} "' in client.get("/data/upload").text
    assert f"/data/uploads/{view.upload_id}" in client.get("/").text
    assert browse(own, "harbor-analyst").get("/data/upload").status_code == 403


def test_datasets_are_ones_own_and_those_one_may_ask_about(shared: Case, browse: Browse) -> None:
    """INVARIANT I17: quayside is not told that harbor has sales."""
    page = browse(shared, "quayside-steward").get("/data").text
    assert ("harbor" in page, "<td>solstice</td>" in page) == (False, True)


def test_a_steward_is_told_what_to_sign_and_how(own: Case, browse: Browse) -> None:
    """Home leads to the text, the columns in words, the digest and the command; a signature ends the waiting."""
    client = browse(own, "harbor-steward")
    assert "query units-by-month@1 waits for your approval" in client.get("/").text
    place = "/queries/units-by-month/1"
    page = client.get(place).text
    view = get_template(own.room, own.who("harbor-steward"), "units-by-month@1")
    assert "cleanroom query approve units-by-month@1" in page
    assert view.digest in page
    assert "Business day of the sale" in page
    signature = own.signature("harbor", ApprovedText.TEMPLATE, view.digest)
    approve_template(own.room, own.who("harbor-steward"), view.template_id, signature)
    assert "It waits for your approval" not in client.get(place).text
    withdrawn = client.post(f"{place}/withdraw").text
    assert "It waits for your approval" in withdrawn


def test_a_policy_is_read_checked_compared_and_submitted(own: Case, browse: Browse) -> None:
    """What could they see, what is odd, what the new version loosens; then it waits for the signature."""
    client = browse(own, "harbor-steward")
    page = client.get("/privacy/harbor/sales/1").text
    assert "What could they see?" in page
    assert "at least 12 distinct" in page
    text = small_room.policy_text("harbor", "sales", "solstice, harbor, quayside").replace("version: 1", "version: 2")
    checked = client.post("/privacy/new/check", data={"text": text})
    assert "What could they see?" in checked.text
    made = client.post("/privacy/new", data={"text": text})
    assert "What it changes against version 1" in made.text
    assert '<span class="badge bad">loosens</span>' in made.text
    assert "cleanroom policy approve harbor/sales@2" in made.text or "cleanroom policy approve" in made.text
    assert "Policy for sales" in client.get("/").text
    broken = client.post("/privacy/new", data={"text": text.replace("minimum_units: 12", "minimum_units: 2")})
    assert "Not accepted." in broken.text
    assert "version 2" not in browse(own, "quayside-steward").get("/privacy").text


def test_a_policy_of_others_has_no_history(shared: Case, browse: Browse) -> None:
    """Who may ask sees the active text; who may not sees none."""
    assert browse(shared, "solstice-analyst").get("/privacy/harbor/sales/1").status_code == 200
    assert browse(shared, "quayside-steward").get("/privacy/harbor/sales/1").status_code == 404


def test_a_new_query_is_submitted_or_told_all_that_is_wrong(own: Case, browse: Browse) -> None:
    """The library's text is accepted with another name; broken text stays in the box."""
    client = browse(own, "harbor-analyst")
    text = small_room.library("units-by-month").replace("units-by-month", "my-units")
    assert "my-units@1" in client.post("/queries/new", data={"text": text}).text
    wrong = client.post("/queries/new", data={"text": "SELECT <b> FROM nowhere"})
    assert ("Not accepted." in wrong.text, "SELECT &lt;b&gt; FROM nowhere" in wrong.text) == (True, True)


def test_the_log_is_verified_and_a_checkpoint_taken(own: Case, browse: Browse) -> None:
    """It holds with its own checkpoint, and not with one whose head was changed."""
    client = browse(own, "harbor-auditor")
    point = client.get("/log/checkpoint.json").text
    assert "Your checkpoint is part of it." in client.post("/log/verify", data={"checkpoint": point}).text
    forged = json.dumps({**json.loads(point), "head": "sha256:" + "0" * 64})
    refused = client.post("/log/verify", data={"checkpoint": forged}).text
    assert re.search(r"CR-(K011|L014|L009)", refused)
    assert client.get("/log/1").status_code == 200
    assert "has no such entry" in client.get("/log/99999999").text
    assert "?before=" in client.get("/log").text


def test_help_is_the_documentation(shared: Case, browse: Browse) -> None:
    """Rules and error codes are there; what is not, is not."""
    client = browse(shared, "harbor-analyst")
    assert "CR-A003" in client.get("/help/errors").text
    assert client.get("/help/rules/grain").status_code == 200
    for address in ("/help/rules/none", "/help/rules/..%2f..%2fREADME", "/help/guide/README", "/help/x/grain"):
        assert client.get(address).status_code == 404


def test_markup_in_a_document_is_shown_as_text() -> None:
    """Attack: HTML, handlers, styles or foreign addresses in Markdown."""
    made = str(articles._html("<script>x</script>\n\n[a](javascript:x) [b](https://evil.example)\n\n|a|\n|:-:|\n|b|\n"))
    assert ("<script" in made, "javascript:" in made.replace("[a](javascript:x)", ""), "evil.example" in made) == (
        False,
        False,
        False,
    )
    assert "style=" not in made
    with pytest.raises(NotFound, match="no such address"):
        articles.article("guide", "..")


def test_a_title_cannot_carry_markup(own: Case, browse: Browse) -> None:
    """Attack: a template's author writes a script into what stewards read."""
    text = small_room.library("units-by-month").replace("units-by-month", "hostile")
    text = text.replace("title: Units sold by month", 'title: "<script>alert(1)</script>"')
    browse(own, "solstice-analyst").post("/queries/new", data={"text": text})
    page = browse(own, "harbor-steward").get("/queries/hostile/1").text
    assert ("<script>alert" in page, "&lt;script&gt;alert(1)" in page) == (False, True)


def test_uploads_of_the_member_are_listed_for_it_alone(shared: Case, browse: Browse) -> None:
    """Each upload's page is linked once."""
    who = shared.who("harbor-uploader")
    page = browse(shared, "harbor-uploader").get("/data/uploads").text
    ids = [view.upload_id for view in list_uploads(shared.room, who)]
    assert [identity in page for identity in ids] == [True] * len(ids)
    assert replace(list_uploads(shared.room, who)[0], offset=0).size > 0
