"""How the pages look and read: axe finds nothing, nothing overflows; screenshots are written to a folder."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_place import NARROW, WIDE, Place, Visit

from api.usecases.runs import list_releases, list_runs
from api.usecases.uploads import list_uploads

PAGES = {
    "home": ("solstice-analyst", "/"),
    "home-steward": ("harbor-steward", "/"),
    "home-retailer": ("harbor-analyst", "/"),
    "home-auditor": ("solstice-auditor", "/"),
    "insights": ("solstice-analyst", "/insights"),
    "insight": ("solstice-analyst", "/insights/missing-denominator"),
    "reports": ("solstice-analyst", "/reports"),
    "report": ("solstice-analyst", "/reports/{release}"),
    "data": ("harbor-uploader", "/data"),
    "dataset": ("harbor-uploader", "/data/sales"),
    "quality": ("harbor-uploader", "/data/sales/quality"),
    "upload-form": ("harbor-uploader", "/data/upload"),
    "upload": ("harbor-uploader", "/data/uploads/{upload}"),
    "queries": ("solstice-analyst", "/queries"),
    "query": ("solstice-analyst", "/queries/claims-by-model/1"),
    "approve": ("harbor-steward", "/queries/units-by-month/1"),
    "ask": ("solstice-analyst", "/ask"),
    "runs": ("solstice-analyst", "/runs"),
    "run": ("solstice-analyst", "/runs/{run}"),
    "privacy": ("harbor-steward", "/privacy"),
    "policy": ("harbor-steward", "/privacy/harbor/sales/1"),
    "log": ("solstice-auditor", "/log"),
    "help": ("solstice-analyst", "/help"),
    "rule": ("solstice-analyst", "/help/rules/grain"),
    "guide": ("solstice-analyst", "/help/guide/insights"),
    "errors": ("solstice-analyst", "/help/errors"),
    "policy-new": ("harbor-steward", "/privacy/new"),
    "not-found": ("solstice-analyst", "/runs/none"),
    "sign-in": (None, "/sign-in"),
}
ALSO_NARROW = frozenset(
    {"home", "insight", "report", "upload", "quality", "query", "ask", "policy", "log", "rule", "sign-in"}
)
"""Every kind of content once; the frame is the same on all."""
LOOKS = {"light-wide": (False, WIDE), "dark-narrow": (True, NARROW)}
ALL_LOOKS = {**LOOKS, "dark-wide": (True, WIDE), "light-narrow": (False, NARROW)}
"""Of all pages, for `make screenshots`."""
SCREENSHOTS = os.environ.get("CLEANROOM_SCREENSHOTS")
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go: ``CLEANROOM_SCREENSHOTS`` if set, else the tests' own folder."""
    place = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path_factory.mktemp("screenshots")
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.mark.parametrize("look", ALL_LOOKS if SCREENSHOTS else LOOKS)
def test_every_page_is_accessible_and_fits(visit: Visit, place: Place, folder: Path, look: str) -> None:
    """No finding of axe at all, no sideways scrolling of the page itself, a heading on each."""
    dark, size = ALL_LOOKS[look]
    case = place.case
    maker = case.who("solstice-analyst")
    ids = {
        "release": next(
            v.release_id for v in list_releases(case.room, maker) if (v.template_id or "").startswith("claims-by")
        ),
        "run": list_runs(case.room, maker)[0].run_id,
        "upload": list_uploads(case.room, case.who("harbor-uploader"))[0].upload_id,
    }
    pages = {user: visit(user, dark=dark, size=size) for user in {user for user, _ in PAGES.values()}}
    found: dict[str, object] = {}
    for name, (user, address) in PAGES.items():
        if dark and not SCREENSHOTS and name not in ALSO_NARROW:
            continue
        page = pages[user]
        page.goto(address.format(**ids))
        page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
        result = Axe().run(page)
        wrong = [f"{v['id']}: {v['nodes'][0]['target']}" for v in result.response["violations"]]
        if page.evaluate(_OVERFLOW) > 0:
            wrong.append("the page scrolls sideways")
        if page.locator("h1").count() != 1:
            wrong.append("not one main heading")
        if wrong:
            found[name] = wrong
    assert found == {}
