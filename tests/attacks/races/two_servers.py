"""One of several processes on one room: answers the run it is given, when the others are ready too."""

import sys
import time
from pathlib import Path

from api.room import Room
from api.surroundings import Surroundings
from api.usecases.run_story import execute_run, tools_for
from cleanroom.names import RunId


def main(folder: str, run: str, ready: str, start: str) -> None:
    """Open the room, say so, and begin once ``start`` is there."""
    room = Room.open(Path(folder), surroundings=Surroundings())
    Path(ready).touch()
    while not Path(start).exists():
        time.sleep(0.001)
    print(execute_run(room, RunId(run), tools_for(room)))  # noqa: T201 - what the test reads
    room.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
