"""One writer per vault at a time, across processes: an advisory lock that dies with its holder.

``flock`` and not a lock file's existence: after kill -9 the kernel has already let go, and nothing has to be guessed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cleanroom.errors import Conflict


@contextmanager
def writer_lock(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock at ``path`` for the block.

    Args:
        path: the lock file; created if missing, never removed (removing it would let two holders in).
        wait: block until the other writer is done instead of refusing.

    Raises:
        Conflict: CR-V003 another writer holds it (retryable).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "CR-V003", "another upload is being written to this vault", help="retry when it has finished"
            ) from None
        yield
    finally:
        os.close(handle)
