"""Every role at every page: who may, who may not, and that no page is outside the table."""

from collections.abc import Callable

from api_case import Case
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.pages import PAGES
from cleanroom.state import UserRole

Browse = Callable[[Case, str], TestClient]
EVERYBODY = frozenset(UserRole)
UP, AN, ST, AU, OP = (
    UserRole.UPLOADER,
    UserRole.ANALYST,
    UserRole.STEWARD,
    UserRole.AUDITOR,
    UserRole.OPERATOR,
)
_ASK = frozenset({AN, ST})
_LOG = frozenset({AU, ST, OP})

# Method, route, an address, and the roles that get past the door (whatever they meet behind it).
RULES: list[tuple[str, str, str, frozenset[UserRole]]] = [
    ("GET", "/", "/", EVERYBODY),
    ("GET", "/insights", "/insights", _ASK),
    ("GET", "/insights/{name}", "/insights/funnel", _ASK),
    ("GET", "/insights/{name}/of/{releases}", "/insights/funnel/of/x", _ASK),
    (
        "GET",
        "/insights/{name}/of/{releases}/chart-{number}-{theme}.vl.json",
        "/insights/funnel/of/x/chart-0-light.vl.json",
        _ASK,
    ),
    (
        "GET",
        "/insights/{name}/of/{releases}/chart-{number}-{theme}.svg",
        "/insights/funnel/of/x/chart-0-light.svg",
        _ASK,
    ),
    (
        "GET",
        "/insights/{name}/of/{releases}/{name_again}.{format_name}",
        "/insights/funnel/of/x/funnel.pdf",
        _ASK,
    ),
    ("POST", "/insights/{name}/run", "/insights/funnel/run", frozenset({AN})),
    ("GET", "/insights/{name}/runs/{runs}", "/insights/funnel/runs/x", _ASK),
    ("GET", "/reports", "/reports", _ASK),
    ("GET", "/reports/{release_id}", "/reports/x", _ASK),
    ("GET", "/reports/{release_id}/chart-{theme}.svg", "/reports/x/chart-light.svg", _ASK),
    ("GET", "/reports/{release_id}/chart-{theme}.vl.json", "/reports/x/chart-light.vl.json", _ASK),
    ("GET", "/reports/{release_id}/file.{format_name}", "/reports/x/file.csv", _ASK),
    ("GET", "/reports/schedules", "/reports/schedules", _ASK),
    ("GET", "/reports/schedules/new", "/reports/schedules/new", frozenset({AN})),
    (
        "GET",
        "/reports/schedules/new/{kind}/{subject}",
        "/reports/schedules/new/insight/funnel",
        frozenset({AN}),
    ),
    ("POST", "/reports/schedules/new", "/reports/schedules/new", frozenset({AN})),
    ("GET", "/reports/schedules/{name}", "/reports/schedules/x", _ASK),
    ("POST", "/reports/schedules/{name}/pause", "/reports/schedules/x/pause", _ASK),
    ("POST", "/reports/schedules/{name}/resume", "/reports/schedules/x/resume", _ASK),
    ("POST", "/reports/schedules/{name}/run", "/reports/schedules/x/run", frozenset({AN})),
    ("POST", "/reports/schedules/{name}/remove", "/reports/schedules/x/remove", _ASK),
    ("GET", "/data", "/data", EVERYBODY),
    ("GET", "/data/upload", "/data/upload", frozenset({UP})),
    ("GET", "/data/uploads", "/data/uploads", frozenset({UP, ST})),
    ("GET", "/data/uploads/{upload_id}", "/data/uploads/x", frozenset({UP, ST})),
    ("GET", "/data/uploads/{upload_id}/receipt.json", "/data/uploads/x/receipt.json", frozenset({UP, ST})),
    ("GET", "/data/uploads/{upload_id}/quarantine.csv", "/data/uploads/x/quarantine.csv", frozenset({UP})),
    ("GET", "/data/{dataset}", "/data/sales", EVERYBODY),
    ("GET", "/data/{dataset}/quality", "/data/sales/quality", frozenset({UP, ST})),
    ("GET", "/queries", "/queries", EVERYBODY),
    ("GET", "/queries/new", "/queries/new", _ASK),
    ("POST", "/queries/new", "/queries/new", _ASK),
    ("GET", "/queries/{name}/{version}", "/queries/x/1", EVERYBODY),
    ("POST", "/queries/{name}/{version}/check", "/queries/claims-by-model/1/check", _ASK),
    ("POST", "/queries/{name}/{version}/run", "/queries/claims-by-model/1/run", frozenset({AN})),
    ("POST", "/queries/{name}/{version}/withdraw", "/queries/x/1/withdraw", _ASK),
    ("GET", "/ask", "/ask", _ASK),
    ("POST", "/ask/check", "/ask/check", _ASK),
    ("POST", "/ask/fix", "/ask/fix", _ASK),
    ("POST", "/ask/run", "/ask/run", frozenset({AN})),
    ("GET", "/runs", "/runs", _ASK),
    ("GET", "/runs/{run_id}", "/runs/x", _ASK),
    ("POST", "/runs/{run_id}/cancel", "/runs/x/cancel", frozenset({AN})),
    ("GET", "/runs/{run_id}/again", "/runs/x/again", _ASK),
    ("GET", "/privacy", "/privacy", EVERYBODY),
    ("GET", "/privacy/new", "/privacy/new", frozenset({ST})),
    ("POST", "/privacy/new", "/privacy/new", frozenset({ST})),
    ("POST", "/privacy/new/check", "/privacy/new/check", frozenset({ST})),
    ("GET", "/privacy/{member}/{dataset}/{version}", "/privacy/harbor/sales/9", EVERYBODY),
    ("POST", "/privacy/{member}/{dataset}/{version}/withdraw", "/privacy/harbor/sales/9/withdraw", frozenset({ST})),
    ("GET", "/log", "/log", _LOG),
    ("POST", "/log/verify", "/log/verify", _LOG),
    ("GET", "/log/checkpoint.json", "/log/checkpoint.json", _LOG),
    ("GET", "/log/{seq}", "/log/1", _LOG),
    ("GET", "/help", "/help", EVERYBODY),
    ("GET", "/help/errors", "/help/errors", EVERYBODY),
    ("GET", "/help/figures/{name}.svg", "/help/figures/funnel.svg", EVERYBODY),
    ("GET", "/help/{kind}/{name}", "/help/rules/grain", EVERYBODY),
    ("POST", "/sign-out", "/sign-out", EVERYBODY),
]
OPEN = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/static/{digest}/{name:path}"),
    ("GET", "/static/{digest}/chart-view.js"),
}


