"""Two colleagues, two servers, one moment: what is asked at the same time is held against each other all the same."""

import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.usecases.ingest import ingest_upload
from api.usecases.questions import Ask
from api.usecases.run_story import execute_run, tools_for
from api.usecases.runs import get_release, get_run, submit_run
from cleanroom.names import RunId, UploadId
from cleanroom.released import Withheld
from cleanroom.state import RunState
from tests.api.api_case import Case, open_upload, packaged, patch, sale

ASKER = "solstice-analyst"
ALL = "SELECT COUNT(sale_id) AS n FROM sales"
BUT_ONE = f"{ALL} WHERE channel = 'store'"
_SECONDS = 60


@pytest.fixture
def sold(case: Case) -> Case:
    """Thirty buyers, of whom one bought online."""
    case.clock.at = datetime.now(UTC)
    case.push([sale(n, channel="online" if n == 7 else "store") for n in range(30)])
    case.policy()
    return case


def _submitted(case: Case, question: str) -> RunId:
    return submit_run(case.room, case.who(ASKER), Ask(sql=question, purpose="warranty")).run_id


def _numbers(case: Case, runs: list[RunId]) -> list[object]:
    found = []
    for run in runs:
        release = get_run(case.room, case.who(ASKER), run).release_id
        assert release is not None
        found.append(get_release(case.room, case.who(ASKER), release).table.rows[0][0])
    return found


def test_two_processes_do_not_release_two_halves_of_a_subtraction(sold: Case, tmp_path: Path) -> None:
    """INVARIANT I13: thirty, and twenty-nine without the one: whichever is first leaves, the other is withheld."""
    runs = [_submitted(sold, question) for question in (ALL, BUT_ONE)]
    start = tmp_path / "start"
    ready = [tmp_path / f"ready{n}" for n in range(2)]
    program = Path(__file__).with_name("two_servers.py")
    servers = [
        subprocess.Popen(
            [sys.executable, str(program), str(sold.room.folder), run, str(one), str(start)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
            env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"},
        )
        for run, one in zip(runs, ready, strict=True)
    ]
    deadline = time.monotonic() + _SECONDS
    while not all(one.exists() for one in ready):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    start.touch()
    ended = [server.communicate(timeout=_SECONDS)[0].decode().strip() for server in servers]
    assert [end.splitlines()[-1] for end in ended] == ["SUCCESS", "SUCCESS"]
    numbers = _numbers(sold, runs)
    assert [isinstance(number, Withheld) for number in numbers].count(True) == 1
    assert [number for number in numbers if not isinstance(number, Withheld)] in ([30], [29])


def test_what_was_recorded_and_never_told_still_counts(sold: Case) -> None:
    """INVARIANT I16: killed between recording and storing; the colleague's half of the subtraction stays withheld."""
    first, second = _submitted(sold, ALL), _submitted(sold, BUT_ONE)

    class Killed(BaseException):
        """What kill -9 is to the story: nothing after it runs."""

    def kill(step: str) -> None:
        if step == "released":
            raise Killed

    with pytest.raises(Killed, match=r"^$"):
        execute_run(sold.room, first, replace(tools_for(sold.room), checkpoint=kill))
    assert execute_run(sold.room, second, tools_for(sold.room)) is RunState.SUCCESS
    assert execute_run(sold.room, first, tools_for(sold.room)) is RunState.SUCCESS
    numbers = _numbers(sold, [first, second])
    assert (numbers[0], isinstance(numbers[1], Withheld)) == (30, True)


def test_an_upload_in_the_middle_of_a_run_is_not_in_its_answer(sold: Case) -> None:
    """A plan pins its snapshots; what is asked afterwards, with one more and without another, is held against it."""
    run = _submitted(sold, ALL)

    def upload(step: str) -> None:
        if step == "planned":
            manifest, content = packaged([sale(500)], sold.keys["harbor"])
            client = sold.client("harbor-uploader")
            place = open_upload(client, manifest, len(content), mode="append")
            assert patch(client, place, 0, content).status_code == 204
            ingest_upload(sold.room, UploadId(place.rpartition("/")[2]))

    assert execute_run(sold.room, run, replace(tools_for(sold.room), checkpoint=upload)) is RunState.SUCCESS
    later = _submitted(sold, BUT_ONE)
    assert execute_run(sold.room, later, tools_for(sold.room)) is RunState.SUCCESS
    assert len(sold.client("harbor-uploader").get("/v1/datasets/sales/snapshots").json()) == 2
    numbers = _numbers(sold, [run, later])
    assert (numbers[0], isinstance(numbers[1], Withheld)) == (30, True)
