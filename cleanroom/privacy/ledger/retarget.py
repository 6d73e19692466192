"""A dimension or predicate over one source -> the same over the only source of another question (pure)."""

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


def on_first(expression: Expression) -> Expression:
    """``expression`` with every column taken from source 0."""
    match expression:
        case PlainColumn(column=column) | Truncated(column=column) | DatePart(column=column):
            return replace(expression, column=_first(column))
        case DateDiff(start=start, end=end):
            return replace(expression, start=_first(start), end=_first(end))
        case Case(branches=branches):
            return replace(expression, branches=tuple(replace(one, when=on_first(one.when)) for one in branches))
        case Coalesced(dimension=inner):
            return replace(expression, dimension=on_first(inner))
        case And(terms=terms) | Or(terms=terms):
            return replace(expression, terms=tuple(on_first(term) for term in terms))
        case Not(term=term):
            return replace(expression, term=on_first(term))
        case Compare(left=left) | In(left=left) | IsNull(left=left):
            return replace(expression, left=on_first(left))
    raise AssertionError("not an expression of a question")


def _first(column: ColumnRef) -> ColumnRef:
    return replace(column, source=0, span=None)
