"""A retailer's own view: every page it can reach by links, searched for what another retailer did not grant it."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from api_case import Case
from fastapi.testclient import TestClient

from api.usecases.log import list_log

Browse = Callable[[Case, str], TestClient]
_LINK = re.compile(r'(?:href|src|srcset)="(/[^"#]*)')
_ELSEWHERE = ("/static/", "/help/")
_NAMED_BY_RIGHT = ("/privacy/solstice/", "/queries", "/reports/", "/log")
"""A policy that grants quayside something says whom else it grants it, a query who approved it,
a report who may hold it, the log who did what."""
_ENOUGH = 12


def _reachable(client: TestClient) -> dict[str, str]:
    """Every page's and picture's text, by address, from Home on; files that are no text are left out."""
    found: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        address = waiting.pop()
        if address in found or address.startswith(_ELSEWHERE):
            continue
        answer = client.get(address)
        assert answer.status_code == 200, address
        is_text = answer.headers["content-type"].startswith(("text/", "image/svg", "application/json"))
        found[address] = answer.text if is_text else ""
        waiting += [urlsplit(link).geturl() for link in _LINK.findall(found[address])]
    return found


@pytest.mark.parametrize("role", ["analyst", "steward", "uploader", "auditor"])
def test_nothing_of_another_retailer_is_on_any_page_it_reaches(shared: Case, browse: Browse, role: str) -> None:
    """INVARIANT I17: quayside may ask about the maker's data alone; harbor's name is on none of its pages and files."""
    pages = _reachable(browse(shared, f"quayside-{role}"))
    assert len(pages) >= _ENOUGH
    named = [address for address, text in pages.items() if "harbor" in text.lower()]
    assert [address for address in named if not address.startswith(_NAMED_BY_RIGHT)] == []


def test_the_log_tells_nobody_how_much_another_member_uploaded(shared: Case) -> None:
    """INVARIANT I18: counts and bytes stand in one's own entries alone, whoever reads."""
    for user, member in (
        ("quayside-auditor", "quayside"),
        ("solstice-operator", "solstice"),
        ("harbor-steward", "harbor"),
    ):
        entries = list_log(shared.room, shared.who(user), limit=1_000)
        told = {
            entry.subject.partition("/")[0] if entry.noun == "snapshots" else entry.actor.rpartition("@")[2]
            for entry in entries
            if entry.noun in ("snapshots", "uploads") and entry.facts != "{}"
        }
        assert told == {member}
