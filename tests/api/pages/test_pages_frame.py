"""What holds for every page: sign-in, content policy, weight, links, roles."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import small_room
from api_case import Case
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages import static
from api.pages.chrome import CONTENT_POLICY

Browse = Callable[[Case, str], TestClient]
ROLES = ("solstice-analyst", "solstice-steward", "harbor-uploader", "harbor-auditor", "quayside-operator")
MAX_FIRST_PAGE_BYTES = 200_000
_LINK = re.compile(r'(?:href|src|srcset|action|formaction|hx-get|hx-post)="([^"]*)"')
_INLINE = re.compile(r"\sstyle=|<style|<script(?! src=)|\son[a-z]+=|javascript:")


def crawl(client: TestClient) -> dict[str, tuple[int, str, str]]:
    """Every page that links lead to, without downloads: address -> status, content type, body."""
    found: dict[str, tuple[int, str, str]] = {}
    pending = ["/"]
    while pending:
        address = pending.pop()
        if address in found:
            continue
        answer = client.get(address)
        kind = answer.headers["content-type"]
        is_page = kind.startswith("text/html") and "attachment" not in answer.headers.get("content-disposition", "")
        found[address] = (answer.status_code, kind, answer.text if is_page else "")
        if is_page:
            pending += re.findall(r'(?:href|src|srcset)="(/[^"#]*)', answer.text)
    return found


@pytest.mark.parametrize("user", ROLES)
def test_every_link_leads_somewhere(shared: Case, browse: Browse, user: str) -> None:
    """No page a person can reach is broken, has inline code, or points out of the room."""
    found = crawl(browse(shared, user))
    assert {address: status for address, (status, _, _) in found.items() if status != 200} == {}
    for address, (_, _, body) in found.items():
        assert _INLINE.search(body) is None, address
        outside = [link for link in _LINK.findall(body) if not link.startswith(("/", "#"))]
        assert outside == [], address


def test_every_page_has_the_strict_policy(shared: Case, browse: Browse) -> None:
    """Pages and failures alike; the API keeps its own."""
    client = browse(shared, "solstice-analyst")
    for address in ("/", "/queries", "/runs/none", "/log", "/insights/none", "/sign-in"):
        assert client.get(address, follow_redirects=False).headers["content-security-policy"] == CONTENT_POLICY
    assert "script-src" not in client.get("/v1/me").headers["content-security-policy"]


def test_the_first_page_is_light(shared: Case, browse: Browse) -> None:
    """Home with all it loads is under 200 kB."""
    client = browse(shared, "solstice-analyst")
    home = client.get("/").text
    loaded = {address for address in _LINK.findall(home) if address.startswith("/static")}
    assert len(home) + sum(len(client.get(address).content) for address in loaded) < MAX_FIRST_PAGE_BYTES


def test_nobody_sees_a_page_without_signing_in(shared: Case) -> None:
    """Asked to sign in, then sent where they wanted to go."""
    client = TestClient(create_app(shared.room, threads=0), base_url="http://testserver", follow_redirects=False)
    asked = client.get("/runs/abc")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Fruns%2Fabc")
    entered = client.post(
        "/sign-in",
        data={"user": "harbor-steward", "password": small_room.PASSWORD, "next": "/runs/abc"},
        headers={"Origin": "http://testserver"},
    )
    assert (entered.status_code, entered.headers["location"]) == (303, "/runs/abc")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
def test_signing_in_leads_to_our_own_pages_only(shared: Case, target: str) -> None:
    """Attack: a link that signs in and lands elsewhere."""
    client = TestClient(create_app(shared.room, threads=0), base_url="http://testserver", follow_redirects=False)
    form = client.get("/sign-in", params={"next": target})
    assert 'name="next" value=""' in form.text
    entered = client.post(
        "/sign-in",
        data={"user": "harbor-steward", "password": small_room.PASSWORD, "next": target},
        headers={"Origin": "http://testserver"},
    )
    assert entered.headers["location"] == "/"


def test_a_wrong_password_is_said_without_saying_what_was_wrong(shared: Case) -> None:
    """The same page for an unknown name."""
    client = TestClient(create_app(shared.room, threads=0), base_url="http://testserver")
    answers = [
        client.post("/sign-in", data={"user": user, "password": "wrong"}, headers={"Origin": "http://testserver"})
        for user in ("harbor-steward", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert all("The name or the password is wrong" in answer.text for answer in answers)


def test_a_foreign_page_can_send_no_form(shared: Case, browse: Browse) -> None:
    """Attack: cross-site request forgery with the person's own cookie."""
    client = browse(shared, "solstice-analyst")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post("/queries/claims-by-model/1/run", data={}, headers=headers, follow_redirects=False)
        assert (answer.status_code, "CR-A005" in answer.text) == (403, True)
    entered = client.post("/sign-in", data={}, headers={"Origin": "https://evil.example"})
    assert entered.status_code == 403


