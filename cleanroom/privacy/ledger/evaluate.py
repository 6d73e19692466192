"""Row expressions over a grid: the same meaning as the engine's SQL, on dictionary-coded columns.

In: coded columns and a shape's expressions. Out: coded dimensions and three-valued predicates. Every leaf is evaluated
once per distinct value. A differential test holds that this agrees with ``cleanroom.engine.expressions`` in DuckDB.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from cleanroom.errors import IntegrityFailure
from cleanroom.privacy.ledger.units import Ints
from cleanroom.shape import (
    And,
    Case,
    Coalesced,
    ColumnRef,
    Compare,
    CompareOp,
    DateDiff,
    DatePart,
    Dimension,
    Grain,
    In,
    IsNull,
    Literal,
    Not,
    Operand,
    Or,
    PlainColumn,
    Predicate,
    Truncated,
)

Truth = NDArray[np.int8]
"""Kleene's three values, ordered so that AND is min, OR is max and NOT is 2 - x."""

FALSE, UNKNOWN, TRUE = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A column over cells: ``values[codes[i]]``, NULL where the code is -1."""

    codes: Ints
    values: tuple[object, ...]

    def mapped(self, change: Callable[[object], object]) -> "Coded":
        """``change`` applied to each distinct value; equal results become one, None becomes NULL."""
        table, values = _dictionary(change(value) for value in self.values)
        padded = np.append(table, -1)  # code -1 reads the last entry: NULL stays NULL
        return Coded(codes=padded[self.codes], values=values)

    def tested(self, test: Callable[[object], bool]) -> Truth:
        """``test`` of each value; NULL is unknown."""
        table = np.array([TRUE if test(value) else FALSE for value in self.values] + [UNKNOWN], dtype=np.int8)
        return table[self.codes]


Columns = Callable[[ColumnRef], Coded]


def coded(values: Iterable[object]) -> Coded:
    """A column from its values; None is NULL."""
    codes, distinct = _dictionary(values)
    return Coded(codes=codes, values=distinct)


def _dictionary(values: Iterable[object]) -> tuple[Ints, tuple[object, ...]]:
    listed = list(values)
    code_of: dict[object, int] = {None: -1}
    names: dict[object, int] = {}
    for value in dict.fromkeys(listed):
        if value is not None:
            code_of[value] = names.setdefault(_key(value), len(names))
    codes = np.fromiter(map(code_of.__getitem__, listed), dtype=np.int64, count=len(listed))
    return codes, tuple(names)


def _key(value: object) -> object:
    return _NAN if isinstance(value, float) and math.isnan(value) else value


_NAN = float("nan")


def dimension(expression: Dimension, columns: Columns) -> Coded:
    """The value of a dimension per cell."""
    match expression:
        case PlainColumn(column=column):
            return columns(column)
        case Truncated(grain=grain, column=column):
            return columns(column).mapped(lambda value: _truncated(grain, _day(value)))
        case DatePart(part=part, column=column):
            return columns(column).mapped(lambda value: _part(part, _day(value)))
        case DateDiff(grain=grain, start=start, end=end):
            return _difference(grain, columns(start), columns(end))
        case Case(branches=branches, otherwise=otherwise):
            tests = [predicate(branch.when, columns) for branch in branches]
            return _case(tests, [_literal(branch.then) for branch in branches], _literal(otherwise))
        case Coalesced(dimension=inner, default=default):
            return _coalesced(dimension(inner, columns), _literal(default))
        case _:
            assert_never(expression)


def predicate(expression: Predicate, columns: Columns) -> Truth:
    """Whether a predicate holds per cell; unknown stays unknown."""
    match expression:
        case And(terms=terms):
            return _fewest([predicate(term, columns) for term in terms])
        case Or(terms=terms):
            return _most([predicate(term, columns) for term in terms])
        case Not(term=term):
            negated: Truth = (TRUE - predicate(term, columns)).astype(np.int8)
            return negated
        case Compare(op=op, left=left, right=right):
            return _compared(op, dimension(left, columns), _literal(right))
        case In(left=left, options=options):
            side = dimension(left, columns)
            return _most([_compared(CompareOp.EQ, side, _literal(option)) for option in options])
        case IsNull(left=left):
            return np.where(dimension(left, columns).codes < 0, TRUE, FALSE).astype(np.int8)
        case _:
            assert_never(expression)


def _fewest(tests: Sequence[Truth]) -> Truth:
    lowest: Truth = np.min(np.stack(tests), axis=0).astype(np.int8)
    return lowest


def _most(tests: Sequence[Truth]) -> Truth:
    highest: Truth = np.max(np.stack(tests), axis=0).astype(np.int8)
    return highest


def _literal(operand: Operand | None) -> object:
    if operand is None:
        return None
    if not isinstance(operand, Literal):
        raise IntegrityFailure("CR-R202", "a plan holds a parameter without a value")
    return operand.value


def _compared(op: CompareOp, side: Coded, constant: object) -> Truth:
    if constant is None:
        return np.full(len(side.codes), UNKNOWN, dtype=np.int8)
    match op:
        case CompareOp.EQ:
            return side.tested(lambda value: _order(value, constant) == 0)
        case CompareOp.NE:
            return side.tested(lambda value: _order(value, constant) != 0)
        case CompareOp.LT:
            return side.tested(lambda value: _order(value, constant) < 0)
        case CompareOp.LE:
            return side.tested(lambda value: _order(value, constant) <= 0)
        case CompareOp.GT:
            return side.tested(lambda value: _order(value, constant) > 0)
        case CompareOp.GE:
            return side.tested(lambda value: _order(value, constant) >= 0)
        case _:
            assert_never(op)


def _order(value: object, constant: object) -> int:
    """-1, 0, 1 as DuckDB orders them: text by code points, NaN greatest, a DOUBLE against the constant's DOUBLE."""
    match value, constant:
        case str(), str():
            return (value > constant) - (value < constant)
        case datetime(), date():
            midnight = datetime.combine(constant, time.min)  # a DATE literal against a TIMESTAMP is its midnight
            plain = value.replace(tzinfo=None)
            return (plain > midnight) - (plain < midnight)
        case date(), date():
            return (value > constant) - (value < constant)
        case float(), int() | Decimal():
            number = float(constant)
            return 1 if math.isnan(value) else (value > number) - (value < number)
        case ((int() | Decimal()), (int() | Decimal())):
            return (value > constant) - (value < constant)
        case _:
            raise IntegrityFailure("CR-R402", "a comparison in a plan mixes types")


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise IntegrityFailure("CR-R402", "a date function in a plan is applied to something else")


