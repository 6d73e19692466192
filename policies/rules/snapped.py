"""The legal rewrite of a date comparison that cuts inside a grain: widened to whole periods.

Literals come from the question's own text. A literal without a place in the text was a parameter's value, so no rewrite
of it is ever shown (INVARIANT I15).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import assert_never

from cleanroom.shape import CompareOp, Grain, Literal
from policies.periods import first_day, last_day
from policies.uses import Cut


def snapped(name: str, cut: Cut, grain: Grain, *, is_moment: bool) -> str | None:
    """``name op DATE '...'`` selecting the whole periods that the original touches; None where no text does."""
    days = _days(cut)
    if not days or len(days) != len(cut.operands):
        return None
    match cut.op:
        case CompareOp.GE | CompareOp.GT:
            return f"{name} >= {_date(first_day(days[0], grain))}"
        case CompareOp.LT | CompareOp.LE:
            return _until(name, days[0], grain, is_moment=is_moment, is_open=cut.op is CompareOp.LT)
        case CompareOp.EQ | CompareOp.NE:
            return f"date_trunc('{grain}', {name}) {cut.op} {_date(first_day(days[0], grain))}"
        case None:
            firsts = dict.fromkeys(_date(first_day(day, grain)) for day in days)
            return f"date_trunc('{grain}', {name}) IN ({', '.join(firsts)})"
        case _:
            assert_never(cut.op)


def between_rewrite(name: str, cut: Cut, other: Cut, grain: Grain, *, is_moment: bool) -> str | None:
    """Both bounds of a BETWEEN, widened; its halves are `>=` and `<=` in either order."""
    low, high = (cut, other) if cut.op is CompareOp.GE else (other, cut)
    if (low.op, high.op) != (CompareOp.GE, CompareOp.LE):
        return None
    days = [*_days(low), *_days(high)]
    if len(days) != 2:
        return None
    first, last = first_day(days[0], grain), last_day(days[1], grain)
    if is_moment:
        return f"({name} >= {_date(first)} AND {_until(name, last, grain, is_moment=True, is_open=False)})"
    return f"{name} BETWEEN {_date(first)} AND {_date(last)}"


def _until(name: str, day: date, grain: Grain, *, is_moment: bool, is_open: bool) -> str:
    end = last_day(day - timedelta(days=1) if is_open else day, grain)
    if is_moment and end < date.max:
        return f"{name} < {_date(end + timedelta(days=1))}"
    return f"{name} <= {_date(end)}"


def _days(cut: Cut) -> list[date]:
    return list(_dates(cut))


def _dates(cut: Cut) -> Iterator[date]:
    for operand in cut.operands:
        if isinstance(operand, Literal) and operand.span is not None and isinstance(operand.value, date):
            yield operand.value


def _date(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