def test_signing_out_ends_the_session(shared: Case, browse: Browse) -> None:
    """The old cookie opens nothing."""
    client = browse(shared, "quayside-analyst")
    secret = client.cookies["cleanroom_session"]
    assert client.post("/sign-out", follow_redirects=False).headers["location"] == "/sign-in"
    client.cookies.set("cleanroom_session", secret)
    assert client.get("/", follow_redirects=False).headers["location"] == "/sign-in"


def test_areas_follow_roles(shared: Case, browse: Browse) -> None:
    """An uploader is offered no reports, an analyst no log."""
    seen = {
        user: re.findall(r'<a href="(/[a-z]*)"', browse(shared, user).get("/help").text.split("</nav>")[0])
        for user in ("harbor-uploader", "solstice-analyst", "harbor-auditor")
    }
    assert seen == {
        "harbor-uploader": ["/", "/data", "/queries", "/privacy", "/help"],
        "solstice-analyst": ["/", "/insights", "/reports", "/data", "/queries", "/runs", "/privacy", "/help"],
        "harbor-auditor": ["/", "/data", "/queries", "/privacy", "/log", "/help"],
    }


def test_static_files_are_those_of_the_list(shared: Case) -> None:
    """Attack: a path that leaves the folder."""
    client = TestClient(create_app(shared.room, threads=0))
    for name in static.FILES:
        answer = client.get(static.address_of(name))
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
    for name in ("../chrome.py", "%2e%2e/chrome.py", "vendor/NOTICE.txt", "site.css/..", ""):
        assert client.get(f"/static/x/{name}").status_code in (404, 405)


def test_the_vendored_script_is_the_published_one() -> None:
    """Its digest stands beside it."""
    import hashlib
    from importlib import resources

    folder = resources.files("api.pages") / "static" / "vendor"
    digest = hashlib.sha256((folder / "htmx-4.0.1.min.js").read_bytes()).hexdigest()
    assert digest in (folder / "NOTICE.txt").read_text("utf-8")


def test_forms_hold_no_address_with_values(shared: Case, browse: Browse) -> None:
    """Whatever carries parameters or SQL is sent in a body: no GET form has fields."""
    for address, (_, _, body) in crawl(browse(shared, "solstice-analyst")).items():
        for form in re.findall(r"<form[^>]*>", body):
            assert 'method="post"' in form or 'id="upload"' in form, address
        for link in _LINK.findall(body):
            assert set(re.findall(r"[?&]([a-z]+)=", urlsplit(link).geturl())) <= {"before"}, address


def test_an_address_that_is_not_there_is_a_page_to_a_browser(shared: Case, browse: Browse) -> None:
    """To a program it stays a problem, and under /v1 to everybody; a failure of ours says nothing of the address."""
    client = browse(shared, "solstice-analyst")
    page = client.get("/no/such/place", headers={"Accept": "text/html"})
    assert (page.status_code, "There is no such address." in page.text, "no/such" in page.text) == (404, True, False)
    assert page.headers["content-security-policy"] == CONTENT_POLICY
    assert client.get("/no/such/place").json()["code"] == "CR-A011"
    assert client.get("/v1/nothing", headers={"Accept": "text/html"}).json()["code"] == "CR-A011"


def test_a_link_from_elsewhere_offers_to_go_on(shared: Case) -> None:
    """A strict cookie does not come with a link in a mail; one click brings it."""
    client = TestClient(create_app(shared.room, threads=0))
    assert '<a href="/reports/abc">go on</a>' in client.get("/sign-in?next=/reports/abc").text