def _truncated(grain: Grain, day: date) -> date:
    match grain:
        case Grain.DAY:
            return day
        case Grain.MONTH:
            return day.replace(day=1)
        case Grain.QUARTER:
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case Grain.YEAR:
            return day.replace(month=1, day=1)
        case _:
            assert_never(grain)


def _part(part: Grain, day: date) -> int:
    match part:
        case Grain.DAY:
            return day.day
        case Grain.MONTH:
            return day.month
        case Grain.QUARTER:
            return (day.month + 2) // 3
        case Grain.YEAR:
            return day.year
        case _:
            assert_never(part)


def _index(grain: Grain, day: date) -> int:
    match grain:
        case Grain.DAY:
            return day.toordinal()
        case Grain.MONTH:
            return day.year * 12 + day.month
        case Grain.QUARTER:
            return day.year * 4 + (day.month - 1) // 3
        case Grain.YEAR:
            return day.year
        case _:
            assert_never(grain)


def _difference(grain: Grain, start: Coded, end: Coded) -> Coded:
    starts = np.array([_index(grain, _day(value)) for value in start.values] + [0], dtype=np.int64)
    ends = np.array([_index(grain, _day(value)) for value in end.values] + [0], dtype=np.int64)
    missing = (start.codes < 0) | (end.codes < 0)
    values, codes = np.unique(ends[end.codes] - starts[start.codes], return_inverse=True)
    return Coded(codes=np.where(missing, -1, codes), values=tuple(values.tolist()))


def _case(tests: Sequence[Truth], results: Sequence[object], otherwise: object) -> Coded:
    taken, values = _dictionary([*results, otherwise])
    chosen = np.full(len(tests[0]), taken[-1], dtype=np.int64)
    for test, code in zip(reversed(tests), reversed(taken[:-1].tolist()), strict=True):
        chosen[test == TRUE] = code
    return Coded(codes=chosen, values=values)


def _coalesced(inner: Coded, default: object) -> Coded:
    if default is None:
        return inner
    values = inner.values if default in inner.values else (*inner.values, default)
    return Coded(codes=np.where(inner.codes < 0, values.index(default), inner.codes), values=values)
