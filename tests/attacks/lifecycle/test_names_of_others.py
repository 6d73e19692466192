"""Guessing: another member's ids and names, at every address that takes one, read like ids nobody ever made."""

import pytest
from fastapi.testclient import TestClient

from api.usecases.templates import approve_template, submit_template
from cleanroom.approvals import ApprovedText
from cleanroom.state import UserRole
from tests.api.api_case import TEMPLATE, Case, sales

ROLES = [role for role in UserRole if role is not UserRole.OPERATOR]
# A method, an address with a place for the name, a body.
ADDRESSES: list[tuple[str, str, str, dict[str, object] | None]] = [
    ("GET", "run", "/v1/runs/{}", None),
    ("GET", "run", "/v1/runs/{}/events", None),
    ("POST", "run", "/v1/runs/{}/cancel", None),
    ("GET", "release", "/v1/releases/{}", None),
    ("GET", "release", "/v1/releases/{}?format=csv", None),
    ("GET", "release", "/v1/releases/{}?format=svg", None),
    ("GET", "release", "/v1/insights/overlap?releases={}", None),
    ("GET", "policy", "/v1/policies/{}", None),
    ("POST", "policy", "/v1/policies/{}/approve", {"signature": "a:b"}),
    ("POST", "policy", "/v1/policies/{}/withdraw", None),
    ("GET", "query", "/v1/queries/{}", None),
    ("POST", "query", "/v1/queries/{}/approve", {"signature": "a:b"}),
    ("POST", "query", "/v1/queries/{}/withdraw", None),
    ("GET", "upload", "/v1/uploads/{}", None),
    ("HEAD", "upload", "/v1/uploads/{}", None),
    ("PATCH", "upload", "/v1/uploads/{}", None),
    ("DELETE", "upload", "/v1/uploads/{}", None),
    ("GET", "upload", "/v1/uploads/{}/quality", None),
    ("GET", "upload", "/v1/uploads/{}/quarantine", None),
    ("GET", "schedule", "/v1/schedules/{}", None),
    ("GET", "schedule", "/v1/schedules/{}/deliveries", None),
    ("POST", "schedule", "/v1/schedules/{}/pause", None),
    ("POST", "schedule", "/v1/schedules/{}/run", None),
    ("DELETE", "schedule", "/v1/schedules/{}", None),
    ("GET", "user", "/v1/users/{}/keys", None),
    ("DELETE", "key", "/v1/keys/{}", None),
    ("GET", "dataset", "/v1/datasets/{}/snapshots", None),
    ("GET", "dataset", "/v1/datasets/{}/quality", None),
]
_TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def names(case: Case) -> dict[str, tuple[str, str]]:
    """By kind, something of harbor's or solstice's, and something nobody made."""
    place = str(case.push(sales(12, 13))["upload_id"])
    case.policy(mode="templates")
    template = submit_template(case.room, case.who("solstice-analyst"), TEMPLATE)
    signature = case.signature("harbor", ApprovedText.TEMPLATE, template.digest)
    approve_template(case.room, case.who("harbor-steward"), template.template_id, signature)
    run = case.run({"template": "sales-by-region", "parameters": {"channel": "store"}})
    keys = case.client("harbor-uploader").get("/v1/users/harbor-uploader/keys").json()
    return {
        "run": (str(run["run_id"]), _other(str(run["run_id"]))),
        "release": (str(run["release_id"]), _other(str(run["release_id"]))),
        "policy": ("harbor/sales/1", "harbor/sales/7"),
        "query": ("sales-by-region/1", "sales-by-season/1"),
        "upload": (place, _other(place)),
        "schedule": ("weekly", "monthly"),
        "user": ("harbor-uploader", "harbor-nobodyy"),
        "key": (keys[0]["key_id"], _other(keys[0]["key_id"])),
        "dataset": ("sales", "claims"),
    }


def _other(identity: str) -> str:
    return identity[:-1] + ("0" if identity[-1] != "0" else "1")


@pytest.mark.parametrize("role", ROLES)
def test_what_is_there_and_what_is_not_answer_alike(
    case: Case, names: dict[str, tuple[str, str]], role: UserRole
) -> None:
    """INVARIANT I17: status, headers and body, for every role of a member that none of it concerns."""
    outsider = case.client(f"quayside-{role}")
    for method, kind, address, body in ADDRESSES:
        real, made_up = (_told(outsider, method, address, name, body) for name in names[kind])
        assert (method, address, real) == (method, address, made_up)
        assert real[0] >= 400 or kind == "dataset", (method, address)


def test_lists_hold_nothing_of_others(case: Case, names: dict[str, tuple[str, str]]) -> None:
    """Not an item, not a cursor, not a count."""
    for user in ("quayside-analyst", "quayside-steward"):
        outsider = case.client(user)
        for address in ("runs", "releases", "policies", "queries", "schedules", "datasets"):
            told = outsider.get(f"/v1/{address}").json()
            assert told in ([], {"items": [], "next_cursor": None}), address
            later = outsider.get(f"/v1/{address}?cursor={names['run'][0]}").json()
            assert later in ([], {"items": [], "next_cursor": None}), address


def _told(
    client: TestClient, method: str, address: str, name: str, body: dict[str, object] | None
) -> tuple[int, dict[str, str], str]:
    headers = _TUS if "/uploads/" in address else {}
    answer = client.request(method, address.format(name), json=body, headers=headers)
    shown = {key: value for key, value in answer.headers.items() if key not in ("x-request-id", "content-length")}
    return answer.status_code, shown, answer.text.replace(name, "NAME").replace(name.replace("/1", "@1"), "NAME")
