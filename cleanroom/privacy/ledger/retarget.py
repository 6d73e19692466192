"""A dimension or predicate over one source -> the same over a source of another question (pure)."""

from dataclasses import replace
from typing import TypeVar

from cleanroom.shape import (
    And,
    Case,
    Coalesced,
    ColumnRef,
    Compare,
    DateDiff,
    DatePart,
    Dimension,
    In,
    IsNull,
    Not,
    Or,
    PlainColumn,
    Predicate,
    Truncated,
)

Expression = TypeVar("Expression", bound=Dimension | Predicate)


def on_source(expression: Expression, at: int) -> Expression:
    """``expression`` with every column taken from source ``at``."""
    match expression:
        case PlainColumn(column=column) | Truncated(column=column) | DatePart(column=column):
            return replace(expression, column=_at(column, at))
        case DateDiff(start=start, end=end):
            return replace(expression, start=_at(start, at), end=_at(end, at))
        case Case(branches=branches):
            return replace(expression, branches=tuple(replace(one, when=on_source(one.when, at)) for one in branches))
        case Coalesced(dimension=inner):
            return replace(expression, dimension=on_source(inner, at))
        case And(terms=terms) | Or(terms=terms):
            return replace(expression, terms=tuple(on_source(term, at) for term in terms))
        case Not(term=term):
            return replace(expression, term=on_source(term, at))
        case Compare(left=left) | In(left=left) | IsNull(left=left):
            return replace(expression, left=on_source(left, at))
    raise AssertionError("not an expression of a question")


def _at(column: ColumnRef, at: int) -> ColumnRef:
    return replace(column, source=at, span=None)
