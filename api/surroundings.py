"""What the stories take from outside: the time, randomness, and ids made of both."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """``now`` is aware; ``random(n)`` gives n unpredictable bytes. Tests hand in their own."""

    now: Callable[[], datetime] = _utc_now
    random: Callable[[int], bytes] = secrets.token_bytes

    def new_id(self) -> str:
        """32 hex digits that sort by time: 48 bits of milliseconds, then 80 random bits nobody can guess."""
        milliseconds = int(self.now().timestamp() * 1000)
        return f"{milliseconds:012x}{self.random(10).hex()}"
