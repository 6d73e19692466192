"""The pages the browser looks at: who opens which address, in which light and width; and how Chromium is started."""

import os
from collections.abc import Mapping

from api_case import Case
from browser_place import NARROW, WIDE

from api.usecases.runs import list_releases, list_runs
from api.usecases.uploads import list_uploads

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = {
    "home": ("solstice-analyst", "/"),
    "home-steward": ("harbor-steward", "/"),
    "home-retailer": ("harbor-analyst", "/"),
    "home-auditor": ("solstice-auditor", "/"),
    "home-uploader": ("harbor-uploader", "/"),
    "home-operator": ("solstice-operator", "/"),
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
    "schedules": ("solstice-analyst", "/reports/schedules"),
    "schedule-form": ("solstice-analyst", "/reports/schedules/new/insight/missing-denominator"),
    "not-found": ("solstice-analyst", "/runs/none"),
    "sign-in": (None, "/sign-in"),
}
ALSO_NARROW = frozenset(
    {
        "home",
        "home-uploader",
        "insight",
        "report",
        "upload",
        "quality",
        "query",
        "ask",
        "policy",
        "log",
        "rule",
        "schedule-form",
        "sign-in",
    }
)
"""Every kind of content once; the frame is the same on all."""
LOOKS = {"light-wide": (False, WIDE), "dark-narrow": (True, NARROW)}
ALL_LOOKS = {**LOOKS, "dark-wide": (True, WIDE), "light-narrow": (False, NARROW)}
"""Of all pages, for `make screenshots`."""


def is_looked_at(name: str) -> bool:
    """Whether a page is looked at in every light and width, not in two of them alone."""
    return name in ALSO_NARROW


def addresses_in(case: Case) -> Mapping[str, str]:
    """The ids that addresses of ``PAGES`` leave open, as they are in this room."""
    maker = case.who("solstice-analyst")
    claims = (v for v in list_releases(case.room, maker) if (v.template_id or "").startswith("claims-by"))
    return {
        "release": str(next(claims).release_id),
        "run": str(list_runs(case.room, maker)[0].run_id),
        "upload": str(list_uploads(case.room, case.who("harbor-uploader"))[0].upload_id),
    }
