"""Schedules on the pages: chosen, filled in, refused with a reason, added, run, paused, removed."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from api_case import Case
from fastapi.testclient import TestClient

from api.schedules.settings import SETTINGS_VARIABLE
from api.worker import work_off

_FORM = {
    "of": "insight:missing-denominator",
    "name": "monday",
    "cadence": "weekly mon 06:00",
    "p-from": "@start-of-year-1",
    "p-to": "@end-of-year-1",
    "channel": "folder",
    "address": "weekly",
    "format": "pdf",
    "sends": "file",
}


@pytest.fixture
def browser(
    own: Case, browse: Callable[[Case, str], TestClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> TestClient:
    """An analyst of solstice, whose operator allows a folder and a host."""
    (tmp_path / "outbox").mkdir()
    allowed = {"folder": str(tmp_path / "outbox"), "origins": ["https://hooks.example.com"]}
    (tmp_path / "deliveries.yaml").write_text(yaml.safe_dump({"members": {"solstice": allowed}}))
    monkeypatch.setenv(SETTINGS_VARIABLE, str(tmp_path / "deliveries.yaml"))
    return browse(own, "solstice-analyst")


def test_a_schedule_is_made_run_and_removed(own: Case, browser: TestClient, tmp_path: Path) -> None:
    """From the choice to a PDF in the outbox; the page shows what happened."""
    address = "/reports/schedules/new/insight/missing-denominator"
    assert f'href="{address}"' in browser.get("/reports/schedules/new").text
    form = browser.get(address)
    assert ("@start-of-month-12" in form.text, "https://hooks.example.com" in form.text) == (True, True)
    made = browser.post("/reports/schedules/new", data=_FORM)
    assert (made.status_code, made.url.path) == (200, "/reports/schedules/monday")
    assert "every Monday at 06:00 UTC" in made.text
    browser.post("/reports/schedules/monday/run")
    work_off(own.room)
    shown = browser.get("/reports/schedules/monday").text
    assert ("delivered" in shown, "This is the first one." in shown) == (True, True)
    assert sorted(path.suffix for path in (tmp_path / "outbox" / "weekly").iterdir()) == [".json", ".pdf"]
    assert "Resume" in browser.post("/reports/schedules/monday/pause").text
    assert "Pause" in browser.post("/reports/schedules/monday/resume").text
    assert browser.post("/reports/schedules/monday/remove").url.path == "/reports/schedules"
    assert "monday" not in browser.get("/reports/schedules").text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cadence": "sometimes"}, "CR-S001"),
        ({"p-from": "@yesterday"}, "CR-S002"),
        ({"address": "../x"}, "CR-S011"),
        ({"channel": "webhook", "address": "https://elsewhere.example/x"}, "CR-S016"),
        ({"sends": "link", "channel": "webhook"}, "CR-S009"),
    ],
)
def test_a_mistake_is_said_and_the_form_stays_filled_in(browser: TestClient, change: dict[str, str], code: str) -> None:
    """The code, and what was typed."""
    answer = browser.post("/reports/schedules/new", data={**_FORM, **change})
    assert (answer.status_code, code in answer.text) == (422, True)
    assert 'value="monday"' in answer.text


def test_a_webhook_s_secret_is_shown_once(browser: TestClient) -> None:
    """On the page that follows the form, and on no other."""
    wanted = {**_FORM, "channel": "webhook", "address": "https://hooks.example.com/in"}
    assert "whsec_" in browser.post("/reports/schedules/new", data=wanted).text
    for address in ("/reports/schedules", "/reports/schedules/monday"):
        assert "whsec_" not in browser.get(address).text


def test_another_member_s_schedules_are_not_there(
    own: Case, browser: TestClient, browse: Callable[[Case, str], TestClient]
) -> None:
    """INVARIANT I17: 404, and an empty list."""
    browser.post("/reports/schedules/new", data=_FORM)
    other = browse(own, "quayside-analyst")
    assert other.get("/reports/schedules/monday").status_code == 404
    assert "monday" not in other.get("/reports/schedules").text
    assert browse(own, "solstice-uploader").get("/reports/schedules").status_code == 403
