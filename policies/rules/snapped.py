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
    """Both bounds of a BETWEEN or NOT BETWEEN, widened; the halves come in either order.

    The upper bound is `<=` a day, or `<` the day after it. A NOT BETWEEN is the two halves outside, tied by `or`.
    """
    from_half, to_half = (cut, other) if cut.op is CompareOp.GE else (other, cut)
    days = [*_days(from_half), *_days(to_half)]
    if from_half.op is not CompareOp.GE or to_half.op not in (CompareOp.LE, CompareOp.LT) or len(days) != 2:
        return None
    end = days[1] - timedelta(days=1) if to_half.op is CompareOp.LT else days[1]
    if cut.tied_by == "or":
        low, high = end + timedelta(days=1), days[0] - timedelta(days=1)
        return (
            None
            if is_moment
            else f"{name} NOT BETWEEN {_date(first_day(low, grain))} AND {_date(last_day(high, grain))}"
        )
    first, last = first_day(days[0], grain), last_day(end, grain)
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
