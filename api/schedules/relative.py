"""Dates that move with the occasion: ``@start-of-month-12`` is the first day of the month twelve months ago. Pure.

``from=@start-of-month-12 to=@end-of-month-1`` are the last twelve full months. A value that begins with ``@`` is no
date otherwise, so nothing else is mistaken for one; only parameters declared as dates are looked at.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from cleanroom.errors import UsageProblem
from cleanroom.shape import LiteralType
from queries.parameters import Declared

SUGGESTED: Mapping[str, str] = {
    "@start-of-month-12": "first day, twelve months ago",
    "@start-of-month-3": "first day, three months ago",
    "@start-of-month-1": "first day of last month",
    "@end-of-month-1": "last day of last month",
    "@start-of-year": "first day of this year",
    "@start-of-year-1": "first day of last year",
    "@end-of-year-1": "last day of last year",
    "@today": "the day it runs",
}
_WRITTEN = re.compile(r"@(?:today|(?P<edge>start|end)-of-(?P<span>week|month|quarter|year)(?P<offset>[+-][0-9]{1,3})?)")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def resolved(given: Mapping[str, str], declared: Mapping[str, Declared], today: date) -> dict[str, str]:
    """``given`` with every relative date written out as of ``today``.

    Raises:
        UsageProblem: CR-S002, naming the parameter and never its value (I15).
    """
    return {
        name: _date(name, value, today).isoformat()
        if value.startswith("@") and name in declared and declared[name].type is LiteralType.DATE
        else value
        for name, value in given.items()
    }


def _date(name: str, value: str, today: date) -> date:
    found = _WRITTEN.fullmatch(value)
    if found is None:
        raise _not_relative(name)
    if found["edge"] is None:
        return today
    try:
        start = _start(found["span"], today, int(found["offset"] or 0))
        after = _start(found["span"], today, int(found["offset"] or 0) + 1)
    except (ValueError, OverflowError):
        raise _not_relative(name) from None
    return start if found["edge"] == "start" else after - timedelta(days=1)


def _start(span: str, today: date, offset: int) -> date:
    if span == "week":
        return today - timedelta(days=today.weekday()) + timedelta(weeks=offset)
    size = _MONTHS[span]
    months = (today.year * 12 + today.month - 1) // size * size + offset * size
    return date(months // 12, months % 12 + 1, 1)


def _not_relative(name: str) -> UsageProblem:
    return UsageProblem(
        "CR-S002",
        f"the value of `{name}` is not a date that moves",
        help="for example @start-of-month-12, @end-of-month-1, @start-of-year, @today",
    )
