"""How the pages look and read: axe finds nothing, nothing overflows, nothing asks the network for much."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_pages import LOOKS, PAGES, addresses_in, is_looked_at
from browser_place import Place, Visit

_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_ESCAPES = """[...document.querySelectorAll(".scroll .hidden")]
  .some((text) => text.offsetParent === null || !text.offsetParent.closest(".scroll"))"""
_FIRST_PAGE_BYTES = 200_000


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_accessible_and_fits(visit: Visit, place: Place, look: str) -> None:
    """No finding of axe at all, no sideways scrolling of the page itself, a heading on each."""
    dark, size = LOOKS[look]
    ids = addresses_in(place.case)
    pages = {user: visit(user, dark=dark, size=size) for user in {user for user, _ in PAGES.values()}}
    found: dict[str, object] = {}
    for name, (user, address) in PAGES.items():
        if dark and not is_looked_at(name):
            continue
        page = pages[user]
        page.goto(address.format(**ids))
        result = Axe().run(page)
        wrong = [f"{v['id']}: {v['nodes'][0]['target']}" for v in result.response["violations"]]
        if page.evaluate(_OVERFLOW) > 0:
            wrong.append("the page scrolls sideways")
        if page.evaluate(_ESCAPES):
            wrong.append("text for screen readers widens the page from within a table")
        if page.locator("h1").count() != 1:
            wrong.append("not one main heading")
        if wrong:
            found[name] = wrong
    assert found == {}


@pytest.mark.parametrize("user", ["solstice-analyst", "harbor-steward"])
def test_the_first_page_is_small(visit: Visit, user: str) -> None:
    """Home with all it loads stays below 200 kB."""
    page = visit(user)
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    page.goto("/", wait_until="networkidle")
    assert len(sizes) > 1
    assert sum(sizes) < _FIRST_PAGE_BYTES


def test_an_explored_chart_is_accessible(visit: Visit) -> None:
    """The drawing an insight's page makes of its chart, opened by keyboard."""
    page = visit("solstice-analyst")
    page.goto("/insights/missing-denominator")
    page.get_by_role("button", name="Explore this chart").first.press("Enter")
    page.locator(".chart-live svg").first.wait_for()
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
    assert page.evaluate(_OVERFLOW) <= 0
