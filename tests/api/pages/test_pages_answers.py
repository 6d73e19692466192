"""From a question to a report: forms, checks, runs, downloads; and who sees which."""

import re
from collections.abc import Callable
from io import BytesIO

import openpyxl
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from api_case import Case
from fastapi.testclient import TestClient
from pypdf import PdfReader
from small_room import PARAMETERS

from api.usecases.runs import list_releases
from api.worker import work_off

Browse = Callable[[Case, str], TestClient]
_FORM = {f"p-{name}": value for name, value in PARAMETERS.items()}
_PLACE = "/queries/claims-by-model/1"


def release_of(case: Case, template: str) -> str:
    """The newest release of a template."""
    found = list_releases(case.room, case.who("solstice-analyst"))
    return next(str(view.release_id) for view in found if (view.template_id or "").startswith(template))


def test_a_question_goes_from_form_to_report(own: Case, browse: Browse) -> None:
    """Check first, run, follow, read; no address carries a value."""
    client = browse(own, "solstice-analyst")
    form = client.get(_PLACE).text
    assert re.findall(r'<input id="(p-[a-z]+)" name="\1" type="([a-z]+)"', form) == [
        ("p-from", "date"),
        ("p-to", "date"),
    ]
    checked = client.post(f"{_PLACE}/check", data=_FORM)
    assert "<strong>Allowed.</strong>" in checked.text
    assert 'value="2025-01-01"' in checked.text, "what was filled in stays"
    started = client.post(f"{_PLACE}/run", data=_FORM, follow_redirects=False)
    address = started.headers["location"]
    assert re.fullmatch(r"/runs/[0-9a-f]+", address)
    assert 'hx-get="/runs/' in client.get(address).text
    work_off(own.room)
    report = re.search(r'href="(/reports/[0-9a-f]+)"', client.get(address).text)
    assert report is not None
    shown = client.get(report.group(1)).text
    assert "<td>SX-200</td>" in shown
    assert shown.count('class="withheld"') == 2
    assert "fewer units than the policy" in shown


def test_a_piece_of_a_page_is_only_that_piece(own: Case, browse: Browse) -> None:
    """What our script asks for has no frame around it."""
    client = browse(own, "solstice-analyst")
    part = client.post(f"{_PLACE}/check", data=_FORM, headers={"HX-Request": "true"}).text
    assert ("<html" in part, "Allowed." in part) == (False, True)


