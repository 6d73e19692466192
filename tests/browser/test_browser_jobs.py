"""Each role's main job in a real browser."""

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
import small_room
from api_case import packaged
from browser_place import Place, Visit
from playwright.sync_api import Page, Route, expect
from pypdf import PdfReader

from api.usecases.templates import approve_template, get_template
from cleanroom.approvals import ApprovedText

_RELEASED = re.compile("released")


def _fill(page: Page) -> None:
    for name, value in small_room.PARAMETERS.items():
        page.fill(f"#p-{name}", value)


def test_somebody_signs_in_and_out(visit: Visit) -> None:
    """With a name and a password; a wrong one is said."""
    page = visit(None)
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.fill("#user", "solstice-analyst")
    page.fill("#password", "not this one")
    page.click("main button")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    page.fill("#password", small_room.PASSWORD)
    page.click("main button")
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    page.click("text=Sign out")
    expect(page).to_have_url(re.compile("/sign-in$"))


def test_an_analyst_checks_runs_and_reads(visit: Visit) -> None:
    """Check first changes only a piece of the page; a run is followed live to its report."""
    page = visit("solstice-analyst")
    page.goto("/queries")
    page.click("text=Units sold, units with a claim, and claims, by model")
    _fill(page)
    page.click("text=Check first")
    expect(page.locator("#decision")).to_contain_text("Allowed.")
    assert page.url.endswith("/queries/claims-by-model/1")
    page.click("button:text-is('Run')")
    page.click("text=Open the report")
    expect(page.locator("table")).to_contain_text("SX-200")
    expect(page.locator("table .mark")).to_have_count(2)
    assert page.evaluate("document.querySelector('figure img').decode().then(() => true)")


def test_a_refusal_leads_to_its_fix(visit: Visit) -> None:
    """A day is refused, the month is offered, taken, allowed and run."""
    page = visit("solstice-analyst")
    page.goto("/ask")
    page.fill("#sql", "SELECT sale_date, COUNT(sale_id) AS sold FROM sales GROUP BY sale_date")
    page.fill("#purpose", "warranty")
    page.click("text=Check first")
    expect(page.locator("#decision")).to_contain_text("Refused.")
    while page.locator("text=Use this and check again").count():
        page.locator("text=Use this and check again").first.click()
        expect(page.locator("#decision .notice")).to_be_visible()
    expect(page.locator("#decision")).to_contain_text("Allowed.")
    page.click("button:text-is('Run')")
    expect(page.locator("#live .badge")).to_have_text(re.compile("released|refused"))
    expect(page.locator("#live .badge")).to_have_text(_RELEASED)


READERS: dict[str, Callable[[bytes], bool]] = {
    "JSON": lambda b: json.loads(b)["rows"][0]["model"] == "DX-10",
    "CSV": lambda b: b.decode().splitlines()[1] == "DX-10,80,40",
    "PARQUET": lambda b: pq.read_table(BytesIO(b)).num_rows == 3,
    "ARROW": lambda b: pyarrow.ipc.open_stream(b).read_all().num_rows == 3,
    "XLSX": lambda b: openpyxl.load_workbook(BytesIO(b))["Answer"]["A2"].value == "DX-10",
    "HTML": lambda b: b"SX-200" in b,
    "PDF": lambda b: "SX-200" in PdfReader(BytesIO(b)).pages[0].extract_text(),
    "CSV for spreadsheets": lambda b: b.startswith(b"\xef\xbb\xbf"),
    "CSV with decimal commas": lambda b: b"DX-10;80;40" in b,
}


def test_a_report_is_downloaded_in_every_format(visit: Visit) -> None:
    """Each file the page offers is opened and read back."""
    page = visit("solstice-analyst")
    page.goto("/reports")
    page.get_by_role("link", name="Units sold and registered, by model").last.click()  # the room's own, the oldest
    offered = page.locator(".downloads a").all_inner_texts()
    assert sorted(offered) == sorted(READERS)
    for name in offered:
        with page.expect_download() as started:
            page.get_by_role("link", name=name, exact=True).click()
        assert READERS[name](Path(started.value.path()).read_bytes()), name


def test_an_insight_is_asked_and_read(visit: Visit) -> None:
    """From its form to the headline, chart and PDF."""
    page = visit("solstice-analyst")
    page.goto("/insights")
    page.click("text=Registration coverage")
    _fill(page)
    page.click("button:text-is('Run')")
    expect(page.locator(".headline")).to_contain_text("of units sold are registered")
    assert re.search(r"/insights/registration-coverage/of/[0-9a-f.]+$", page.url)
    assert page.evaluate("document.querySelector('figure img').decode().then(() => true)")
    with page.expect_download() as started:
        page.get_by_role("link", name="PDF", exact=True).click()
    text = PdfReader(started.value.path()).pages[0].extract_text()
    assert "Registration coverage" in text


