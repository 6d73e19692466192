"""The people and the clock of the state tests."""

from datetime import UTC, datetime, timedelta

from cleanroom.names import MemberName
from cleanroom.state import Actor

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ANN = Actor(user="ann", member="harbor")
HARBOR = MemberName("harbor")


def at(seconds: int) -> datetime:
    """``seconds`` after the tests' beginning."""
    return T0 + timedelta(seconds=seconds)
