"""Charts to point at, in a real browser: the page's own drawing of the picture's specification."""

import re

import pytest
from browser_place import Place, Visit
from playwright.sync_api import Page, Route, expect

from api.pages.chart_view import library_address, make_library


@pytest.fixture(scope="module", autouse=True)
def library() -> None:
    """Made before the browser waits for it, as `cleanroom serve` does."""
    make_library()


def _report(page: Page, title: str = "Units sold, units with a claim, and claims, by model") -> None:
    page.goto("/reports")
    page.click(f"text={title}")


def _explore(page: Page) -> None:
    button = page.get_by_role("button", name="Explore this chart").first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chart-live svg").first).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_a_chart_is_explored_by_keyboard_and_pointer(visit: Visit, dark: bool) -> None:
    """The library comes when it is asked for, draws under the page's policy, and a mark says its numbers as text."""
    page = visit("solstice-analyst", dark=dark)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    _report(page)
    expect(page.locator("figure img")).to_be_visible()
    assert not [url for url in asked if url.endswith("chart-view.js")]
    _explore(page)
    assert [url for url in asked if url.endswith(library_address())]
    expect(page.locator("figure picture")).to_be_hidden()
    page.locator(".chart-live .mark-rect path").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Units")
    page.keyboard.press("Escape")
    expect(page.locator(".chart-tip")).to_be_hidden()
    page.get_by_role("button", name="Back to the picture").click()
    expect(page.locator("figure picture")).to_be_visible()


def test_the_drawing_is_the_pictures_specification(visit: Visit) -> None:
    """One specification for both: the title, the axes and as many bars as the server's own picture has."""
    page = visit("solstice-analyst")
    _report(page)
    address = page.locator("figure").get_attribute("data-chart")
    described = page.request.get(f"{address}-light.vl.json").json()
    picture = page.request.get(f"{address}-light.svg").text()
    _explore(page)
    bars = page.locator(".chart-live .mark-rect path").count()
    assert bars == len(described["data"]["values"]) == picture.count('aria-roledescription="bar"')
    expect(page.locator(".chart-live svg")).to_contain_text(" ".join(described["title"]["text"]))


def test_an_insights_chart_is_explored(visit: Visit) -> None:
    """Each figure of an insight has its own button, and its permanent link the same drawing."""
    page = visit("solstice-analyst")
    page.goto("/insights/missing-denominator")
    _explore(page)
    page.click("text=permanent link")
    _explore(page)


def test_without_scripts_the_picture_stays(visit: Visit) -> None:
    """No button is shown that would do nothing."""
    page = visit("solstice-analyst", scripts=False)
    _report(page)
    expect(page.locator("figure img")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("chart")).count() == 0


def test_a_library_that_does_not_come_leaves_the_picture(visit: Visit, place: Place) -> None:
    """It is said, and asked for again the next time."""
    page = visit("solstice-analyst")
    page.route("**/chart-view.js", lambda route: route.abort())
    _report(page)
    page.get_by_role("button", name="Explore this chart").click()
    expect(page.locator("figure [role=status]")).to_contain_text("could not be loaded")
    expect(page.locator("figure picture")).to_be_visible()
    page.unroute_all()
    _explore(page)


def test_a_hostile_name_is_text_in_the_tooltip(visit: Visit) -> None:
    """A value that spells markup is read as its letters, on the axis and in the tooltip."""
    page = visit("solstice-analyst")
    _report(page)
    hostile = "<img src=x onerror=alert(1)>"

    def poisoned(route: Route) -> None:
        described = route.fetch().json()
        for value in described["data"]["values"]:
            value["model"] = hostile
        route.fulfill(json=described)

    page.route("**/*.vl.json", poisoned)
    _explore(page)
    page.locator(".chart-live .mark-rect path").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(hostile)
    assert page.locator(".chart-tip img, .chart-live img").count() == 0
