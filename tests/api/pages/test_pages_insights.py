"""Insights in the room: what is held is shown, what is asked is run, and documents open."""

import re
from collections.abc import Callable
from io import BytesIO

import openpyxl
import pytest
from api_case import Case
from fastapi.testclient import TestClient
from pypdf import PdfReader
from small_room import PARAMETERS, SALES, sales_rows, upload

from api.pages.insights import GROUPS
from api.usecases.insights import get_insight
from api.usecases.policies import name_of, withdraw_policy
from api.worker import work_off
from queries.insights import INSIGHTS

Browse = Callable[[Case, str], TestClient]
_FORM = {f"p-{name}": value for name, value in PARAMETERS.items()}
_HEADLINE = "The maker alone sees 57.1 % failing; with the units sold it is 40.0 %"


def test_every_insight_stands_in_one_group() -> None:
    """And every group names insights that exist."""
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(insight.name for insight in INSIGHTS)


def test_an_insight_is_computed_from_what_is_held(shared: Case, browse: Browse) -> None:
    """Headline, table, chart with a text alternative, explanation, and the same under its permanent link."""
    client = browse(shared, "solstice-analyst")
    page = client.get("/insights/missing-denominator").text
    assert _HEADLINE in page
    assert re.search(r'<img src="[^"]+-light.svg" alt="the maker alone sees 57.1', page)
    assert "Formula" in page
    permanent = re.search(r'href="(/insights/missing-denominator/of/[0-9a-f.]+)">permanent link', page)
    assert permanent is not None
    assert _HEADLINE in client.get(permanent.group(1)).text
    assert _HEADLINE in client.get("/").text


def test_who_asked_finds_the_form_as_they_left_it(shared: Case, browse: Browse) -> None:
    """A colleague and another member's person do not."""
    filled = [
        'value="2025-01-01"' in browse(shared, user).get("/insights/missing-denominator").text
        for user in ("solstice-analyst", "solstice-steward", "harbor-analyst")
    ]
    assert filled == [True, False, False]


def test_asking_an_insight_runs_all_it_reads(own: Case, browse: Browse) -> None:
    """One form, as many runs as templates, then the answer; asking again gives the same releases."""
    client = browse(own, "solstice-analyst")
    place = "/insights/claim-frequency"
    assert _asked(own, client, place) == _asked(own, client, place)


def _asked(case: Case, client: TestClient, place: str) -> str:
    address = client.post(f"{place}/run", data=_FORM, follow_redirects=False).headers["location"]
    assert 'hx-get="' in client.get(address).text
    work_off(case.room)
    part = client.get(address, headers={"HX-Request": "true"})
    whole = client.get(address, follow_redirects=False)
    assert (part.status_code, part.headers["hx-redirect"]) == (204, whole.headers["location"])
    assert client.get(whole.headers["location"]).status_code == 200
    return whole.headers["location"]


@pytest.mark.parametrize("name", ["html", "pdf", "xlsx", "csv", "svg", "png"])
def test_each_document_opens(shared: Case, browse: Browse, name: str) -> None:
    """With the numbers, and run ids, policies, snapshots and data date where the format has room for them."""
    client = browse(shared, "solstice-analyst")
    view = get_insight(shared.room, shared.who("solstice-analyst"), "missing-denominator")
    assert view.answer is not None
    ids = ".".join(release.release_id for release in view.answer.releases)
    answer = client.get(f"/insights/missing-denominator/of/{ids}/missing-denominator.{name}")
    assert answer.status_code == 200
    assert READERS[name](answer.content)


def _pdf(content: bytes) -> bool:
    text = " ".join("".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())
    wanted = ("57.1 %", "KX-7", "run", "policies", "snapshots", "data up to", "withheld")
    return all(word in text for word in wanted)


def _xlsx(content: bytes) -> bool:
    book = openpyxl.load_workbook(BytesIO(content))
    about = {row[0].value: row[1].value for row in book["About"]}
    formulas = [c for sheet in book for row in sheet for c in row if c.data_type == "f" or c.hyperlink]
    return formulas == [] and str(about["Headline"]).startswith("the maker alone sees 57.1 %")


