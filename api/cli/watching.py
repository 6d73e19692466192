"""``cleanroom data watch``: a folder or an address becomes a feed; each new file is prepared, pushed once, receipted."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from api.cli.output import note, say
from api.cli.sending import Sender
from cleanroom.client.remote import Json
from cleanroom.contracts.model import Contract
from cleanroom.errors import CleanroomError, DataRefused, NotFound, Unavailable
from cleanroom.names import DatasetName
from connectors.places import Located, locate
from connectors.places.watch import Outcome, Receipt, Watcher, sole_watcher, watch

_SETTLE_SECONDS = 5.0
_SECOND_LOOK_SECONDS = 0.2
_RECEIPTS = "cleanroom-receipts"


def watch_place(
    place: str,
    dataset: str,
    mapping: Path | None,
    *,
    mode: str,
    contracts: Mapping[DatasetName, Contract],
    profile: Path | None,
    url: str | None,
    once: bool,
    every_seconds: float,
) -> None:
    """Push each new or changed file at ``place``; receipts lie beside local files, else in ``cleanroom-receipts``.

    With ``once``, take what is there and settled, then end. Without, go on until interrupted (SIGINT, SIGTERM): the
    file under way is finished first, and a temporary trouble is tried again on the next look.

    Raises:
        NotFound: CR-A080 no such folder. Conflict: CR-D230 another process watches it.
        DataRefused: CR-A111 with ``once``, when any file was refused.
        CleanroomError: with ``once``, the trouble that kept a file from being pushed.
    """
    sender = Sender.of(profile, contracts=contracts)
    is_remote = "://" in place
    folder = Path(_RECEIPTS) if is_remote else _folder_of(place)
    if is_remote:
        folder.mkdir(exist_ok=True)
    watcher = Watcher(
        lambda: _listed(place, is_patient=not once),
        lambda path: _pushed(sender, path, dataset, mapping, mode=mode, url=url),
        now=time.time,
        receipts=folder if is_remote else None,
        settle_seconds=_SETTLE_SECONDS,
    )
    lock: AbstractContextManager[None] = sole_watcher(folder) if folder.is_dir() else nullcontext()
    with lock, _until_interrupted() as ended:
        if once:
            _take_what_is_there(watcher)
            return
        note(f"watching every {every_seconds:g} s; interrupt to end")
        for outcome in watch(watcher, lambda: not ended.wait(every_seconds)):
            _tell(outcome)
            if ended.is_set():
                return


def _take_what_is_there(watcher: Watcher) -> None:
    """Two looks, as a file that is still growing differs between them; one that is too young waits until it is not."""
    refused, troubled, deadline = 0, "", time.monotonic() + 2 * _SETTLE_SECONDS
    seen: set[str] = set()
    while True:
        outcomes = watcher.once()
        for outcome in outcomes:
            if outcome.state in ("pushed", "refused", "retry"):
                _tell(outcome)
                seen.add(outcome.name)
        refused += sum(outcome.state == "refused" for outcome in outcomes)
        troubled = next((outcome.code for outcome in outcomes if outcome.state == "retry" and outcome.code), "")
        if troubled or not any(outcome.state == "waiting" for outcome in outcomes) or time.monotonic() > deadline:
            break
        time.sleep(_SECOND_LOOK_SECONDS)
    for outcome in outcomes:
        if outcome.state == "waiting":
            note(f"{outcome.name}: still being written; it is taken on the next look")
    if troubled:
        raise Unavailable(troubled, "a file could not be pushed now", help="run it again; nothing is pushed twice")
    if refused:
        raise DataRefused("CR-A111", f"files that were refused: {refused}", help="their receipts say why")
    if not seen:
        note("nothing new")


def _pushed(sender: Sender, path: Path, dataset: str, mapping: Path | None, *, mode: str, url: str | None) -> Receipt:
    ended: Json = sender.push(
        path, dataset, mapping, mode=mode, period=None, url=url, wait=True, progress=lambda _done, _total: None
    )
    return {"upload_id": ended["upload_id"], "state": ended["state"], "receipt": ended["receipt"]}


def _listed(place: str, *, is_patient: bool) -> Iterable[Located]:
    """What is at the place now; while watching, a place that does not answer is asked again later."""
    try:
        return tuple(locate(place))
    except NotFound:
        return ()
    except CleanroomError as error:
        if not (is_patient and error.retryable):
            raise
        note(f"{error.code} {error.message}; looking again later")
        return ()


def _tell(outcome: Outcome) -> None:
    say(f"{outcome.name}: {outcome.state}" + (f" ({outcome.code})" if outcome.code else ""))


def _folder_of(place: str) -> Path:
    path = Path(place)
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        raise NotFound("CR-A080", "no such file or folder", place=path.name)
    return folder


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
