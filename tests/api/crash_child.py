"""A process of its own that works a room's queue and dies, as if its plug was pulled, at one named step."""

import os
import signal
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import api.usecases.ingest as ingesting
from api.room import Room
from api.surroundings import Surroundings
from api.usecases.run_story import RunTools, tools_for
from api.worker import work_off
from cleanroom.ingest import IngestTools


def die_at(folder: str, flow: str, step: str, at: datetime) -> None:
    """Work the queue of the room in ``folder``; SIGKILL when ``flow`` reaches ``step``."""
    moments = iter(at + timedelta(milliseconds=n) for n in range(1_000_000))

    def die(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    room = Room.open(Path(folder), surroundings=Surroundings(now=lambda: next(moments)))
    tools = RunTools(ledger=tools_for(room).ledger, checkpoint=die if flow == "run" else lambda _: None)
    if flow == "run":
        work_off(room, tools)
        return
    # The story's own checkpoints, reached through the room's own wiring.
    with patch.object(ingesting, "IngestTools", lambda **given: IngestTools(**given, checkpoint=die)):
        work_off(room, tools)
