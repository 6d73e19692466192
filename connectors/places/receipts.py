"""What a watcher remembers of a place: one receipt a file, written whole or not at all; and the lock of a sole watcher.

Receipts lie beside local files, or in a folder of their own. Where the place itself can take one (S3, SFTP) a copy is
left there for its people; the one here is what counts, so it is written last.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from cleanroom.errors import CleanroomError, Conflict
from connectors.limits import MAX_RECEIPT_BYTES
from connectors.places.finished import clear_leftovers
from connectors.places.place import RECEIPT_ENDING, Located

Receipt = Mapping[str, object]
_MAX_NAME_BYTES = 200


class Receipts:
    """Receipts of one place, in ``folder``, or beside each file where that is None."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def path_of(self, item: Located) -> Path:
        """Where the receipt of ``item`` lies. Names from elsewhere hold slashes and can be long; two never share a file."""
        folder = self._folder or (item.path.parent if item.path else Path())
        name = item.name
        if "/" in name or "%2F" in name:
            name = name.replace("%", "%25").replace("/", "%2F")
        if len(name.encode()) > _MAX_NAME_BYTES:
            name = f"{name[: _MAX_NAME_BYTES // 4]}-{sha256(name.encode()).hexdigest()[:16]}"
        return folder / f"{name}{RECEIPT_ENDING}"

    def read(self, item: Located) -> Receipt | None:
        """The receipt, or None if there is none that is whole."""
        try:
            with self.path_of(item).open("rb") as file:
                loaded = json.loads(file.read(MAX_RECEIPT_BYTES))
        except (OSError, ValueError, RecursionError):
            return None
        return loaded if isinstance(loaded, dict) else None

    def write(self, item: Located, receipt: Receipt) -> None:
        """All or nothing: written aside, flushed to disk, renamed."""
        content = json.dumps(receipt, indent=2, sort_keys=True, default=str).encode()
        if item.leave is not None:
            with suppress(CleanroomError):  # a place that may only be read: the receipt here says it all
                item.leave(content)
        path = self.path_of(item)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, aside = tempfile.mkstemp(prefix=".receipt-", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise

    def clear_moved(self, done: Path) -> None:
        """Take away what a kill left of receipts that moved to ``done`` with their files."""
        if self._folder is not None:
            clear_leftovers(self._folder, done)


@contextmanager
def sole_watcher(folder: Path, of: str = "") -> Iterator[None]:
    """Be the only watcher ``of`` something in ``folder``; the lock ends with the process, however it ends.

    Raises:
        Conflict: CR-D230 another process watches it.
    """
    mark = f"-{sha256(of.encode()).hexdigest()[:12]}" if of else ""
    descriptor = os.open(folder / f".cleanroom-watch{mark}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict("CR-D230", "another process watches this place", help="stop it first") from None
        yield
    finally:
        os.close(descriptor)
