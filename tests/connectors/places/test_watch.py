"""The watched folder: each file once, a receipt beside it, whatever kills the process in between."""

import json
import os
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from cleanroom.errors import Conflict, DataRefused, NotAuthorised, NotFound, Unavailable
from connectors.places import Located, locate
from connectors.places.receipts import Receipts, sole_watcher
from connectors.places.watch import Outcome, State, Watcher, WatchOptions, watch

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


def watcher(folder: Path, push: Callable[[Path], dict[str, object]], **options: object) -> Watcher:
    """A watcher of a folder at a fixed time."""

    def items() -> Iterable[Located]:
        return locate(str(folder))

    chosen = WatchOptions(**options)  # type: ignore[arg-type]
    return Watcher(items, push, now=lambda: NOW, receipts=Receipts(folder), options=chosen)


def passes(watching: Watcher, count: int) -> list[Outcome]:
    """What is done in so many passes."""
    left = iter(range(count - 1))
    return list(watch(watching, lambda: next(left, None) is not None))


def test_a_file_is_pushed_once_and_gets_a_receipt(tmp_path: Path, pushes: Pushes) -> None:
    """Also over restarts: the receipt is the memory."""
    put(tmp_path, "a.csv")
    assert passes(watcher(tmp_path, pushes), 3) == [Outcome(name="a.csv", state=State.PUSHED)]
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
    assert passes(watcher(tmp_path, pushes), 3) == [Outcome(name="a.csv", state=State.RESTATED)]
    assert pushes.names == ["a.csv", "a.csv"]


def test_a_refused_file_says_why_and_waits_for_a_change(tmp_path: Path, pushes: Pushes) -> None:
    """One refusal, one receipt; the next content is tried."""
    put(tmp_path, "a.csv")
    pushes.failure = DataRefused("CR-D102", "the file is empty", help="check the export")
    assert passes(watcher(tmp_path, pushes), 4) == [Outcome(name="a.csv", state=State.REFUSED, code="CR-D102")]
    assert json.loads((tmp_path / "a.csv.receipt.json").read_text())["code"] == "CR-D102"
    pushes.failure = None
    put(tmp_path, "a.csv", b"a\n5\n", age=20)
    assert passes(watcher(tmp_path, pushes), 2) == [Outcome(name="a.csv", state=State.PUSHED)]


def test_a_temporary_trouble_is_tried_again(tmp_path: Path, pushes: Pushes) -> None:
    """No receipt until it is over."""
    put(tmp_path, "a.csv")
    watching = watcher(tmp_path, pushes)
    pushes.failure = Unavailable("CR-A900", "the room does not answer")
    assert [outcome.state for outcome in passes(watching, 3)] == ["retry", "retry"]
    assert not (tmp_path / "a.csv.receipt.json").exists()
    pushes.failure = None
    assert [outcome.state for outcome in passes(watching, 1)] == ["pushed"]


def test_a_room_that_is_away_is_not_asked_for_every_file(tmp_path: Path, pushes: Pushes) -> None:
    """A night's files would each wait for it in vain: the pass ends, and the next one begins anew."""
    for name in ("a.csv", "b.csv", "c.csv"):
        put(tmp_path, name)
    watching = watcher(tmp_path, pushes)
    pushes.failure = Unavailable("CR-A070", "the room cannot be reached")
    assert passes(watching, 2) == [Outcome(name="a.csv", state=State.RETRY, code="CR-A070")]
    pushes.failure = None
    assert [outcome.name for outcome in passes(watching, 1)] == ["a.csv", "b.csv", "c.csv"]