def test_who_lost_their_session_is_sent_to_sign_in_by_the_script_too(own: Case, browse: Browse) -> None:
    """A fragment never shows the sign-in page inside another."""
    client = browse(own, "solstice-analyst")
    client.cookies.clear()
    answer = client.get("/runs/x", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/sign-in?next=%2Fruns%2Fx")


def test_a_refusal_says_all_and_its_rewrite_works(own: Case, browse: Browse) -> None:
    """A day is finer than the policy's month: the page offers the month, and that is allowed."""
    client = browse(own, "solstice-analyst")
    sql = "SELECT sale_date, COUNT(sale_id) AS sold FROM sales GROUP BY sale_date"
    refused = client.post("/ask/check", data={"sql": sql, "purpose": "warranty", "lines": ""})
    assert "<strong>Refused.</strong>" in refused.text
    rewritten = re.search(r'name="sql" value="([^"]*)"', refused.text)
    assert rewritten is not None, "a legal rewrite exists"
    from html import unescape

    fixed = client.post("/ask/fix", data={"sql": unescape(rewritten.group(1)), "purpose": "warranty"})
    assert "date_trunc" in fixed.text


def test_a_refused_run_shows_the_same_reasons(own: Case, browse: Browse) -> None:
    """And the way back to the filled-in box, for the one who asked only."""
    client = browse(own, "solstice-analyst")
    sent = {"sql": "SELECT sku, COUNT(sale_id) AS n FROM sales GROUP BY sku", "purpose": "warranty", "lines": ""}
    address = client.post("/ask/run", data=sent, follow_redirects=False).headers["location"]
    work_off(own.room)
    page = client.get(address).text
    assert "Why it was refused" in page
    assert "SELECT sku" in client.get(f"{address}/again").text
    colleague = browse(own, "solstice-steward")
    assert colleague.get(address).status_code == 200
    assert colleague.get(f"{address}/again").status_code == 403


def test_parameters_of_an_ad_hoc_question_come_in_lines(own: Case, browse: Browse) -> None:
    """``name = value``; anything else is said."""
    client = browse(own, "solstice-analyst")
    sql = "SELECT region, COUNT(sale_id) AS n FROM sales WHERE model = :model GROUP BY region"
    allowed = client.post("/ask/check", data={"sql": sql, "purpose": "warranty", "lines": "model = DX-10\n\n"})
    assert "<strong>Allowed.</strong>" in allowed.text
    wrong = client.post("/ask/check", data={"sql": sql, "purpose": "warranty", "lines": "model DX-10"})
    assert (wrong.status_code, "DX-10" in wrong.text) == (400, False)


def test_a_submitted_run_can_be_cancelled(own: Case, browse: Browse) -> None:
    """Before a worker took it: at once."""
    client = browse(own, "solstice-analyst")
    address = client.post(f"{_PLACE}/run", data=_FORM, follow_redirects=False).headers["location"]
    page = client.post(f"{address}/cancel").text
    assert '<span class="badge quiet">cancelled</span>' in page


FILES = ("json", "csv", "excel.csv", "comma.csv", "parquet", "arrow", "xlsx", "html", "pdf", "svg", "png")


@pytest.mark.parametrize("name", FILES)
def test_each_download_opens_and_holds_the_answer(shared: Case, browse: Browse, name: str) -> None:
    """Every format is read back with a program of its kind."""
    client = browse(shared, "solstice-analyst")
    release = release_of(shared, "registrations-by-model")
    answer = client.get(f"/reports/{release}/file.{name}")
    assert answer.status_code == 200
    assert f'filename="{release}.{name}"' in answer.headers["content-disposition"]
    assert READERS[name](answer.content), name


def _rows(content: bytes) -> bool:
    return [tuple(row.values()) for row in pq.read_table(BytesIO(content)).to_pylist()] == _EXPECTED


_EXPECTED = [("DX-10", 80, 40), ("KX-7", 40, 20), ("SX-200", 80, 40)]
_LINES = ["model,units_sold,units_registered", "DX-10,80,40", "KX-7,40,20", "SX-200,80,40"]
READERS: dict[str, Callable[[bytes], bool]] = {
    "json": lambda b: b'"units_sold": 80' in b,
    "csv": lambda b: b.decode().splitlines() == _LINES,
    "excel.csv": lambda b: b.decode("utf-8-sig").splitlines() == _LINES and b.startswith(b"\xef\xbb\xbf"),
    "comma.csv": lambda b: b.decode("utf-8-sig").splitlines() == [line.replace(",", ";") for line in _LINES],
    "parquet": _rows,
    "arrow": lambda b: pyarrow.ipc.open_stream(b).read_all().num_rows == 3,
    "xlsx": lambda b: [c.value for c in openpyxl.load_workbook(BytesIO(b))["Answer"][2]] == ["DX-10", 80, 40],
    "html": lambda b: b"<td>SX-200</td>" in b and b"<script" not in b,
    "pdf": lambda b: "SX-200" in "".join(page.extract_text() for page in PdfReader(BytesIO(b)).pages),
    "svg": lambda b: b.startswith(b"<svg") and b"SX-200" in b and b"style=" not in b,
    "png": lambda b: b.startswith(b"\x89PNG"),
}


def test_a_pdf_says_where_it_comes_from(shared: Case, browse: Browse) -> None:
    """Run, plan, policies, snapshots, data date and what was withheld and why."""
    client = browse(shared, "solstice-analyst")
    release = release_of(shared, "claims-by-model")
    content = client.get(f"/reports/{release}/file.pdf").content
    text = " ".join("".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())
    for wanted in (release, "sha256:", "snapshot of harbor", "data up to", "fewer units than the policy", "withheld"):
        assert wanted in text, wanted


def test_nobody_else_opens_an_answer(shared: Case, browse: Browse) -> None:
    """INVARIANT I17: to the other retailer there is no such report, chart, file, run or insight."""
    release = release_of(shared, "claims-by-model")
    run = next(v for v in list_releases(shared.room, shared.who("solstice-analyst")) if v.release_id == release).run_id
    quayside, nothing = browse(shared, "quayside-analyst"), browse(shared, "quayside-analyst").get("/reports/none")
    for address in (f"/reports/{release}", f"/reports/{release}/chart-light.svg", f"/reports/{release}/file.csv"):
        answer = quayside.get(address)
        assert (answer.status_code, answer.text) == (404, nothing.text)
    assert quayside.get(f"/runs/{run}").status_code == 404
    assert release not in quayside.get("/reports").text
    assert quayside.get(f"/insights/claim-incidence/of/{release}").status_code == 404


def test_a_chart_is_drawn_light_and_dark(shared: Case, browse: Browse) -> None:
    """Both are pictures without code; another theme does not exist."""
    client = browse(shared, "solstice-analyst")
    place = f"/reports/{release_of(shared, 'claims-by-model')}/chart"
    light, dark = client.get(f"{place}-light.svg"), client.get(f"{place}-dark.svg")
    assert [a.headers["content-type"] for a in (light, dark)] == ["image/svg+xml"] * 2
    assert light.text != dark.text
    assert client.get(f"{place}-pink.svg").status_code == 404
