"""``data watch``: each new or changed file of a place is pushed once; a receipt lies beside it when that is done.

A receipt is written after the push has returned; without one the file is pushed again. That is safe because a push of
the same rows changes nothing, and it makes every moment of a kill harmless. A file is taken only when it has stopped
growing. A refused file gets a receipt with the reason and waits until its content or the mapping changes; a temporary
trouble leaves no receipt and is tried again. What is wrong with the caller (keys, options) stops the watch: it is no
file's fault.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cleanroom.errors import CleanroomError, DataRefused, IntegrityFailure, NotFound, UsageProblem
from connectors.places.finished import move_finished
from connectors.places.place import Located
from connectors.places.receipts import Receipt, Receipts

Push = Callable[[Path], Receipt]
"""Pushes one file and returns what its receipt should say: JSON values without any cell of the file."""


class State(StrEnum):
    """What became of one file in a pass."""

    PUSHED = "pushed"
    RESTATED = "restated"
    REFUSED = "refused"
    DIFFERS = "differs"
    """It changed after it was pushed, and the push mode cannot restate it; nothing was done."""
    RETRY = "retry"
    WAITING = "waiting"
    GONE = "gone"
    KNOWN = "known"


_ROOM_TROUBLE = "CR-A"
_IN_THE_ROOM = (State.PUSHED, State.RESTATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file in a pass, why, and what its receipt says."""

    name: str
    state: State
    code: str = ""
    message: str = field(default="", compare=False)
    help: str = field(default="", compare=False)
    receipt: Receipt | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """``how`` names everything but the file that decides its push (mapping, mode): refused files wait for it too.

    ``restates``: whether a changed file may be pushed again. ``done``: where finished local files are moved to.
    ``settle_seconds``: how long a file must have been still.
    """

    how: str = ""
    restates: bool = True
    done: Path | None = None
    settle_seconds: float = 5.0


class Watcher:
    """Watches one place. ``items`` lists it anew on each call; ``now`` is the wall clock in seconds since 1970."""

    def __init__(
        self,
        items: Callable[[], Iterable[Located]],
        push: Push,
        *,
        now: Callable[[], float],
        receipts: Receipts,
        options: WatchOptions,
    ) -> None:
        self._items, self._push, self._now = items, push, now
        self._receipts, self._options = receipts, options
        self._seen: dict[str, tuple[str, float]] = {}

    def once(self) -> Iterator[Outcome]:
        """One pass over the place, files in order of their names, each told when it is done.

        Raises:
            CleanroomError: no file's fault: the place cannot be listed, the room or the caller's options refuse.
        """
        if self._options.done is not None:
            self._receipts.clear_moved(self._options.done)
        for item in self._items():
            outcome = self._one(item)
            yield outcome
            if outcome.state is State.RETRY and outcome.code.startswith(_ROOM_TROUBLE):
                return  # the other files would meet it too, each after its own patience

    def _one(self, item: Located) -> Outcome:
        known = self._receipts.read(item)
        if known is not None and item.etag and known.get("etag") == item.etag and self._is_final(known):
            return self._finished(item, State.KNOWN, known)
        if not self._has_settled(item):
            return Outcome(name=item.name, state=State.WAITING)
        with ExitStack() as opened:
            try:
                path = opened.enter_context(item.as_path())
                digest = _digest(path)
            except CleanroomError as error:
                return self._not_opened(item, error)
            except OSError:
                unreadable = UsageProblem("CR-D222", "the file cannot be read", help="check its permissions")
                return self._not_opened(item, unreadable)
            return self._take(item, path, digest, known)

    def _take(self, item: Located, path: Path, digest: str, known: Receipt | None) -> Outcome:
        if known is not None and known.get("sha256") == digest and self._is_final(known):
            # Touched, not changed: remember the new time, push nothing.
            if known.get("etag") != item.etag:
                self._receipts.write(item, {**known, "etag": item.etag})
            return self._finished(item, State.KNOWN, known)
        was_pushed = known is not None and known.get("state") in _IN_THE_ROOM
        if was_pushed and not self._options.restates:
            return Outcome(
                name=item.name,
                state=State.DIFFERS,
                code="CR-D231",
                message="the file changed after it was pushed",
                help="watch with --mode upsert, or give the new rows a file of their own",
            )
        said = {**self._about(item), "sha256": digest}
        try:
            answer = self._push(path)
        except DataRefused as refusal:
            return self._refused(item, refusal, said)
        except CleanroomError as error:
            if error.retryable or isinstance(error, IntegrityFailure):
                return _told(item, State.RETRY, error)
            raise
        if item.path is not None and _changed_since(path, digest):
            # It was written to while it was pushed: what was pushed is not this file, so it is taken again.
            self._seen.pop(item.name, None)
            return Outcome(name=item.name, state=State.RETRY, message="the file was written to while it was pushed")
        state = State.RESTATED if was_pushed else State.PUSHED
        receipt = {**said, "state": state, "receipt": dict(answer)}
        self._receipts.write(item, receipt)
        return self._finished(item, state, receipt)

    def _about(self, item: Located) -> dict[str, object]:
        at = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")
        return {"file": item.name, "etag": item.etag, "size": item.size, "how": self._options.how, "at": at}

    def _refused(self, item: Located, refusal: CleanroomError, said: Receipt) -> Outcome:
        why = {"state": State.REFUSED, "code": refusal.code, "message": refusal.message, "help": refusal.help}
        self._receipts.write(item, {**said, **why})
        return _told(item, State.REFUSED, refusal)

    def _not_opened(self, item: Located, error: CleanroomError) -> Outcome:
        if isinstance(error, DataRefused):
            return self._refused(item, error, self._about(item))
        return _told(item, State.GONE if isinstance(error, NotFound) else State.RETRY, error)

    def _finished(self, item: Located, state: State, receipt: Receipt) -> Outcome:
        """Only what is in the room moves, and its receipt after it; a kill between the two is made good here."""
        done = self._options.done
        if done is not None and item.path is not None and receipt.get("state") in _IN_THE_ROOM:
            move_finished(item.path, self._receipts.path_of(item), done)
        return Outcome(name=item.name, state=state, code=str(receipt.get("code", "")), receipt=receipt)

    def _is_final(self, known: Receipt) -> bool:
        """Pushed files wait for other content; refused ones also for another mapping or mode."""
        return known.get("state") != State.REFUSED or known.get("how", "") == self._options.how

    def _has_settled(self, item: Located) -> bool:
        """Whether the file has been still for long enough: as its own time says, or as seen from here."""
        if item.is_whole or not item.etag:
            return True
        now = self._now()
        etag, since = self._seen.get(item.name, ("", now))
        if etag != item.etag:
            self._seen[item.name] = (item.etag, now)
            return False
        if item.path is None:
            return now - since >= self._options.settle_seconds
        try:
            return now - item.path.stat().st_mtime >= self._options.settle_seconds
        except OSError:
            return False


def watch(watcher: Watcher, pause: Callable[[], bool]) -> Iterator[Outcome]:
    """Pass after pass until ``pause`` (which waits) says False; yields what was done, not what is known or waiting."""
    while True:
        yield from (outcome for outcome in watcher.once() if outcome.state not in (State.KNOWN, State.WAITING))
        if not pause():
            return


def _told(item: Located, state: State, error: CleanroomError) -> Outcome:
    return Outcome(name=item.name, state=state, code=error.code, message=error.message, help=error.help)


def _changed_since(path: Path, digest: str) -> bool:
    try:
        return _digest(path) != digest
    except OSError:  # taken away meanwhile: what was pushed is in the room, and there is nothing else to push
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
