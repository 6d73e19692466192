"""``data watch``: each new or changed file of a place is pushed once; a receipt lies beside it when that is done.

A receipt is written, whole or not at all, after the push has returned; without one the file is pushed again. That is
safe because a push of the same rows changes nothing, and it makes every moment of a kill harmless. A file is taken
only when it has stopped growing: same size and time in two passes, and old enough. A refused file gets a receipt with
the reason and waits until its content changes; a temporary trouble leaves no receipt and is tried again.
"""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cleanroom.errors import CleanroomError, Conflict
from connectors.limits import CHUNK_BYTES, MAX_RECEIPT_BYTES
from connectors.places.place import Located

RECEIPT_ENDING = ".receipt.json"
Receipt = Mapping[str, object]
Push = Callable[[Path], Receipt]
"""Pushes one file and returns what its receipt should say: JSON values without any cell of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file in a pass: pushed, refused, waiting, retry or known."""

    name: str
    state: str
    code: str = ""


class Watcher:
    """Watches one place. ``items`` lists it anew on each call; receipts go to ``receipts`` or beside local files.

    ``settle_seconds`` is the age a file must have; ``now`` is the wall clock in seconds since 1970.
    """

    def __init__(
        self,
        items: Callable[[], Iterable[Located]],
        push: Push,
        *,
        now: Callable[[], float],
        receipts: Path | None = None,
        done: Path | None = None,
        settle_seconds: float = 5.0,
    ) -> None:
        self._items, self._push, self._now = items, push, now
        self._receipts, self._done, self._settle_seconds = receipts, done, settle_seconds
        self._seen: dict[str, str] = {}

    def once(self) -> tuple[Outcome, ...]:
        """One pass over the place, files in order of their names."""
        outcomes = tuple(self._one(item) for item in self._items())
        self._tidy()
        return outcomes

    def _one(self, item: Located) -> Outcome:
        receipt = self._receipt_path(item)
        if (known := _read(receipt)) is not None and known.get("etag") == item.etag:
            return Outcome(name=item.name, state="known", code=str(known.get("code", "")))
        settled = self._seen.get(item.name) == item.etag and self._is_old(item)
        self._seen[item.name] = item.etag
        if not settled:
            return Outcome(name=item.name, state="waiting")
        with item.as_path() as path:
            digest = _digest(path)
            if known is not None and known.get("sha256") == digest and known.get("state") == "pushed":
                # Touched, not changed: remember the new time, push nothing.
                _write(receipt, {**known, "etag": item.etag})
                return Outcome(name=item.name, state="known")
            return self._push_one(item, path, digest, receipt)

    def _push_one(self, item: Located, path: Path, digest: str, receipt: Path) -> Outcome:
        said: dict[str, object] = {"file": item.name, "etag": item.etag, "sha256": digest, "size": item.size}
        try:
            answer = self._push(path)
        except CleanroomError as error:
            if error.retryable:
                return Outcome(name=item.name, state="retry", code=error.code)
            refusal = {"state": "refused", "code": error.code, "message": error.message, "help": error.help}
            _write(receipt, {**said, **refusal})
            return Outcome(name=item.name, state="refused", code=error.code)
        if item.path is not None and _digest(path) != digest:
            # It was written to while it was pushed: what was pushed is not this file, so it is taken again.
            self._seen.pop(item.name, None)
            return Outcome(name=item.name, state="retry")
        _write(receipt, {**said, "state": "pushed", "receipt": dict(answer)})
        if self._done is not None and item.path is not None:
            self._done.mkdir(parents=True, exist_ok=True)
            _move(item.path, self._done)
        return Outcome(name=item.name, state="pushed")

    def _is_old(self, item: Located) -> bool:
        if item.path is None:
            return True
        try:
            return self._now() - item.path.stat().st_mtime >= self._settle_seconds
        except OSError:
            return False

    def _receipt_path(self, item: Located) -> Path:
        name = item.name.replace("/", "__")
        folder = self._receipts or (item.path.parent if item.path else Path())
        return folder / f"{name}{RECEIPT_ENDING}"

    def _tidy(self) -> None:
        """Receipts of files that were moved follow them, also those a kill left behind."""
        if self._done is None or not self._done.is_dir():
            return
        for folder in {self._receipts or self._done.parent}:
            for receipt in sorted(folder.glob(f"*{RECEIPT_ENDING}")):
                name = receipt.name.removesuffix(RECEIPT_ENDING)
                if (self._done / name).exists() and not (folder / name).exists():
                    _move(receipt, self._done)


def watch(watcher: Watcher, pause: Callable[[], bool]) -> Iterator[Outcome]:
    """Pass after pass until ``pause`` (which waits) says False; yields what was done, not what is known or waiting."""
    while True:
        yield from (outcome for outcome in watcher.once() if outcome.state not in ("known", "waiting"))
        if not pause():
            return


@contextmanager
def sole_watcher(folder: Path) -> Iterator[None]:
    """Hold the folder for one watcher; the lock ends with the process, however it ends.

    Raises:
        Conflict: CR-D230 another process watches this folder.
    """
    descriptor = os.open(folder / ".cleanroom-watch.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict("CR-D230", "another process watches this folder", help="stop it first") from None
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, object] | None:
    """A receipt, or None if there is none that is whole."""
    try:
        with path.open("rb") as file:
            loaded = json.loads(file.read(MAX_RECEIPT_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return loaded if isinstance(loaded, dict) else None


def _write(path: Path, receipt: Receipt) -> None:
    """All or nothing: written aside, flushed to disk, renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, aside = tempfile.mkstemp(prefix=".receipt-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(receipt, file, indent=2, sort_keys=True, default=str)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(CHUNK_BYTES):
            digest.update(data)
    return digest.hexdigest()


def _move(path: Path, folder: Path) -> None:
    """Move without ever overwriting: a name that is taken gets a number."""
    target, count = folder / path.name, 1
    while target.exists() and not path.name.endswith(RECEIPT_ENDING):
        count += 1
        target = folder / f"{path.stem}.{count}{path.suffix}"
    path.replace(target)