def test_an_upload_goes_on_after_a_reload(visit: Visit, place: Place, tmp_path: Path) -> None:
    """The page is reloaded half way; with the same files chosen again only the rest is sent, and a receipt comes."""
    manifest, content = packaged(small_room.sales_rows(20_000, 9_000), place.case.keys["harbor"])
    (tmp_path / "manifest.json").write_bytes(manifest)
    (tmp_path / "rows.parquet").write_bytes(content)
    page = visit("harbor-uploader")
    offsets: list[int] = []

    def one_piece_only(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
        elif not offsets:
            offsets.append(int(route.request.headers["upload-offset"]))
            route.continue_()
        # The second piece hangs until the page is reloaded.

    page.goto("/data/upload")
    page.route("**/v1/uploads/*", one_piece_only)
    _choose(page, tmp_path)
    page.click("button:text-is('Upload')")
    expect(page.locator("#message")).to_have_text(re.compile(r"^[1-9]\d? % sent$"))
    page.reload()
    page.unroute_all(behavior="ignoreErrors")
    expect(page.locator("main")).to_contain_text("Not finished")
    page.on("request", lambda r: offsets.append(int(r.headers["upload-offset"])) if r.method == "PATCH" else None)
    _choose(page, tmp_path)
    page.click("button:text-is('Upload')")
    expect(page).to_have_url(re.compile(r"/data/uploads/[0-9a-f]+$"))
    expect(page.locator("#live .badge").first).to_have_text("committed")
    expect(page.locator("#live")).to_contain_text("Inserted9,000")
    assert offsets[0] == 0
    assert offsets[1] >= 256 * 1024
    assert len(content) > offsets[1]


def _choose(page: Page, folder: Path) -> None:
    page.set_input_files("#manifest", folder / "manifest.json")
    page.set_input_files("#rows", folder / "rows.parquet")


def test_files_that_do_not_belong_together_are_not_sent(visit: Visit, place: Place, tmp_path: Path) -> None:
    """Said before anything leaves; what the room refuses is said in its words."""
    manifest, content = packaged(small_room.sales_rows(40_000, 30), place.case.keys["quayside"], member="quayside")
    (tmp_path / "manifest.json").write_bytes(manifest)
    (tmp_path / "rows.parquet").write_bytes(content + b"x")
    page = visit("harbor-uploader")
    page.goto("/data/upload")
    _choose(page, tmp_path)
    page.click("button:text-is('Upload')")
    expect(page.locator("#message")).to_have_text("these two files do not belong together")
    (tmp_path / "rows.parquet").write_bytes(content)
    _choose(page, tmp_path)
    page.click("button:text-is('Upload')")
    expect(page.locator("#message")).to_contain_text("CR-A040")


def test_a_steward_reads_signs_elsewhere_and_withdraws(visit: Visit, place: Place) -> None:
    """Home names what waits; the page shows digest and command; the key never comes near the browser."""
    page = visit("harbor-steward")
    page.goto("/")
    page.click("text=Units sold by month")
    view = get_template(place.case.room, place.case.who("harbor-steward"), "units-by-month@1")
    expect(page.locator("main")).to_contain_text("cleanroom query approve units-by-month@1")
    expect(page.locator("main")).to_contain_text(view.digest)
    signature = place.case.signature("harbor", ApprovedText.TEMPLATE, view.digest)
    approve_template(place.case.room, place.case.who("harbor-steward"), view.template_id, signature)
    page.reload()
    expect(page.locator("main")).not_to_contain_text("It waits for your approval")
    page.click("button:text-is('Withdraw')")
    expect(page.locator("main")).to_contain_text("It waits for your approval")


def test_a_steward_sees_what_a_policy_would_show(visit: Visit) -> None:
    """Before anything is submitted."""
    page = visit("harbor-steward")
    page.goto("/privacy/new")
    page.fill("#text", small_room.policy_text("harbor", "sales", "solstice").replace("version: 1", "version: 7"))
    page.click("button:text-is('What could they see?')")
    expect(page.get_by_role("heading", name="What could they see?")).to_be_visible()
    expect(page.locator("main")).to_contain_text("at least 12 distinct")


def test_an_auditor_verifies_and_takes_a_checkpoint(visit: Visit) -> None:
    """The checkpoint taken now is part of the log verified later."""
    page = visit("solstice-auditor")
    page.goto("/log")
    with page.expect_download() as started:
        page.click("text=Take a checkpoint")
    page.fill("#checkpoint", Path(started.value.path()).read_text("utf-8"))
    page.click("button:text-is('Verify')")
    expect(page.get_by_role("status")).to_contain_text("Your checkpoint is part of it.")


def test_a_retailer_has_its_own_view(visit: Visit) -> None:
    """INVARIANT I17: of the maker's reports over both retailers' sales nothing is there for one of them."""
    maker, retailer = visit("solstice-analyst"), visit("quayside-analyst")
    maker.goto("/reports")
    maker.click("text=Units sold, units with a claim, and claims, by model")
    answer = retailer.goto(maker.url)
    assert answer is not None
    assert answer.status == 404
    retailer.goto("/data")
    expect(retailer.locator("main")).not_to_contain_text("harbor")


@pytest.mark.parametrize("user", ["solstice-operator"])
def test_an_operator_finds_the_room_and_no_answers(visit: Visit, user: str) -> None:
    """The log yes, reports no."""
    page = visit(user)
    page.goto("/")
    expect(page.get_by_role("navigation")).to_contain_text("Log")
    expect(page.get_by_role("navigation")).not_to_contain_text("Reports")


def test_all_of_it_works_without_scripts(visit: Visit) -> None:
    """Form, check, run and report are plain pages; a waiting page loads itself again."""
    page = visit("solstice-analyst", scripts=False)
    page.goto("/queries/registrations-by-model/1")
    _fill(page)
    page.click("text=Check first")
    expect(page.locator("#decision")).to_contain_text("Allowed.")
    page.click("button:text-is('Run')")
    page.click("text=Open the report")
    expect(page.locator("table")).to_contain_text("KX-7")


def test_the_keyboard_reaches_the_content(visit: Visit) -> None:
    """The first stop is the skip link, and focus is seen."""
    page = visit("solstice-analyst")
    page.goto("/reports")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
