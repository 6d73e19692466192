"""A run's control, watched: progress goes to the state, and a cancel in the state, from any process, stops the run."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from api.room import Room
from cleanroom.engine.control import RunControl
from cleanroom.errors import CleanroomError
from cleanroom.names import RunId
from cleanroom.state import ROOM, RunState

_WATCH_SECONDS = 0.2


@contextmanager
def watched_control(room: Room, run: RunId, *, limit_seconds: float) -> Iterator[RunControl]:
    """A run's control with a thread beside it that writes progress and sees that somebody cancelled, in any process."""
    control = RunControl(limit_seconds=limit_seconds)
    ended = Event()
    watcher = Thread(target=_watch, args=(room, run, control, ended), daemon=True)
    watcher.start()
    try:
        yield control
    finally:
        ended.set()
        watcher.join()
        control.close()


def _watch(room: Room, run: RunId, control: RunControl, ended: Event) -> None:
    shown = 0
    while not ended.wait(_WATCH_SECONDS):
        with suppress(CleanroomError):  # the next look is a moment away
            with room.state.read() as tx:
                if tx.runs.get(run).state is RunState.CANCELLING:
                    control.cancel()
                    return
            percent = int(100 * (control.progress() or 0))
            if percent > shown:
                shown = percent
                with room.state.change(ROOM, room.surroundings.now()) as tx:
                    tx.runs.progress(run, percent)