def test_a_kill_during_the_push_means_it_is_pushed_again(tmp_path: Path, pushes: Pushes) -> None:
    """INVARIANT I6: no receipt was written, so nothing is thought to be done, and nothing was moved."""
    put(tmp_path, "a.csv")
    pushes.failure = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt, match=r"\A\Z"):
        passes(watcher(tmp_path, pushes, done=tmp_path / "done"), 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv"]
    pushes.failure = None
    assert passes(watcher(tmp_path, pushes, done=tmp_path / "done"), 2) == [Outcome(name="a.csv", state=State.PUSHED)]


def test_a_torn_receipt_counts_as_none(tmp_path: Path, pushes: Pushes) -> None:
    """A receipt that is not whole is written anew."""
    put(tmp_path, "a.csv")
    (tmp_path / "a.csv.receipt.json").write_bytes(b'{"etag": "')
    assert passes(watcher(tmp_path, pushes), 2) == [Outcome(name="a.csv", state=State.PUSHED)]


def test_a_changed_file_is_reported_where_it_cannot_be_restated(tmp_path: Path, pushes: Pushes) -> None:
    """Appending it again would count its rows twice: it is said on every look, and nothing is done."""
    put(tmp_path, "a.csv")
    passes(watcher(tmp_path, pushes, restates=False), 2)
    put(tmp_path, "a.csv", b"a\n2\n", age=20)
    expected = Outcome(name="a.csv", state=State.DIFFERS, code="CR-D231")
    assert passes(watcher(tmp_path, pushes, restates=False), 3) == [expected, expected]
    assert pushes.names == ["a.csv"]


def test_a_refused_file_is_tried_again_under_another_mapping(tmp_path: Path, pushes: Pushes) -> None:
    """The operator mended the mapping: nobody has to touch the files, and those that are in stay as they are."""
    put(tmp_path, "a.csv")
    put(tmp_path, "b.csv")
    passes(watcher(tmp_path, pushes, how="first"), 2)
    put(tmp_path, "c.csv")
    pushes.failure = DataRefused("CR-D510", "columns are missing")
    passes(watcher(tmp_path, pushes, how="first"), 2)
    pushes.failure = None
    assert passes(watcher(tmp_path, pushes, how="second"), 2) == [Outcome(name="c.csv", state=State.PUSHED)]


def test_what_is_no_files_fault_stops_the_watch(tmp_path: Path, pushes: Pushes) -> None:
    """A key that is not valid any more must not mark a folder of good files as refused."""
    put(tmp_path, "a.csv")
    pushes.failure = NotAuthorised("CR-A001", "sign in first")
    with pytest.raises(NotAuthorised, match="CR-A001"):
        passes(watcher(tmp_path, pushes), 2)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_one_file_that_cannot_be_read_keeps_no_other_back(tmp_path: Path, pushes: Pushes) -> None:
    """It is said, and tried again; a folder is not given up for it."""
    items = [
        Located(name="a.csv", size=4, etag="1", open=broken, is_whole=True),
        Located(name="b.csv", size=4, etag="1", open=lambda: BytesIO(b"a\n1\n"), is_whole=True),
        Located(name="c.csv", size=4, etag="1", open=gone, is_whole=True),
    ]
    watching = Watcher(lambda: items, pushes, now=lambda: NOW, receipts=Receipts(tmp_path), options=WatchOptions())
    expected = [
        Outcome(name="a.csv", state=State.RETRY, code="CR-D222"),
        Outcome(name="b.csv", state=State.PUSHED),
        Outcome(name="c.csv", state=State.GONE, code="CR-D221"),
    ]
    assert passes(watching, 1) == expected


def broken() -> BinaryIO:
    """A file that the place refuses."""
    raise NotAuthorised("CR-D222", "the store refuses the credentials")


def gone() -> BinaryIO:
    """A file that somebody took away."""
    raise NotFound("CR-D221", "there is no such object")


def test_a_remote_file_has_settled_when_it_was_seen_unchanged_for_a_while(tmp_path: Path, pushes: Pushes) -> None:
    """The other side's clock says nothing: the same size and time as seen from here, long enough apart."""
    clock, etag = [NOW], ["1"]

    def items() -> list[Located]:
        return [Located(name="in/a.csv", size=4, etag=etag[0], open=lambda: BytesIO(b"a\n1\n"))]

    watching = Watcher(items, pushes, now=lambda: clock[0], receipts=Receipts(tmp_path), options=WatchOptions())
    seen = []
    for later, version in ((0, "1"), (4, "1"), (4, "2"), (4, "2"), (2, "2"), (9, "2")):
        clock[0] += later
        etag[0] = version
        seen += [outcome.state for outcome in watching.once()]
    waiting = State.WAITING
    assert seen == [waiting, waiting, waiting, waiting, State.PUSHED, State.KNOWN]
    assert [path.name for path in tmp_path.iterdir()] == ["in%2Fa.csv.receipt.json"]


def test_without_an_etag_the_content_decides(tmp_path: Path, pushes: Pushes) -> None:
    """A database answers anew each time: only another answer is pushed."""
    content = [b"a\n1\n"]
    item = Located(name="query.csv", size=None, etag="", open=lambda: BytesIO(content[0]))
    watching = Watcher(lambda: [item], pushes, now=lambda: NOW, receipts=Receipts(tmp_path), options=WatchOptions())
    states = [outcome.state for _ in range(2) for outcome in watching.once()]
    content[0] = b"a\n2\n"
    states += [outcome.state for _ in range(2) for outcome in watching.once()]
    assert states == [State.PUSHED, State.KNOWN, State.RESTATED, State.KNOWN]


def test_a_receipt_is_left_at_the_place_if_it_takes_one(tmp_path: Path, pushes: Pushes) -> None:
    """A read-only place changes nothing: the receipt here is what counts."""
    left: list[bytes] = []

    def refuse(_: bytes) -> None:
        raise NotAuthorised("CR-D222", "the store refuses the credentials")

    for name, leave in (("a.csv", left.append), ("b.csv", refuse)):
        item = Located(name=name, size=1, etag="1", open=lambda: BytesIO(b"x"), is_whole=True, leave=leave)
        watching = Watcher(lambda: [item], pushes, now=lambda: NOW, receipts=Receipts(tmp_path), options=WatchOptions())  # noqa: B023 - used at once
        assert [outcome.state for _ in range(2) for outcome in watching.once()] == [State.PUSHED, State.KNOWN]
        assert (tmp_path / f"{name}.receipt.json").is_file()
    assert left == [(tmp_path / "a.csv.receipt.json").read_bytes()]


def test_finished_files_move_with_their_receipts(tmp_path: Path, pushes: Pushes) -> None:
    """Only after the receipt; names never overwrite; refused files stay where they are."""
    done = tmp_path / "done"
    put(tmp_path, "a.csv")
    passes(watcher(tmp_path, pushes, done=done), 2)
    put(tmp_path, "a.csv", b"a\n9\n", age=10)
    passes(watcher(tmp_path, pushes, done=done), 2)
    put(tmp_path, "b.csv")
    pushes.failure = DataRefused("CR-D102", "the file is empty")
    passes(watcher(tmp_path, pushes, done=done), 2)
    moved = ["a.2.csv", "a.2.csv.receipt.json", "a.csv", "a.csv.receipt.json"]
    assert sorted(path.name for path in done.iterdir()) == moved
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.csv", "b.csv.receipt.json", "done"]
    assert (done / "a.2.csv").read_bytes() == b"a\n9\n"


@pytest.mark.parametrize("step", ["receipt written", "receipt copied", "file moved"])
def test_a_kill_during_the_move_is_made_good(tmp_path: Path, pushes: Pushes, step: str) -> None:
    """INVARIANT I6: nothing is pushed twice, and every file that moved has its receipt."""
    done = tmp_path / "done"
    put(tmp_path, "a.csv")
    passes(watcher(tmp_path, pushes), 2)
    if step != "receipt written":
        done.mkdir()
        (done / "a.csv.receipt.json").write_bytes((tmp_path / "a.csv.receipt.json").read_bytes())
    if step == "file moved":
        (tmp_path / "a.csv").rename(done / "a.csv")
    passes(watcher(tmp_path, pushes, done=done), 2)
    assert sorted(path.name for path in done.iterdir()) == ["a.csv", "a.csv.receipt.json"]
    assert ([path.name for path in tmp_path.iterdir()], pushes.names) == (["done"], ["a.csv"])


def test_a_file_written_during_its_push_is_taken_again(tmp_path: Path) -> None:
    """What was pushed is not what lies there now."""
    put(tmp_path, "a.csv")

    def push(path: Path) -> dict[str, object]:
        path.write_bytes(b"a\n1\n2\n")
        return {}

    assert passes(watcher(tmp_path, push), 2) == [Outcome(name="a.csv", state=State.RETRY)]
    assert not (tmp_path / "a.csv.receipt.json").exists()


def test_one_watcher_a_folder(tmp_path: Path) -> None:
    """The second one is told; the lock file is not data."""
    with sole_watcher(tmp_path), pytest.raises(Conflict, match="CR-D230"), sole_watcher(tmp_path):
        pass
    with sole_watcher(tmp_path, "a*.csv"), sole_watcher(tmp_path, "b*.csv"):
        assert list(locate(str(tmp_path))) == []
