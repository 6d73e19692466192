"""``2026``, ``2026-01``, ``2026-01-15`` or ``first/last`` -> the first and last day of a declared period."""

import re
from datetime import date, timedelta

from cleanroom.errors import UsageProblem

_FORM = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?\Z")


def parse_period(text: str) -> tuple[date, date]:
    """First and last day, both inside.

    Raises:
        UsageProblem: CR-V011 not a period, or its end lies before its start.
    """
    first, _, last = text.partition("/")
    period = (_days(first)[0], _days(last or first)[1])
    if period[1] < period[0]:
        raise _not_a_period()
    return period


def _days(text: str) -> tuple[date, date]:
    match = _FORM.match(text)
    if match is None:
        raise _not_a_period()
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        if year is not None and month is not None and day is not None:
            return date(year, month, day), date(year, month, day)
        first = date(year or 0, month or 1, 1)
        if month is None:
            return first, date(first.year, 12, 31)
        following = date(first.year + month // 12, month % 12 + 1, 1)
        return first, following - timedelta(days=1)
    except ValueError:
        raise _not_a_period() from None


def _not_a_period() -> UsageProblem:
    return UsageProblem(
        "CR-V011", "this is not a period", help="write 2026, 2026-01, 2026-01-15 or 2026-01-05/2026-01-11"
    )
