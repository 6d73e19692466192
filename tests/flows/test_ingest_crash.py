"""INVARIANT I6: a snapshot is all or nothing, and survives kill -9 after every numbered step."""

import multiprocessing
import secrets
import signal
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from cleanroom.ingest import STEPS, read_receipt, recover
from cleanroom.vault import RowCounts
from tests.cleanroom.ingest.rig import HARBOR, NOW, Rig
from tests.flows.ingest_worker import push_files

# A server that has imported everything and started nothing: its children are cheap and have no thread of ours.
_SPAWN = multiprocessing.get_context("forkserver")
_SPAWN.set_forkserver_preload(["tests.flows.ingest_worker"])


def _start(folder: Path, name: str, step: str, *pushes: str) -> ForkServerProcess:
    process = _SPAWN.Process(target=push_files, args=(folder, name, step, pushes))
    process.start()
    return process


def _code(process: ForkServerProcess) -> int | None:
    process.join(120)
    return process.exitcode


@pytest.mark.parametrize("step", STEPS)
def test_killed_after_a_step_nothing_is_half_done_and_a_resend_finishes(tmp_path: Path, step: str) -> None:
    """Killed, reopened, healed: the file is in whole or not at all; pushed again it is in exactly once."""
    rig = Rig.make(tmp_path)
    rig.push([{"sale_id": "earlier", "sale_date": NOW.date()}], upload="earlier")
    assert _code(_start(tmp_path, "killed", step, "u1:0:40")) == -signal.SIGKILL

    unfinished = recover(
        {HARBOR: rig.vault}, rig.journal, room_key=rig.room_key, clock=lambda: NOW, random=secrets.token_bytes
    )
    in_lake = STEPS.index(step) >= STEPS.index("committed")
    assert rig.read("SELECT count(*) FROM h.sales") == [(41 if in_lake else 1,)]
    assert [intent.upload for intent in unfinished] == (["u1"] if step == "intended" else [])
    assert ("u1" in rig.journal.events("commit")) is in_lake

    push_files(tmp_path, "again", "-", ["u1:0:40"])
    assert (tmp_path / "again.counts").read_text() == "rows=40 inserted=40\n"
    assert rig.read("SELECT count(*), count(DISTINCT sale_id) FROM h.sales") == [(41, 41)]
    receipt = read_receipt(rig.journal.events("commit")["u1"], rig.room_key.verify_key).receipt
    assert receipt.counts == RowCounts(rows=40, inserted=40)
    assert not list(rig.vault.place.spill.glob("*"))


def test_two_processes_push_at_once_and_one_is_killed(tmp_path: Path) -> None:
    """Two writers with overlapping files, one dying in between: the outcome is that of any order."""
    rig = Rig.make(tmp_path)
    files = [f"{start}:{start + 30}" for start in range(0, 90, 30)]
    started = (
        _start(tmp_path, "first", "-", *(f"a{n}:{file}" for n, file in enumerate(files))),
        _start(tmp_path, "second", "-", *(f"b{n}:{file}" for n, file in enumerate(reversed(files)))),
        _start(tmp_path, "third", "committed", "c0:90:120"),
    )
    assert [_code(process) for process in started] == [0, 0, -signal.SIGKILL]
    assert rig.vault.heal() > 0
    assert rig.read("SELECT count(*), count(DISTINCT sale_id) FROM h.sales") == [(120, 120)]
    lines = [line for name in ("first", "second") for line in (tmp_path / f"{name}.counts").read_text().splitlines()]
    assert sorted(lines) == ["rows=30 inserted=30"] * 3 + ["rows=30 unchanged=30"] * 3


def test_readers_never_wait_for_a_writer(tmp_path: Path) -> None:
    """While the lock is held and a transaction is open, the published copy reads as before."""
    rig = Rig.make(tmp_path)
    rig.push([{"sale_id": "S1", "sale_date": NOW.date()}])
    with rig.vault.writer() as writer:
        writer.connection.execute("BEGIN")
        writer.connection.execute("DELETE FROM lake.sales")
        assert rig.read("SELECT count(*) FROM h.sales") == [(1,)]
    assert rig.read("SELECT count(*) FROM h.sales") == [(1,)]
