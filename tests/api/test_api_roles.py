"""Every role at every route: who may, who may not, and that nothing else is reachable."""

import pytest
from api_case import Case
from fastapi.routing import APIRoute

from api.app import create_app
from api.limits import RateLimiter
from cleanroom.state import UserRole

EVERYBODY = frozenset(UserRole)
NOBODY: frozenset[UserRole] = frozenset()
UP, AN, ST, AU, OP = (
    UserRole.UPLOADER,
    UserRole.ANALYST,
    UserRole.STEWARD,
    UserRole.AUDITOR,
    UserRole.OPERATOR,
)
_KEYS = {"public_keys": "none none"}
_SIGNED = {"signature": "a:b"}
_SCHEDULE = {"name": "x9", "query": "none", "cadence": "daily 06:00", "channel": "folder", "address": "x"}
_ASKED = {"sql": "SELECT 1", "purpose": "warranty"}

# Method, route, an address, a body, and the roles that get past the door (whatever they meet behind it).
RULES: list[tuple[str, str, str, dict[str, object] | None, frozenset[UserRole]]] = [
    ("GET", "/v1/room", "/v1/room", None, EVERYBODY),
    ("GET", "/v1/me", "/v1/me", None, EVERYBODY),
    ("GET", "/v1/members", "/v1/members", None, EVERYBODY),
    ("POST", "/v1/members", "/v1/members", {"name": "x9", "kind": "retailer"}, frozenset({OP})),
    ("GET", "/v1/members/{name}", "/v1/members/harbor", None, EVERYBODY),
    ("DELETE", "/v1/members/{name}", "/v1/members/nobody", None, frozenset({OP})),
    ("PUT", "/v1/members/self/keys", "/v1/members/self/keys", _KEYS, frozenset({ST})),
    ("GET", "/v1/users", "/v1/users", None, EVERYBODY),
    ("POST", "/v1/users", "/v1/users", {"name": "x9", "member": "harbor", "roles": ["analyst"]}, frozenset({OP})),
    ("DELETE", "/v1/users/{name}", "/v1/users/nobody", None, frozenset({OP})),
    ("PUT", "/v1/users/{name}/roles", "/v1/users/nobody/roles", {"roles": ["analyst"]}, frozenset({OP})),
    ("PUT", "/v1/users/{name}/password", "/v1/users/nobody/password", {"password": "x" * 20}, frozenset({OP})),
    ("GET", "/v1/users/{name}/keys", "/v1/users/nobody/keys", None, frozenset({OP})),
    ("POST", "/v1/users/{name}/keys", "/v1/users/nobody/keys", {}, frozenset({OP})),
    ("DELETE", "/v1/keys/{key_id}", "/v1/keys/none", None, EVERYBODY),
    ("DELETE", "/v1/sessions", "/v1/sessions", None, EVERYBODY),
    ("GET", "/v1/contracts", "/v1/contracts", None, EVERYBODY),
    ("POST", "/v1/contracts", "/v1/contracts", {"document": "x"}, frozenset({OP})),
    ("GET", "/v1/contracts/{dataset}", "/v1/contracts/sales", None, EVERYBODY),
    ("GET", "/v1/policies", "/v1/policies", None, EVERYBODY),
    ("POST", "/v1/policies", "/v1/policies", {"text": "x"}, frozenset({ST})),
    ("GET", "/v1/policies/{member}/{dataset}/{version}", "/v1/policies/harbor/sales/9", None, EVERYBODY),
    (
        "POST",
        "/v1/policies/{member}/{dataset}/{version}/approve",
        "/v1/policies/harbor/sales/9/approve",
        _SIGNED,
        frozenset({ST}),
    ),
    (
        "POST",
        "/v1/policies/{member}/{dataset}/{version}/withdraw",
        "/v1/policies/harbor/sales/9/withdraw",
        None,
        frozenset({ST}),
    ),
    ("GET", "/v1/queries", "/v1/queries", None, EVERYBODY),
    ("POST", "/v1/queries", "/v1/queries", {"text": "x"}, frozenset({AN, ST})),
    ("POST", "/v1/queries/check", "/v1/queries/check", _ASKED, frozenset({AN, ST})),
    ("GET", "/v1/queries/{name}/{version}", "/v1/queries/none/1", None, EVERYBODY),
    ("POST", "/v1/queries/{name}/{version}/approve", "/v1/queries/none/1/approve", _SIGNED, frozenset({ST})),
    ("POST", "/v1/queries/{name}/{version}/withdraw", "/v1/queries/none/1/withdraw", None, frozenset({AN, ST})),
    ("POST", "/v1/uploads", "/v1/uploads", {"manifest": {}}, frozenset({UP})),
    ("GET", "/v1/uploads", "/v1/uploads", None, frozenset({UP, ST})),
    ("HEAD", "/v1/uploads/{upload_id}", "/v1/uploads/none", None, frozenset({UP, ST})),
    ("GET", "/v1/uploads/{upload_id}", "/v1/uploads/none", None, frozenset({UP, ST})),
    ("PATCH", "/v1/uploads/{upload_id}", "/v1/uploads/none", None, frozenset({UP})),
    ("DELETE", "/v1/uploads/{upload_id}", "/v1/uploads/none", None, frozenset({UP})),
    ("GET", "/v1/uploads/{upload_id}/quality", "/v1/uploads/none/quality", None, frozenset({UP, ST})),
    ("GET", "/v1/uploads/{upload_id}/quarantine", "/v1/uploads/none/quarantine", None, frozenset({UP})),
    ("GET", "/v1/datasets", "/v1/datasets", None, EVERYBODY),
    ("GET", "/v1/datasets/{dataset}/snapshots", "/v1/datasets/sales/snapshots", None, EVERYBODY),
    ("GET", "/v1/datasets/{dataset}/quality", "/v1/datasets/sales/quality", None, frozenset({UP, ST})),
    ("POST", "/v1/erasures", "/v1/erasures", {"tokens": ["00000000-0000-4000-8000-000000000000"]}, frozenset({ST, UP})),
    ("POST", "/v1/runs", "/v1/runs", _ASKED, frozenset({AN})),
    ("GET", "/v1/runs", "/v1/runs", None, frozenset({AN, ST})),
    ("GET", "/v1/runs/{run_id}", "/v1/runs/none", None, frozenset({AN, ST})),
    ("GET", "/v1/runs/{run_id}/events", "/v1/runs/none/events", None, frozenset({AN, ST})),
    ("POST", "/v1/runs/{run_id}/cancel", "/v1/runs/none/cancel", None, frozenset({AN})),
    ("GET", "/v1/releases", "/v1/releases", None, frozenset({AN, ST})),
    ("GET", "/v1/insights", "/v1/insights", None, frozenset({AN, ST})),
    ("GET", "/v1/insights/{name}", "/v1/insights/funnel", None, frozenset({AN, ST})),
    ("POST", "/v1/insights/{name}/runs", "/v1/insights/funnel/runs", {}, frozenset({AN})),
    ("GET", "/v1/releases/{release_id}", "/v1/releases/none", None, frozenset({AN, ST})),
    ("GET", "/v1/schedules", "/v1/schedules", None, frozenset({AN, ST})),
    ("POST", "/v1/schedules", "/v1/schedules", _SCHEDULE, frozenset({AN})),
    ("GET", "/v1/schedules/{name}", "/v1/schedules/none", None, frozenset({AN, ST})),
    ("DELETE", "/v1/schedules/{name}", "/v1/schedules/none", None, frozenset({AN, ST})),
    ("GET", "/v1/schedules/{name}/deliveries", "/v1/schedules/none/deliveries", None, frozenset({AN, ST})),
    ("POST", "/v1/schedules/{name}/pause", "/v1/schedules/none/pause", None, frozenset({AN, ST})),
    ("POST", "/v1/schedules/{name}/resume", "/v1/schedules/none/resume", None, frozenset({AN, ST})),
    ("POST", "/v1/schedules/{name}/run", "/v1/schedules/none/run", None, frozenset({AN})),
    ("GET", "/v1/released.duckdb", "/v1/released.duckdb", None, frozenset({AN, ST})),
    ("GET", "/v1/ledger", "/v1/ledger", None, frozenset({AN, ST, AU})),
    ("GET", "/v1/log", "/v1/log", None, frozenset({AU, ST, OP})),
    ("POST", "/v1/log/verify", "/v1/log/verify", {}, frozenset({AU, ST, OP})),
    ("GET", "/v1/log/checkpoint", "/v1/log/checkpoint", None, frozenset({AU, ST, OP})),
    ("GET", "/v1/log/inclusion", "/v1/log/inclusion?seq=1", None, frozenset({AU, ST, OP})),
    ("GET", "/v1/log/consistency", "/v1/log/consistency?older=1", None, frozenset({AU, ST, OP})),
]
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("POST", "/v1/sessions"),
    ("OPTIONS", "/v1/uploads"),
}
_TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Offset": "0"}


