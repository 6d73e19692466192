"""A real Chromium before a served room; whatever a page breaks of the content policy, or fetches from elsewhere, fails.

Both packages of helpers live with the API's tests: the room in small is the same.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / "api"), str(Path(__file__).parents[1] / "api" / "pages")]

import small_room  # noqa: E402 - found by the line above
from browser_pages import CHROMIUM, FLAGS  # noqa: E402
from browser_place import STEP_MS, WIDE, Place, Visit, Watched  # noqa: E402
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright  # noqa: E402

from api.auth import SESSION_COOKIE  # noqa: E402
from api.serving import quiet, served  # noqa: E402

_TELL = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy violation: " + event.violatedDirective + " " + event.blockedURI));
"""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The room in small, served with its workers."""
    quiet()
    case = small_room.make(tmp_path_factory.mktemp("browser"))
    with served(case.room) as url:
        yield Place(case=case, url=url)
    case.room.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(place: Place, chromium: Browser) -> Iterator[Visit]:
    """Opens pages as people; afterwards nothing may have broken the policy or left the room."""
    watched = Watched(url=place.url)
    contexts: list[BrowserContext] = []

    def opened(user: str | None, *, dark: bool = False, size: tuple[int, int] = WIDE, scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=place.url,
            color_scheme="dark" if dark else "light",
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=scripts,
            accept_downloads=True,
        )
        contexts.append(context)
        context.set_default_timeout(STEP_MS)
        if user is not None:
            secret = small_room.session_of(place.case, user)
            context.add_cookies([{"name": SESSION_COOKIE, "value": secret, "url": place.url, "sameSite": "Strict"}])
        if scripts:
            context.add_init_script(_TELL)
        page = context.new_page()
        watched.watch(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert watched.wrong == []
