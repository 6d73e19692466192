"""kill -9 at each numbered step of both flows: reopened, nothing is half done and nothing is lost."""

import os
import signal
from datetime import timedelta

import pytest
from api_case import AD_HOC, Case, open_upload, packaged, patch, sales
from crash_child import die_at

from api.usecases.log import verify_log
from api.usecases.run_story import STEPS as RUN_STEPS
from api.worker import work_off
from cleanroom.ingest import STEPS as INGEST_STEPS
from cleanroom.ingest import read_receipt

_ASKED = {"sql": AD_HOC, "purpose": "warranty"}


def _kill_at(case: Case, flow: str, step: str) -> None:
    """Work the queue in another process that dies at ``step``; forked, so that nothing is imported again."""
    case.room.close()
    case.clock.at += timedelta(minutes=10)
    child = os.fork()
    if child == 0:
        try:
            die_at(str(case.folder / "room"), flow, step, case.clock.at)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    case.clock.at += timedelta(minutes=10)


@pytest.mark.parametrize("step", RUN_STEPS)
def test_a_run_killed_at_any_step_ends_in_exactly_one_release(case: Case, step: str) -> None:
    """INVARIANT I6, I14, I16: the run comes back to the queue, the answer is the same, the log holds."""
    case.policy()
    case.push(sales(12, 3))
    run = case.client("solstice-analyst").post("/v1/runs", json=_ASKED).json()["run_id"]
    _kill_at(case, "run", step)
    case.reopened()
    work_off(case.room)
    client = case.client("solstice-analyst")
    view = client.get(f"/v1/runs/{run}").json()
    assert view["state"] == "SUCCESS", view
    releases = client.get("/v1/releases").json()["items"]
    assert [release["release_id"] for release in releases] == [view["release_id"]]
    answer = client.get(f"/v1/releases/{view['release_id']}").json()
    assert answer["rows"] == [{"region": "north", "sold": 12}]
    verify_log(case.room, case.who("harbor-auditor"))


@pytest.mark.parametrize("step", INGEST_STEPS)
def test_an_upload_killed_at_any_step_is_committed_once(case: Case, step: str) -> None:
    """The upload finishes after reopening, its receipt counts every row once, the log holds."""
    manifest, content = packaged(sales(12, 3), case.keys["harbor"])
    client = case.client("harbor-uploader")
    place = open_upload(client, manifest, len(content))
    patch(client, place, 0, content)
    _kill_at(case, "ingest", step)
    case.reopened()
    work_off(case.room)
    client = case.client("harbor-uploader")
    view = client.get(place).json()
    assert view["state"] == "committed", view
    counts = read_receipt(view["receipt"], case.room.verify_key).receipt.counts
    assert (counts.inserted, counts.reconciles) == (15, True)
    assert len(client.get("/v1/datasets/sales/snapshots").json()) == 1
    verify_log(case.room, case.who("harbor-auditor"))