def test_the_table_names_every_page() -> None:
    """A page that is not in the table cannot be added unseen."""
    routes = [route for router in PAGES for route in router.routes if isinstance(route, APIRoute)]
    found = {(method, route.path) for route in routes for method in route.methods}
    assert found == {(method, route) for method, route, *_ in RULES} | OPEN


def test_every_role_gets_exactly_as_far_as_the_table_says(own: Case, browse: Browse) -> None:
    """Past the door or CR-A003, for each of five roles; nothing a form lacks makes the room fail."""
    found = {}
    for role in UserRole:
        client = browse(own, f"solstice-{role}")
        for method, route, address, _ in RULES:
            answer = client.request(method, address, follow_redirects=False)
            assert answer.status_code < 500, (method, route, answer.text)
            found[method, route, role] = not (answer.status_code == 403 and "CR-A003" in answer.text)
    wanted = {(method, route, role): role in roles for method, route, _, roles in RULES for role in UserRole}
    assert {key: found[key] for key in wanted if wanted[key] != found[key]} == {}


def test_nobody_gets_past_the_door_without_a_session(own: Case, browse: Browse) -> None:
    """Everything but signing in leads to signing in."""
    client = browse(own, "solstice-analyst")
    client.cookies.clear()
    for method, route, address, _ in RULES:
        answer = client.request(method, address, follow_redirects=False)
        assert (answer.status_code, answer.headers.get("location", "")[:8]) == (303, "/sign-in"), (method, route)
