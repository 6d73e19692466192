"""Runs and releases: states, events, cancelling, formats, and who may hold an answer."""

import json
from io import BytesIO

import pyarrow.parquet as pq
import pytest
from api_case import AD_HOC, Case, sales

from api.usecases.run_story import RunTools, execute_run, tools_for
from cleanroom.state import RunState

_ASKED = {"sql": AD_HOC, "purpose": "warranty"}


@pytest.fixture
def answered(case: Case) -> tuple[Case, str]:
    """A room with one release."""
    case.policy()
    case.push(sales(12, 3))
    return case, str(case.run(_ASKED)["release_id"])


def test_every_format_holds_the_same_rows(answered: tuple[Case, str]) -> None:
    """By ?format= and by Accept; media types and file names fit."""
    case, release = answered
    client = case.client("solstice-analyst")
    place = f"/v1/releases/{release}"
    assert client.get(f"{place}?format=csv").text.splitlines() == ["region,sold", "north,12"]
    parquet = client.get(place, headers={"Accept": "application/vnd.apache.parquet"})
    assert pq.read_table(BytesIO(parquet.content)).to_pylist() == [{"region": "north", "sold": 12}]
    for name in ("json", "csv", "parquet", "arrow", "xlsx", "pdf", "html"):
        answer = client.get(f"{place}?format={name}")
        assert (answer.status_code, name == "json" or len(answer.content) > 10) == (200, True)
        assert release in answer.headers["Content-Disposition"]
    best = client.get(place, headers={"Accept": "text/csv;q=0.5, application/json"})
    assert best.headers["Content-Type"].startswith("application/json")


def test_a_format_that_is_not_there_is_not_acceptable(answered: tuple[Case, str]) -> None:
    """406 for Accept, 400 for ?format=."""
    case, release = answered
    client = case.client("solstice-analyst")
    assert client.get(f"/v1/releases/{release}", headers={"Accept": "image/gif"}).json()["code"] == "CR-A008"
    assert client.get(f"/v1/releases/{release}?format=docx").json()["code"] == "CR-R501"


