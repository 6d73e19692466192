"""A folder or an address becomes a feed: each new file is prepared, pushed once, receipted, and told in a line."""

import json
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from api.cli.output import note, say
from api.cli.pushing import counts_of
from api.cli.sending import Sender
from cleanroom.client.remote import Json
from cleanroom.contracts.model import Contract
from cleanroom.errors import CleanroomError, DataRefused, NotFound, Unavailable, UsageProblem
from cleanroom.names import DatasetName
from connectors.places import Located, PlaceOptions, locate
from connectors.places.receipts import Receipt, Receipts, sole_watcher
from connectors.places.watch import Outcome, State, Watcher, WatchOptions, watch

_SETTLE_SECONDS = 5.0
_SECOND_LOOK_SECONDS = 0.2
_RECEIPTS = "cleanroom-receipts"
_DONE_WITH = (State.PUSHED, State.RESTATED, State.REFUSED, State.DIFFERS, State.RETRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What is watched, what its files become, and where receipts go: beside local files, else in ``cleanroom-receipts``."""

    place: str
    options: PlaceOptions
    dataset: str
    mapping: Path | None
    mode: str
    receipts: Path | None
    done: Path | None
    contracts: Mapping[DatasetName, Contract]
    profile: Path | None
    url: str | None
    as_json: bool


def take_once(feed: Feed) -> None:
    """Take what is there and settled, then end.

    Raises:
        NotFound: CR-A080 no such folder. Conflict: CR-D230 another process watches it.
        DataRefused: CR-A111 a file was refused, or changed where the mode cannot restate it.
        Unavailable: the trouble that kept a file from being pushed; the next run takes it up again.
    """
    with _watcher(feed, is_patient=False) as watcher, _until_interrupted() as ended:
        told: Counter[State] = Counter()
        trouble, last_look = "", None
        while True:
            began, waiting = time.monotonic(), []
            for outcome in watcher.once():
                if outcome.state is State.WAITING:
                    waiting.append(outcome.name)
                elif outcome.state is not State.KNOWN:
                    _tell(outcome, as_json=feed.as_json)
                    told[outcome.state] += 1
                    trouble = outcome.code or "CR-D223" if outcome.state is State.RETRY else trouble
                if ended.is_set():
                    return
            # The last look begins well after the first has ended, however slow the place is to list: what has not
            # settled by then is still being written.
            last_look = last_look or time.monotonic() + 2 * _SETTLE_SECONDS
            if trouble or not waiting or began > last_look:
                break
            time.sleep(_SECOND_LOOK_SECONDS)
    for name in waiting:
        note(f"{name}: still being written; it is taken on the next look")
    note(_summary(told))
    if trouble:
        raise Unavailable(trouble, "a file could not be pushed now", help="run it again; nothing is pushed twice")
    if left := told[State.REFUSED] + told[State.DIFFERS]:
        raise DataRefused("CR-A111", f"files that were refused: {left}", help="their receipts say why")


def watch_on(feed: Feed, *, every_seconds: float) -> None:
    """Go on until interrupted (SIGINT, SIGTERM): the file under way is finished first, trouble is tried again."""
    reported: set[tuple[str, str, str]] = set()
    with _watcher(feed, is_patient=True) as watcher, _until_interrupted() as ended:
        note(f"watching every {every_seconds:g} s; interrupt to end")
        for outcome in watch(watcher, lambda: not ended.wait(every_seconds)):
            again = (outcome.name, outcome.state, outcome.code)
            if outcome.state is not State.DIFFERS or again not in reported:
                _tell(outcome, as_json=feed.as_json)
            reported.add(again)
            if ended.is_set():
                return


@contextmanager
def _watcher(feed: Feed, *, is_patient: bool) -> Iterator[Watcher]:
    """The only watcher of this feed. A mapping that does not load is told before any file is touched."""
    if feed.mode not in ("append", "upsert"):
        raise UsageProblem("CR-A047", "a watched feed is appended or upserted", help="--mode append or --mode upsert")
    sender = Sender.of(feed.profile, contracts=feed.contracts)
    sender.mapping_of(feed.dataset, feed.mapping)
    folder, is_beside = _receipts_of(feed)
    about = f"{feed.mapping.read_bytes() if feed.mapping else b''!r} {feed.dataset} {feed.mode}"
    watcher = Watcher(
        lambda: _listed(feed, is_patient=is_patient),
        lambda path: _pushed(sender, path, feed),
        now=time.time,
        receipts=Receipts(folder),
        options=WatchOptions(
            how=sha256(about.encode()).hexdigest()[:16],
            restates=feed.mode == "upsert",
            done=feed.done,
            settle_seconds=_SETTLE_SECONDS,
        ),
    )
    with sole_watcher(folder, f"{Path(feed.place).name} {feed.dataset}" if is_beside else ""):
        yield watcher


def _receipts_of(feed: Feed) -> tuple[Path, bool]:
    """The folder of receipts and locks, and whether the files lie there too."""
    if feed.receipts is None and "://" not in feed.place:
        path = Path(feed.place)
        folder = path if path.is_dir() else path.parent
        has_many = "*" in str(folder)
        if not has_many and not folder.is_dir():
            raise NotFound("CR-A080", "no such file or folder", place=path.name)
        if not has_many and os.access(folder, os.W_OK):
            return folder, True
        note(
            f"receipts lie in {_RECEIPTS}: " + ("files of many folders" if has_many else "the folder may only be read")
        )
    named = feed.receipts or Path(_RECEIPTS) / _slug(feed)
    named.mkdir(parents=True, exist_ok=True)
    return named, False


def _slug(feed: Feed) -> str:
    """A folder name for one feed: what people recognise, and a digest so that no two feeds share one."""
    parts = urlsplit(feed.place)
    shown = re.sub(r"[^A-Za-z0-9.]+", "-", f"{parts.hostname or ''}{parts.path}").strip("-.")[-60:]
    about = f"{feed.place} {feed.options.query} {feed.dataset}"
    return f"{shown or 'place'}-{sha256(about.encode()).hexdigest()[:8]}"


def _pushed(sender: Sender, path: Path, feed: Feed) -> Receipt:
    ended: Json = sender.push(
        path, feed.dataset, feed.mapping, mode=feed.mode, period=None, url=feed.url, wait=True,
        progress=lambda _done, _total: None,
    )  # fmt: skip
    return {"upload_id": ended["upload_id"], "state": ended["state"], "receipt": ended["receipt"]}


def _listed(feed: Feed, *, is_patient: bool) -> Iterable[Located]:
    """What is at the place now; while watching, a place that does not answer is asked again later."""
    try:
        return tuple(locate(feed.place, feed.options))
    except NotFound as nothing:
        if "://" in feed.place:
            note(f"{nothing.code} {nothing.message}")
        return ()
    except CleanroomError as error:
        if not (is_patient and error.retryable):
            raise
        note(f"{error.code} {error.message}; looking again later")
        return ()


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    """One line: what happened to the file, and what to do about it."""
    answer = outcome.receipt.get("receipt") if outcome.receipt is not None else None
    if as_json:
        line = {"file": outcome.name, "state": outcome.state, "code": outcome.code, "message": outcome.message}
        say(json.dumps({**line, "help": outcome.help, "receipt": answer}, ensure_ascii=False))
        return
    if isinstance(answer, dict):
        say(f"{outcome.name}: {outcome.state} {counts_of(answer)}")
        return
    why = "; ".join(text for text in (f"{outcome.code} {outcome.message}".strip(), outcome.help) if text)
    what_next = {
        State.REFUSED: "nothing of it was stored; it is taken again when the file or the mapping changes",
        State.RETRY: "it is taken again on the next look",
        State.DIFFERS: "nothing was done",
        State.GONE: "it was taken away meanwhile",
    }
    say(f"{outcome.name}: {outcome.state} ({why}); {what_next[outcome.state]}")


def _summary(told: Counter[State]) -> str:
    done = ", ".join(f"{told[state]} {state}" for state in _DONE_WITH if told[state])
    files = sum(told.values())
    return f"{files} file{'s' if files > 1 else ''}: {done}" if done else "nothing new"


@contextmanager
def _until_interrupted() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set instead of killing a push half way."""
    ended = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield ended
        return
    stop: Callable[[int, object], None] = lambda _signal, _frame: ended.set()  # noqa: E731
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
