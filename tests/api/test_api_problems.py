"""Every failure is problem+json, with a code, and repeats nothing of what was sent."""

import io
import json

import pytest
import structlog
from api_case import AD_HOC, SALES_POLICY, TEMPLATE, Case, sale
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from api.app import create_app
from api.telemetry import configure_logs

CANARY = "canary-4711-value"


@pytest.mark.parametrize(
    ("method", "address", "how", "status", "code"),
    [
        ("GET", f"/v1/{CANARY}", {}, 404, "CR-A011"),
        ("GET", f"/{CANARY}", {}, 404, "CR-A011"),
        ("DELETE", "/v1/room", {}, 405, "CR-A010"),
        ("POST", "/v1/runs", {"json": {CANARY: CANARY}}, 422, "CR-A009"),
        ("POST", "/v1/runs", {"content": CANARY}, 422, "CR-A009"),
        ("POST", "/v1/runs", {"content": f'{{"sql": "{CANARY}'}, 422, "CR-A009"),
        ("POST", "/v1/runs", {"json": {"sql": CANARY, "template": CANARY}}, 400, "CR-A052"),
        ("POST", "/v1/runs", {"json": {"sql": "x" * 200_000}}, 422, "CR-A009"),
        ("POST", "/v1/queries", {"content": CANARY * 300_000}, 413, "CR-A007"),
        ("GET", f"/v1/runs?cursor={CANARY}!", {}, 422, "CR-A009"),
        ("GET", f"/v1/runs?limit={CANARY}", {}, 422, "CR-A009"),
        ("GET", f"/v1/runs/{CANARY}", {}, 404, "CR-L003"),
        ("GET", f"/v1/releases/{CANARY}", {}, 404, "CR-L003"),
        ("GET", f"/v1/queries/{CANARY}/1", {}, 404, "CR-L003"),
        ("GET", f"/v1/policies/{CANARY}/x/1", {}, 404, "CR-L003"),
        ("GET", f"/v1/contracts/{CANARY}", {}, 404, "CR-L003"),
    ],
)
def test_failures_are_problems_that_repeat_nothing(
    case: Case, method: str, address: str, how: dict[str, object], status: int, code: str
) -> None:
    """INVARIANT I15: status, code and help; the canary is nowhere."""
    answer = case.client("harbor-analyst").request(method, address, **how)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert CANARY not in answer.text
    assert CANARY not in str(answer.headers)


def test_a_defect_is_a_500_without_its_text(case: Case) -> None:
    """Whatever a foreign exception says stays inside."""
    app = create_app(case.room, threads=0)

    @app.get("/boom")
    def boom() -> None:
        raise ValueError(CANARY)

    @app.get("/teapot")
    def teapot() -> None:
        raise HTTPException(418, CANARY)

    with structlog.testing.capture_logs() as logs:
        answer = TestClient(app, raise_server_exceptions=False).get("/boom")
    assert (answer.status_code, answer.json()["code"]) == (500, "CR-A012")
    assert CANARY not in answer.text + json.dumps(logs)
    assert [entry["kind"] for entry in logs if entry["event"] == "unexpected"] == ["ValueError"]
    other = TestClient(app, raise_server_exceptions=False).get("/teapot")
    assert (other.status_code, CANARY in other.text) == (418, False)


def test_a_policy_refusal_carries_all_violations(case: Case) -> None:
    """A text with two mistakes: both come back at once."""
    text = SALES_POLICY.format(version=1, mode="ad_hoc").replace("zeros: release", "zeros: maybe\nunknown: 1")
    answer = case.client("harbor-steward").post("/v1/policies", json={"text": text})
    assert answer.status_code == 403
    assert {violation["code"] for violation in answer.json()["violations"]} == {"CR-P003", "CR-P005"}


def test_no_response_log_line_or_metric_holds_a_canary(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole main path, with suppressed cells, filters, parameters and refusals full of canaries."""
    stderr = io.StringIO()
    monkeypatch.setattr("sys.stderr", stderr)
    configure_logs()
    try:
        seen = _walk(case)
    finally:
        structlog.reset_defaults()
    assert CANARY not in seen
    logged = stderr.getvalue()
    assert CANARY not in logged
    assert '"route": "/runs"' in logged or '"route": "/v1/runs"' in logged
    assert "SELECT" not in logged


def _walk(case: Case) -> str:
    """Everything that anybody but the asker's own input echoes; the small cell is a canary region."""
    case.policy()
    rows = [sale(n) for n in range(12)] + [sale(500 + n, region=CANARY, sale_id=f"{CANARY}{n}") for n in range(3)]
    upload = case.push(rows)
    sql = f"SELECT region, COUNT(sale_id) AS sold FROM sales WHERE region <> '{CANARY}' GROUP BY region"
    asks = [
        {"sql": AD_HOC, "purpose": "warranty"},
        {"sql": sql, "purpose": "warranty"},
        {"sql": f"SELECT {CANARY.replace('-', '_')} FROM sales", "purpose": "warranty"},
        {"template": "sales-by-region", "parameters": {"channel": CANARY}},
        {"sql": AD_HOC, "purpose": "warranty", "parameters": {"x": CANARY}},
    ]
    seen = [json.dumps(upload)]
    analyst = case.client("solstice-analyst")
    analyst.post("/v1/queries", json={"text": TEMPLATE})
    for ask in asks:
        run = case.run(ask)
        seen.append(json.dumps(run))
        if run["release_id"]:
            place = f"/v1/releases/{run['release_id']}"
            seen += [analyst.get(f"{place}?format={name}").text for name in ("json", "csv")]
    for user in ("harbor-uploader", "harbor-steward", "solstice-analyst", "solstice-auditor", "harbor-operator"):
        client = case.client(user)
        places = ("log?limit=500", "ledger", "runs", "releases", "datasets", "uploads", "policies", "members", "users")
        seen += [client.get(f"/v1/{place}").text for place in places]
        seen.append(client.get("/metrics").text)
    seen.append(case.client("harbor-uploader").get(f"/v1/uploads/{upload['upload_id']}/quality").text)
    return "\n".join(seen)


def test_every_response_says_how_it_may_be_used(case: Case) -> None:
    """No sniffing, no framing, no referrer, nothing loaded from anywhere."""
    for address in ("/healthz", "/v1/room", "/v1/nothing"):
        headers = case.client("harbor-analyst").get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_probes_answer_and_metrics_name_routes_by_pattern(case: Case) -> None:
    """A member's name or an id in an address is no label."""
    client = case.client("harbor-analyst")
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    client.get(f"/v1/members/{CANARY}")
    client.get(f"/v1/{CANARY}")
    text = client.get("/metrics").text
    assert CANARY not in text
    assert "cleanroom_http_requests_total" in text