def test_the_table_names_every_route(case: Case) -> None:
    """A route that is not in the table cannot be added unseen."""
    app = create_app(case.room, threads=0)
    schema = app.openapi()["paths"]
    found = {(method.upper(), path) for path, methods in schema.items() for method in methods}
    assert found == {(method, route) for method, route, *_ in RULES} | OPEN
    assert all(not isinstance(route, APIRoute) or route.include_in_schema for route in app.routes)


def test_every_role_gets_exactly_as_far_as_the_table_says(case: Case) -> None:
    """Past the door or CR-A003; for each of five roles and every route."""
    found = {}
    for role in UserRole:
        client = case.client(f"quayside-{role}")
        for method, route, address, body, _ in RULES:
            headers = dict(_TUS)
            if method == "PATCH":
                headers["Content-Type"] = "application/offset+octet-stream"
            answer = client.request(method, address, json=body, headers=headers)
            assert answer.status_code < 500, (method, route, answer.text)
            refused = answer.status_code == 403 and (method == "HEAD" or answer.json()["code"] == "CR-A003")
            found[method, route, role] = not refused
        case.tokens.update(_again(case, role))
    wanted = {(method, route, role): role in roles for method, route, _, _, roles in RULES for role in UserRole}
    assert {key for key in wanted if wanted[key] != found[key]} == set()


def _again(case: Case, role: UserRole) -> dict[str, str]:
    """Keys stay: nothing in the table revokes one of ours."""
    return {f"quayside-{role}": case.tokens[f"quayside-{role}"]}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer crk_wrong", "Basic dTpw", "Bearer " + "x" * 300])
def test_nobody_gets_anywhere_without_a_credential(case: Case, header: str) -> None:
    """401, the same problem for every credential that does not count, at every route."""
    client = case.client(limiter=RateLimiter(failed="100000/minute"))
    headers = {"Authorization": header} if header else {}
    for method, _, address, body, _ in RULES[:: 1 if not header else 7]:
        answer = client.request(method, address, json=body, headers=headers)
        assert answer.status_code == 401, (method, address)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        if method != "HEAD":
            assert answer.json()["code"] == "CR-A001"
