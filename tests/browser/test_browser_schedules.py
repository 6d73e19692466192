"""An analyst schedules an insight in a real browser, by keyboard; the pages are accessible and fit, light and dark."""

import os
import re
import time
from pathlib import Path

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from browser_place import NARROW, WIDE, Visit
from playwright.sync_api import Page, expect

from api.schedules.settings import SETTINGS_VARIABLE

_SECONDS = 60
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the screenshots go: ``CLEANROOM_SCREENSHOTS`` if set, else the test's own folder."""
    place = Path(os.environ.get("CLEANROOM_SCREENSHOTS") or tmp_path)
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator allows solstice a folder."""
    folder = tmp_path / "outbox"
    folder.mkdir()
    allowed = {"members": {"solstice": {"folder": str(folder), "origins": ["https://hooks.solstice.example"]}}}
    (tmp_path / "deliveries.yaml").write_text(yaml.safe_dump(allowed))
    monkeypatch.setenv(SETTINGS_VARIABLE, str(tmp_path / "deliveries.yaml"))
    return folder


def test_an_insight_is_scheduled_run_and_removed(visit: Visit, outbox: Path, pictures: Path) -> None:
    """Chosen, filled in without a mouse, run; its report is in the outbox and the page says what changed."""
    page = visit("solstice-analyst")
    page.goto("/reports")
    page.get_by_role("link", name="Schedules").click()
    page.get_by_role("link", name="New schedule").click()
    page.locator('a[href$="/insight/missing-denominator"]').press("Enter")
    page.locator("#name").focus()
    for typed in ("monday", None, "@start-of-year-1", "@end-of-year-1", None, "weekly"):
        if typed is not None:
            page.keyboard.type(typed)
        page.keyboard.press("Tab")
    _looked_at(page, pictures, "schedule-new")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add the schedule").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("monday")
    try:
        page.get_by_role("button", name="Run now").press("Enter")
        deadline = time.monotonic() + _SECONDS
        while not page.locator(".badge", has_text="delivered").count() and time.monotonic() < deadline:
            page.reload()
        expect(page.locator("main")).to_contain_text("This is the first one.")
        _looked_at(page, pictures, "schedule")
        page.goto("/reports/schedules")
        _looked_at(page, pictures, "schedules")
        assert sorted(path.suffix for path in (outbox / "weekly").iterdir()) == [".html", ".json"]
        dark = visit("solstice-analyst", dark=True, size=NARROW)
        for name, address in (("schedules", ""), ("schedule", "/monday"), ("schedule-choose", "/new")):
            dark.goto(f"/reports/schedules{address}")
            _looked_at(dark, pictures, f"{name}-dark-narrow")
    finally:
        page.goto("/reports/schedules/monday")
        page.get_by_role("button", name="Remove").click()
    expect(page).to_have_url(re.compile("/reports/schedules$"))
    assert page.viewport_size == {"width": WIDE[0], "height": WIDE[1]}


def _looked_at(page: Page, pictures: Path, name: str) -> None:
    """A picture, axe, no sideways scrolling, one main heading."""
    page.screenshot(path=pictures / f"{name}.png", full_page=True)
    wrong = [f"{v['id']}: {v['nodes'][0]['target']}" for v in Axe().run(page).response["violations"]]
    assert wrong == []
    assert page.evaluate(_OVERFLOW) <= 0
    assert page.locator("h1").count() == 1
