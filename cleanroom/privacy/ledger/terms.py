"""What a question needs to know of each row: base terms, as coarse as its expressions allow.

In: a view. Out: per place and column how finely it matters. A month-grouped date needs its month, not its day; an
argument needs only whether it is NULL; a summed value is no term at all but part of what makes a row changed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import assert_never

from cleanroom.names import ColumnName
from cleanroom.privacy.ledger.views import Place, View
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
    Fn,
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


class Fineness(IntEnum):
    """How finely a column matters; of two needs the finer serves both."""

    CONTENT = 0  # only whether the row changed
    PRESENCE = 1  # whether it is NULL
    YEAR = 2
    QUARTER = 3
    MONTH = 4
    VALUE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One column at one place; ``raw`` when its exact values are part of what makes a row the same row."""

    place: Place
    column: ColumnName
    raw: bool = False


Need = tuple[ColumnRef, Fineness]
_OF_GRAIN = {
    Grain.DAY: Fineness.VALUE,
    Grain.MONTH: Fineness.MONTH,
    Grain.QUARTER: Fineness.QUARTER,
    Grain.YEAR: Fineness.YEAR,
}


WholeDays = Callable[[ColumnRef], bool]
"""Whether a column is a DATE: a timestamp compared with ``<= day`` is cut at that day's first moment, not its last."""


def terms_of(view: View, whole_days: WholeDays) -> Mapping[Term, Fineness]:
    """Every column the view's question depends on, with the fineness that decides it."""
    found: dict[Term, Fineness] = {}

    def note(place: Place, reference: ColumnRef, fineness: Fineness) -> None:
        term = Term(place=place, column=reference.column, raw=fineness is Fineness.CONTENT)
        found[term] = max(fineness, found.get(term, Fineness.CONTENT))

    for reference, fineness in _question_needs(view, whole_days):
        note(view.places[reference.source], reference, fineness)
    fold = view.shape.sources[view.focus].per_unit
    if fold is not None:
        # The fold's own WHERE is about rows, and rows are what the focus is made of.
        for reference, fineness in _predicate_needs(fold.where, lambda _: False):
            note(None, reference, fineness)
        for output in fold.outputs:
            if output.column is not None:
                note(None, output.column, Fineness.CONTENT)
    return found


def _question_needs(view: View, whole_days: WholeDays) -> Iterator[Need]:
    shape = view.shape
    for dimension in shape.dimensions:
        yield from _dimension_needs(dimension, whole_days)
    yield from _predicate_needs(shape.where, whole_days)
    for aggregate in shape.aggregates:
        yield from _predicate_needs(aggregate.filter, whole_days)
        if aggregate.column is not None:
            yield aggregate.column, Fineness.PRESENCE
            if aggregate.fn is not Fn.COUNT:
                # A sum or distinct count tells of a changed value even where no row came or went.
                yield aggregate.column, Fineness.CONTENT


def _dimension_needs(dimension: Dimension, whole_days: WholeDays) -> Iterator[Need]:
    match dimension:
        case PlainColumn(column=column):
            yield column, Fineness.VALUE
        case Truncated(grain=grain, column=column):
            yield column, _OF_GRAIN[grain]
        case DatePart(part=part, column=column):
            yield column, _OF_GRAIN[part]
        case DateDiff(grain=grain, start=start, end=end):
            yield start, _OF_GRAIN[grain]
            yield end, _OF_GRAIN[grain]
        case Case(branches=branches):
            for branch in branches:
                yield from _predicate_needs(branch.when, whole_days)
        case Coalesced(dimension=inner):
            yield from _dimension_needs(inner, whole_days)
        case _:
            assert_never(dimension)


def _predicate_needs(predicate: Predicate | None, whole_days: WholeDays) -> Iterator[Need]:
    match predicate:
        case None:
            return
        case And(terms=terms) | Or(terms=terms):
            for term in terms:
                yield from _predicate_needs(term, whole_days)
        case Not(term=term):
            yield from _predicate_needs(term, whole_days)
        case IsNull(left=PlainColumn(column=column)):
            yield column, Fineness.PRESENCE
        case Compare(op=op, left=PlainColumn(column=column), right=right):
            yield column, _cut(op, right, whole_days(column))
        case Compare(left=left) | In(left=left) | IsNull(left=left):
            yield from _dimension_needs(left, whole_days)
        case _:
            assert_never(predicate)


def _cut(op: CompareOp, right: Operand, whole_days: bool) -> Fineness:
    """The coarsest grain at whose borders the comparison cuts a date; the value itself for anything else."""
    if not isinstance(right, Literal) or type(right.value) is not date or op in (CompareOp.EQ, CompareOp.NE):
        return Fineness.VALUE
    if op in (CompareOp.LE, CompareOp.GT) and not whole_days:
        return Fineness.VALUE
    # d < first-of-grain and d <= last-of-grain cut at the same kind of place.
    border = right.value if op in (CompareOp.LT, CompareOp.GE) else _next_day(right.value)
    if border.day != 1:
        return Fineness.VALUE
    if border.month == 1:
        return Fineness.YEAR
    return Fineness.QUARTER if border.month % 3 == 1 else Fineness.MONTH


def _next_day(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day
