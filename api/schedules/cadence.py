"""When a schedule comes due. Pure: the moment to start from comes in, the next moment goes out. All times are UTC."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

from cleanroom.errors import UsageProblem

ON_NEW_DATA = "new-data"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TEXT = re.compile(
    r"(?:(?P<daily>daily)|weekly (?P<weekday>[a-z]{3})|monthly (?P<day>[0-9]{1,2})) (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
)
_LAST_DAY = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """A rhythm. ``text`` is its one spelling: ``new-data``, ``daily 06:00``, ``weekly mon 06:00``, ``monthly 1 06:00``.

    ``weekday`` counts from Monday as 0. A ``day`` a month does not have is its last day. Without ``hour`` it is not
    the clock that makes it due.
    """

    text: str
    weekday: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int = 0

    def next_after(self, moment: datetime) -> datetime | None:
        """The first due moment strictly after ``moment``; None where data, not the clock, makes it due.

        What was due while nobody looked is one occasion, not many: the caller goes on from its own now.
        """
        if self.hour is None:
            return None
        if self.day is not None:
            return self._next_in_month(moment)
        at = moment.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        while at <= moment or (self.weekday is not None and at.weekday() != self.weekday):
            at += timedelta(days=1)
        return at

    def words(self) -> str:
        """For reading."""
        if self.hour is None:
            return "on new data"
        clock = f"{self.hour:02}:{self.minute:02} UTC"
        if self.weekday is not None:
            return f"every {_DAY_NAMES[self.weekday]} at {clock}"
        return f"every day at {clock}" if self.day is None else f"monthly, on day {self.day}, at {clock}"

    def _next_in_month(self, moment: datetime) -> datetime:
        first = moment.replace(day=1, hour=self.hour or 0, minute=self.minute, second=0, microsecond=0)
        for start in (first, (first + timedelta(days=_LAST_DAY + 1)).replace(day=1)):
            at = start.replace(day=min(self.day or 1, monthrange(start.year, start.month)[1]))
            if at > moment:
                return at
        raise AssertionError("the month after holds a day after this moment")


def parse_cadence(text: str) -> Cadence:
    """The cadence that ``text`` spells.

    Raises:
        UsageProblem: CR-S001.
    """
    bare = " ".join(text.lower().split())
    if bare == ON_NEW_DATA:
        return Cadence(text=bare)
    found = _TEXT.fullmatch(bare)
    if found is None:
        raise _not_a_cadence()
    weekday, day = found["weekday"], found["day"]
    hour, minute = int(found["hour"]), int(found["minute"])
    if hour > 23 or minute > 59 or (weekday and weekday not in DAYS) or (day and not 1 <= int(day) <= _LAST_DAY):
        raise _not_a_cadence()
    return Cadence(
        text=bare,
        weekday=DAYS.index(weekday) if weekday else None,
        day=int(day) if day else None,
        hour=hour,
        minute=minute,
    )


def _not_a_cadence() -> UsageProblem:
    return UsageProblem(
        "CR-S001",
        "this is not a time to run",
        help="`new-data`, `daily 06:00`, `weekly mon 06:00` or `monthly 1 06:00`, in UTC",
    )
