"""The watched folder: each file once, a receipt beside it, whatever kills the process in between."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from cleanroom.errors import Conflict, DataRefused, Unavailable
from connectors.places import Located, locate
from connectors.places.watch import Outcome, Watcher, sole_watcher, watch

NOW = 1_800_000_000.0


class Pushes:
    """A push that remembers and can be told to fail."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.failure: BaseException | None = None

    def __call__(self, path: Path) -> dict[str, object]:
        """Push."""
        self.names.append(path.name)
        if self.failure is not None:
            raise self.failure
        return {"inserted": 3}


@pytest.fixture
def pushes() -> Pushes:
    """A fresh one."""
    return Pushes()


def put(folder: Path, name: str, data: bytes = b"a\n1\n", age: float = 60) -> None:
    """A file with a known time."""
    (folder / name).write_bytes(data)
    os.utime(folder / name, (NOW - age, NOW - age))


def watcher(folder: Path, push: Callable[[Path], dict[str, object]], **options: Path) -> Watcher:
    """A watcher of a folder at a fixed time."""

    def items() -> Iterable[Located]:
        return locate(str(folder))

    return Watcher(items, push, now=lambda: NOW, **options)


def passes(watching: Watcher, count: int) -> list[Outcome]:
    """What is done in so many passes."""
    left = iter(range(count - 1))
    return list(watch(watching, lambda: next(left, None) is not None))


def test_a_file_is_pushed_once_and_gets_a_receipt(tmp_path: Path, pushes: Pushes) -> None:
    """Also over restarts: the receipt is the memory."""
    put(tmp_path, "a.csv")
    assert passes(watcher(tmp_path, pushes), 3) == [Outcome(name="a.csv", state="pushed")]
    assert passes(watcher(tmp_path, pushes), 3) == []
    assert pushes.names == ["a.csv"]
    receipt = json.loads((tmp_path / "a.csv.receipt.json").read_text())
    assert (receipt["state"], receipt["receipt"]) == ("pushed", {"inserted": 3})


def test_a_growing_file_is_left_alone(tmp_path: Path, pushes: Pushes) -> None:
    """Too young, or changed since the last pass: not yet."""
    watching = watcher(tmp_path, pushes)
    put(tmp_path, "a.csv", age=1)
    assert [outcome.state for _ in range(3) for outcome in watching.once()] == ["waiting"] * 3
    for at in range(3):
        put(tmp_path, "a.csv", b"x" * (at + 1))
        assert [outcome.state for outcome in watching.once()] == ["waiting"]
    assert [outcome.state for outcome in watching.once()] == ["pushed"]


def test_a_changed_file_is_pushed_again_and_a_touched_one_is_not(tmp_path: Path, pushes: Pushes) -> None:
    """Content decides, not the time."""
    put(tmp_path, "a.csv")
    passes(watcher(tmp_path, pushes), 2)
    put(tmp_path, "a.csv", age=30)
    assert passes(watcher(tmp_path, pushes), 3) == []
    put(tmp_path, "a.csv", b"a\n2\n", age=20)
    assert passes(watcher(tmp_path, pushes), 3) == [Outcome(name="a.csv", state="pushed")]
    assert pushes.names == ["a.csv", "a.csv"]


def test_a_refused_file_says_why_and_waits_for_a_change(tmp_path: Path, pushes: Pushes) -> None:
    """One refusal, one receipt; the next content is tried."""
    put(tmp_path, "a.csv")
    pushes.failure = DataRefused("CR-D102", "the file is empty", help="check the export")
    assert passes(watcher(tmp_path, pushes), 4) == [Outcome(name="a.csv", state="refused", code="CR-D102")]
    assert json.loads((tmp_path / "a.csv.receipt.json").read_text())["code"] == "CR-D102"
    pushes.failure = None
    put(tmp_path, "a.csv", b"a\n5\n", age=20)
    assert passes(watcher(tmp_path, pushes), 2) == [Outcome(name="a.csv", state="pushed")]


def test_a_temporary_trouble_is_tried_again(tmp_path: Path, pushes: Pushes) -> None:
    """No receipt until it is over."""
    put(tmp_path, "a.csv")
    watching = watcher(tmp_path, pushes)
    pushes.failure = Unavailable("CR-A900", "the room does not answer")
    assert [outcome.state for outcome in passes(watching, 3)] == ["retry", "retry"]
    assert not (tmp_path / "a.csv.receipt.json").exists()
    pushes.failure = None
    assert [outcome.state for outcome in passes(watching, 1)] == ["pushed"]


def test_a_kill_during_the_push_means_it_is_pushed_again(tmp_path: Path, pushes: Pushes) -> None:
    """INVARIANT I6: no receipt was written, so nothing is thought to be done, and nothing was moved."""
    put(tmp_path, "a.csv")
    pushes.failure = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt, match=r"\A\Z"):
        passes(watcher(tmp_path, pushes, done=tmp_path / "done"), 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv"]
    pushes.failure = None
    assert passes(watcher(tmp_path, pushes, done=tmp_path / "done"), 2) == [Outcome(name="a.csv", state="pushed")]


def test_a_torn_receipt_counts_as_none(tmp_path: Path, pushes: Pushes) -> None:
    """A receipt that is not whole is written anew."""
    put(tmp_path, "a.csv")
    (tmp_path / "a.csv.receipt.json").write_bytes(b'{"etag": "')
    assert passes(watcher(tmp_path, pushes), 2) == [Outcome(name="a.csv", state="pushed")]


def test_finished_files_move_with_their_receipts(tmp_path: Path, pushes: Pushes) -> None:
    """Only after the receipt; a receipt that a kill left behind follows later; names never overwrite."""
    done = tmp_path / "done"
    put(tmp_path, "a.csv")
    passes(watcher(tmp_path, pushes, done=done), 2)
    assert sorted(path.name for path in done.iterdir()) == ["a.csv", "a.csv.receipt.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["done"]
    (done / "a.csv.receipt.json").rename(tmp_path / "a.csv.receipt.json")
    passes(watcher(tmp_path, pushes, done=done), 1)
    assert (done / "a.csv.receipt.json").exists()
    put(tmp_path, "a.csv", b"a\n9\n", age=10)
    passes(watcher(tmp_path, pushes, done=done), 2)
    assert (done / "a.2.csv").read_bytes() == b"a\n9\n"


def test_a_file_written_during_its_push_is_taken_again(tmp_path: Path) -> None:
    """What was pushed is not what lies there now."""
    put(tmp_path, "a.csv")

    def push(path: Path) -> dict[str, object]:
        path.write_bytes(b"a\n1\n2\n")
        return {}

    assert passes(watcher(tmp_path, push), 2) == [Outcome(name="a.csv", state="retry")]
    assert not (tmp_path / "a.csv.receipt.json").exists()


def test_one_watcher_a_folder(tmp_path: Path) -> None:
    """The second one is told; the lock file is not data."""
    with sole_watcher(tmp_path), pytest.raises(Conflict, match="CR-D230"), sole_watcher(tmp_path):
        pass
    with sole_watcher(tmp_path):
        assert list(locate(str(tmp_path))) == []
