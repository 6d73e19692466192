"""A run of a room, followed to its end: the run when it was released, the error it ended in else."""

import time
from collections.abc import Callable

from cleanroom.client.remote import Json, RoomClient, violations_of
from cleanroom.errors import CleanroomError, DataRefused, PolicyRefused, Unavailable

_LOOK_SECONDS = 0.2
_OPEN = ("SUBMITTED", "STARTED", "CANCELLING")


def follow(client: RoomClient, run: Json, *, looked: Callable[[Json], None] = lambda _run: None) -> Json:
    """Wait until a run has ended; return it when it was released. ``looked`` is called with each state seen.

    Raises:
        PolicyRefused, DataRefused, Unavailable: what it ended in.
    """
    while run["state"] in _OPEN:
        looked(run)
        time.sleep(_LOOK_SECONDS)
        run = client.get(f"/runs/{run['run_id']}")
    if run["state"] == "SUCCESS":
        return run
    raise _ended(run)


def _ended(run: Json) -> CleanroomError:
    problem = run.get("problem") or {}
    if problem.get("violations"):
        return PolicyRefused(violations_of(problem["violations"]))
    kind = Unavailable if run["state"] in ("CANCELLED", "TIMED_OUT") or problem.get("retryable") else DataRefused
    return kind(
        str(problem.get("code", "CR-A073")),
        str(problem.get("message", f"the run ended as {run['state']}")),
        help=str(problem.get("help", "")),
    )
