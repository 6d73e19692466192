"""A run under way, as another thread sees it: progress, cancel, time limit, and how it ended as typed errors.

INVARIANT I15: what DuckDB said is dropped, not chained: its texts quote cells and can name the catalogue's key.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Timer
from typing import Protocol

from cleanroom.errors import Unavailable

_REPEAT_SECONDS = 0.02


class RunCancelled(Unavailable):
    """The run was cancelled by its owner; nothing was released."""

    retryable = False

    def __init__(self) -> None:
        super().__init__("CR-R301", "the run was cancelled", help="run it again if you still need it")


class RunTimedOut(Unavailable):
    """The run hit its time limit; nothing was released."""

    def __init__(self) -> None:
        super().__init__("CR-R302", "the run took longer than its time limit", help="ask for fewer rows or groups")


class RunOutOfMemory(Unavailable):
    """The run hit the session's memory limit; nothing was released."""

    def __init__(self) -> None:
        super().__init__("CR-R303", "the run needed more memory than it may use", help="ask for fewer rows or groups")


class RunFailed(Unavailable):
    """The engine could not run the generated query; nothing was released."""

    def __init__(self) -> None:
        super().__init__(
            "CR-R304", "the query could not be run", help="tell the operator the run's id; nothing was released"
        )


class Stoppable(Protocol):
    """What a statement runs on: a DuckDB connection."""

    def interrupt(self) -> None:
        """Stop what is running."""

    def query_progress(self) -> float:
        """Percent done, or negative when not known."""


class RunControl:
    """One run's handle. The running thread enters ``statement``; any other may ``cancel`` or read ``progress``.

    The time limit counts from the first statement on and over all statements of the run.
    """

    def __init__(self, *, limit_seconds: float) -> None:
        self._lock = Lock()
        self._current: Stoppable | None = None
        self._cancelled = Event()
        self._timed_out = Event()
        self._idle = Event()
        self._idle.set()
        self._timer = Timer(limit_seconds, self._time_up)
        self._timer.daemon = True
        self._started = False

    def cancel(self) -> None:
        """Stop the run; it ends as ``RunCancelled`` unless its last statement has already ended."""
        self._cancelled.set()
        self._stop()

    def progress(self) -> float | None:
        """The running statement's share done, 0 to 1; None when nothing runs or it is not known."""
        with self._lock:
            percent = -1.0 if self._current is None else self._current.query_progress()
        return None if percent < 0 else min(percent / 100, 1.0)

    def close(self) -> None:
        """The run is over: no time limit any more."""
        self._timer.cancel()

    @contextmanager
    def statement(self, connection: Stoppable) -> Iterator[None]:
        """Within it, ``connection`` runs one statement that can be stopped.

        Raises:
            RunCancelled: CR-R301.
            RunTimedOut: CR-R302.
        """
        with self._lock:
            if not self._started:
                self._started = True
                self._timer.start()
            self._current = connection
            self._idle.clear()
        try:
            self._raise_if_stopped()
            yield
        finally:
            with self._lock:
                self._current = None
                self._idle.set()
        self._raise_if_stopped()

    def stopped_as(self) -> RunCancelled | RunTimedOut | None:
        """The typed end of a run that was stopped, or None."""
        if self._cancelled.is_set():
            return RunCancelled()
        return RunTimedOut() if self._timed_out.is_set() else None

    def _raise_if_stopped(self) -> None:
        stopped = self.stopped_as()
        if stopped is not None:
            raise stopped

    def _time_up(self) -> None:
        self._timed_out.set()
        self._stop()

    def _stop(self) -> None:
        # An interrupt that arrives just before the statement starts is lost, so it is repeated until the end.
        while True:
            with self._lock:
                if self._current is not None:
                    self._current.interrupt()
            if self._idle.wait(_REPEAT_SECONDS):
                return
