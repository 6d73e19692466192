"""Calendar periods: where a month, quarter or year begins and ends."""

from datetime import date, timedelta

from cleanroom.shape import Grain

_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}


def first_day(day: date, grain: Grain) -> date:
    """The first day of the period of ``grain`` that holds ``day``."""
    if grain is Grain.DAY:
        return day
    months = _MONTHS[grain]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def last_day(day: date, grain: Grain) -> date:
    """The last day of the period of ``grain`` that holds ``day``."""
    if grain is Grain.DAY:
        return day
    first = first_day(day, grain)
    month = first.month + _MONTHS[grain]
    if month <= 12:
        return date(first.year, month, 1) - timedelta(days=1)
    return date(first.year, 12, 31)