def test_an_etag_saves_the_second_download(answered: tuple[Case, str]) -> None:
    """304 with the same tag; another format has another."""
    case, release = answered
    client = case.client("solstice-analyst")
    first = client.get(f"/v1/releases/{release}?format=csv")
    again = client.get(f"/v1/releases/{release}?format=csv", headers={"If-None-Match": first.headers["ETag"]})
    other = client.get(f"/v1/releases/{release}?format=json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, other.status_code) == (304, b"", 200)


def test_receivers_hold_the_answer_and_nobody_else(answered: tuple[Case, str]) -> None:
    """The owner is a receiver of its policy; the other retailer's view is that of no release at all."""
    case, release = answered
    assert case.client("harbor-analyst").get(f"/v1/releases/{release}").status_code == 200
    other = case.client("quayside-analyst")
    assert other.get("/v1/releases").json()["items"] == []
    assert other.get(f"/v1/releases/{release}").json() == other.get("/v1/releases/none").json()
    runs = case.client("solstice-analyst").get("/v1/runs").json()["items"]
    assert other.get(f"/v1/runs/{runs[0]['run_id']}").json() == other.get("/v1/runs/none").json()


def test_events_tell_the_state_until_the_end(answered: tuple[Case, str]) -> None:
    """Server-sent events of a run that has ended: one state, then the stream closes."""
    case, _ = answered
    client = case.client("solstice-analyst")
    run = client.get("/v1/runs").json()["items"][0]["run_id"]
    with client.stream("GET", f"/v1/runs/{run}/events") as stream:
        lines = [line for line in stream.iter_lines() if line]
    assert lines[0] == "event: state"
    assert json.loads(lines[1].removeprefix("data: "))["state"] == "SUCCESS"


def test_a_run_that_waits_is_cancelled_at_once(case: Case) -> None:
    """And a run that has ended is not cancelled."""
    client = case.client("solstice-analyst")
    run = client.post("/v1/runs", json=_ASKED).json()["run_id"]
    assert client.post(f"/v1/runs/{run}/cancel").json()["state"] == "CANCELLED"
    assert client.post(f"/v1/runs/{run}/cancel").json()["code"] == "CR-L002"
    assert execute_run(case.room, run, tools_for(case.room)) is RunState.CANCELLED


@pytest.mark.parametrize("step", ["started", "planned", "released"])
def test_a_run_cancelled_at_any_step_releases_nothing(case: Case, step: str) -> None:
    """The answer is thrown away when the cancel came before it was stored."""
    case.policy()
    case.push(sales(12, 3))
    client = case.client("solstice-analyst")
    run = client.post("/v1/runs", json=_ASKED).json()["run_id"]

    def stop(reached: str) -> None:
        if reached == step:
            client.post(f"/v1/runs/{run}/cancel")

    tools = RunTools(ledger=tools_for(case.room).ledger, checkpoint=stop)
    assert execute_run(case.room, run, tools) is RunState.CANCELLED
    assert client.get("/v1/releases").json()["items"] == []


@pytest.mark.parametrize("step", ["planned", "released"])
def test_a_policy_withdrawn_while_a_run_is_under_way_takes_its_answer(case: Case, step: str) -> None:
    """Nothing is released under a policy that has ended."""
    case.policy()
    case.push(sales(12, 3))
    run = case.client("solstice-analyst").post("/v1/runs", json=_ASKED).json()["run_id"]
    steward = case.client("harbor-steward")

    def withdraw(reached: str) -> None:
        if reached == step:
            assert steward.post("/v1/policies/harbor/sales/1/withdraw").status_code == 200

    tools = RunTools(ledger=tools_for(case.room).ledger, checkpoint=withdraw)
    assert execute_run(case.room, run, tools) is RunState.REFUSED
    assert case.client("solstice-analyst").get("/v1/releases").json()["items"] == []


def test_two_runs_of_one_plan_at_the_same_time_end_in_one_release(case: Case) -> None:
    """INVARIANT I14: the second to store finds the first one's release and ends in it."""
    case.policy()
    case.push(sales(12, 3))
    client = case.client("solstice-analyst")
    slow, fast = (client.post("/v1/runs", json=_ASKED).json()["run_id"] for _ in range(2))
    ledger = tools_for(case.room).ledger

    def overtake(reached: str) -> None:
        if reached == "released":
            assert execute_run(case.room, fast, RunTools(ledger=ledger)) is RunState.SUCCESS

    assert execute_run(case.room, slow, RunTools(ledger=ledger, checkpoint=overtake)) is RunState.SUCCESS
    views = [client.get(f"/v1/runs/{run}").json() for run in (slow, fast)]
    assert views[0]["release_id"] == views[1]["release_id"]
    assert len(client.get("/v1/releases").json()["items"]) == 1


def test_a_defect_in_a_run_ends_it_and_tells_nothing(case: Case) -> None:
    """FAILED with CR-A012; the next question is answered."""
    case.policy()
    case.push(sales(12, 3))
    client = case.client("solstice-analyst")
    run = client.post("/v1/runs", json=_ASKED).json()["run_id"]

    def break_down(_: str) -> None:
        raise ValueError("canary-4711")

    tools = RunTools(ledger=tools_for(case.room).ledger, checkpoint=break_down)
    assert execute_run(case.room, run, tools) is RunState.FAILED
    view = client.get(f"/v1/runs/{run}")
    assert (view.json()["problem"]["code"], "canary" in view.text) == ("CR-A012", False)
    assert case.run(_ASKED)["state"] == "SUCCESS"


def test_lists_are_paged_by_cursor(case: Case) -> None:
    """Three runs, two pages, none twice."""
    client = case.client("solstice-analyst")
    made = [client.post("/v1/runs", json=_ASKED).json()["run_id"] for _ in range(3)]
    first = client.get("/v1/runs?limit=2").json()
    second = client.get(f"/v1/runs?limit=2&cursor={first['next_cursor']}").json()
    assert [run["run_id"] for run in (*first["items"], *second["items"])] == made[::-1]
    assert second["next_cursor"] is None