READERS: dict[str, Callable[[bytes], bool]] = {
    "html": lambda b: b"57.1 %" in b and b"<script" not in b and b"http://" not in b.replace(b"http://www.w3.org", b""),
    "pdf": _pdf,
    "xlsx": _xlsx,
    "csv": lambda b: b.decode().splitlines()[1].startswith("DX-10,32,"),
    "svg": lambda b: b.startswith(b"<svg"),
    "png": lambda b: b.startswith(b"\x89PNG"),
}


def test_releases_of_other_questions_make_no_insight(shared: Case, browse: Browse) -> None:
    """CR-B010: the link names what the insight does not read."""
    view = get_insight(shared.room, shared.who("solstice-analyst"), "missing-denominator")
    assert view.answer is not None
    first = view.answer.releases[0].release_id
    answer = browse(shared, "solstice-analyst").get(f"/insights/nevada-chart/of/{first}")
    assert (answer.status_code, "CR-B010" in answer.text) == (400, True)


def test_an_insight_nobody_asked_says_what_it_needs(shared: Case, browse: Browse) -> None:
    """And names the template that is not in the room."""
    page = browse(shared, "solstice-analyst").get("/insights/parts-backorder").text
    assert ("Not asked yet" in page, "is not in this room" in page) == (True, True)


def test_the_api_says_the_same(own: Case) -> None:
    """List, answer, document and runs over HTTP; the other retailer holds none of it (INVARIANT I17)."""
    client = own.client("solstice-analyst")
    headlines = {item["name"]: item["headline"] for item in client.get("/v1/insights").json()}
    assert headlines["missing-denominator"].startswith("the maker alone sees 57.1 %")
    answer = client.get("/v1/insights/missing-denominator").json()
    assert answer["tables"][0]["rows"][0][0] == "DX-10"
    pdf = client.get("/v1/insights/missing-denominator?format=pdf")
    assert (pdf.headers["content-type"], pdf.content[:4]) == ("application/pdf", b"%PDF")
    assert client.get("/v1/insights/missing-denominator?format=docx").json()["code"] == "CR-B013"
    assert client.get("/v1/insights/funnel").json()["code"] == "CR-B011"
    runs = client.post("/v1/insights/claim-frequency/runs", json={"parameters": PARAMETERS}).json()
    assert [run["template_id"] for run in runs] == ["claims-by-model"]
    other = own.client("quayside-analyst")
    assert other.get("/v1/insights/missing-denominator").json()["code"] == "CR-B011"


def test_an_insight_on_older_data_says_so(own: Case, browse: Browse) -> None:
    """Nothing while it is fresh; once one of its datasets changed: page, permanent link, list, Home, JSON, document."""
    client = browse(own, "solstice-analyst")
    place = "/insights/missing-denominator"
    marked = ("older data", "newer data since")
    pages = (place, "/insights", "/")
    assert not [at for at in pages if any(mark in client.get(at).text for mark in marked)]
    upload(own, "harbor", SALES, sales_rows(9000, 5))
    page = client.get(place).text
    permanent = re.search(r'href="(/insights/missing-denominator/of/[0-9a-f.]+)">permanent link', page)
    assert permanent is not None
    for text in (page, client.get(permanent.group(1)).text):
        assert text.count("This answer rests on older data.") == 1
        assert text.count("Sales of harbor: read up to 2025-03-23") == 1
        assert '<a href="#ask">Ask again</a>' in text
    assert all("newer data since" in client.get(at).text for at in ("/insights", "/"))
    shown = client.get("/v1/insights/missing-denominator").json()
    assert shown["rests_on_older_data"] is True
    older = [words for name, words in shown["facts"].items() if name.endswith("older data")]
    assert all(words.startswith("there are newer data since: sales of harbor") for words in older)
    assert len(older) == 2


def test_whose_data_an_insight_lacks_is_told_to_those_who_may_ask(own: Case, browse: Browse) -> None:
    """INVARIANT I17: harbor withdraws its policy; that the answer is older is still said, and no more than that."""
    withdraw_policy(own.room, own.who("harbor-steward"), name_of("harbor", "sales", 1))
    upload(own, "harbor", SALES, sales_rows(9000, 5))
    page = browse(own, "solstice-analyst").get("/insights/missing-denominator").text
    assert "A dataset behind it changed since." in page
    assert "Sales of harbor" not in page
