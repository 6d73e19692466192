"""Each role's main job from Home with the keyboard alone: Tab to what is named, Enter, and nothing else but typing."""

import re

import small_room
from browser_place import Visit
from playwright.sync_api import Page, expect

_STOPS = 150
_FOCUSED = """() => { const at = document.activeElement;
  return (at.labels?.length ? at.labels[0].innerText : at.innerText || "").trim(); }"""


def _tab_to(page: Page, name: str) -> None:
    """Until what has the focus is called ``name``; every stop on the way is one a person would meet."""
    passed = []
    for _ in range(_STOPS):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(_FOCUSED))
        if passed[-1] == name:
            return
    raise AssertionError(f"`{name}` is not among {sorted(set(passed))}")


def _enter(page: Page, *names: str) -> None:
    for name in names:
        _tab_to(page, name)
        with page.expect_navigation():
            page.keyboard.press("Enter")


def test_an_analyst_asks_and_opens_the_report(visit: Visit) -> None:
    """From Home over the query and its form to the table."""
    page = visit("solstice-analyst")
    page.goto("/")
    _enter(page, "Ask a query", "Units sold and registered, by model")
    labels = ("First day of the first sale month", "Last day of the last sale month")
    for label, day in zip(labels, small_room.PARAMETERS.values(), strict=True):
        year, month, date = day.split("-")
        _tab_to(page, label)
        page.keyboard.type(month + date + year)
    _enter(page, "Run")
    expect(page.get_by_role("link", name="Open the report")).to_be_visible()
    _enter(page, "Open the report")
    expect(page.locator("table")).to_contain_text("DX-10")


def test_a_steward_finds_what_waits_and_the_command(visit: Visit) -> None:
    """The page says what to run on one's own machine."""
    page = visit("quayside-steward")
    page.goto("/")
    _enter(page, "Units sold by month")
    expect(page.locator("main")).to_contain_text("cleanroom query approve")


def test_an_uploader_reaches_the_form_and_its_files(visit: Visit) -> None:
    """Both file fields and the button are stops."""
    page = visit("harbor-uploader")
    page.goto("/")
    _enter(page, "Upload a package")
    for stop in (page.locator("#manifest"), page.locator("#rows"), page.get_by_role("button", name="Upload")):
        page.keyboard.press("Tab")
        while not stop.evaluate("(element) => element === document.activeElement"):
            assert page.evaluate("document.activeElement !== document.body")
            page.keyboard.press("Tab")


def test_an_auditor_verifies_the_log(visit: Visit) -> None:
    """Two presses of Enter."""
    page = visit("solstice-auditor")
    page.goto("/")
    _enter(page, "Verify the log", "Verify")
    expect(page.get_by_role("status")).to_contain_text("The log holds")


def test_an_operator_sees_who_is_there_and_reads_the_log(visit: Visit) -> None:
    """Members on Home; no answers anywhere."""
    page = visit("solstice-operator")
    page.goto("/")
    expect(page.get_by_role("table").first).to_contain_text("quayside")
    _enter(page, "Read the log")
    expect(page).to_have_url(re.compile("/log$"))
