"""Row expressions of a shape -> DuckDB SQL over the row tables ``r0``, ``r1``, ...

Comes in: dimensions and predicates, as typed trees. Goes out: text in which every column is one granted contract column
(I8) and nothing can fail on some rows only: no cast, no division, no function that raises.
"""

from collections.abc import Callable
from typing import assert_never

from cleanroom.engine.literals import quote_name, render_literal
from cleanroom.shape import (
    And,
    Case,
    Coalesced,
    ColumnRef,
    Compare,
    DateDiff,
    DatePart,
    Dimension,
    Grain,
    In,
    IsNull,
    Not,
    Or,
    PlainColumn,
    Predicate,
    Truncated,
)

ColumnRenderer = Callable[[ColumnRef], str]
"""How a column reference is spelled; in the query as a whole it is ``column_of``."""


def column_of(reference: ColumnRef) -> str:
    """``r<source>."<column>"``."""
    return f"r{reference.source}.{quote_name(reference.column)}"


def render_dimension(dimension: Dimension, column: ColumnRenderer = column_of) -> str:
    """One dimension as a scalar expression."""
    match dimension:
        case PlainColumn(column=reference):
            return column(reference)
        case Truncated(grain=grain, column=reference):
            # Dates outside the common calendar are NULL: truncating some of them raises, and an error must not depend
            # on rows.
            day = column(reference)
            cut = _first_day(Grain(grain), day)
            return f"CASE WHEN {day} >= DATE '0001-01-01' AND {day} < DATE '10000-01-01' THEN {cut} END"
        case DatePart(part=part, column=reference):
            return f"{Grain(part).value}({column(reference)})"
        case DateDiff(grain=grain, start=start, end=end):
            return f"date_diff('{Grain(grain).value}', {column(start)}, {column(end)})"
        case Case(branches=branches, otherwise=otherwise):
            whens = " ".join(
                f"WHEN {render_predicate(branch.when, column)} THEN {render_literal(branch.then)}"
                for branch in branches
            )
            tail = "" if otherwise is None else f" ELSE {render_literal(otherwise)}"
            return f"CASE {whens}{tail} END"
        case Coalesced(dimension=inner, default=default):
            return f"coalesce({render_dimension(inner, column)}, {render_literal(default)})"
        case _:
            assert_never(dimension)


def _first_day(grain: Grain, day: str) -> str:
    """The first day of the period as a DATE: what ``date_trunc`` gives, at a third of its cost per row."""
    match grain:
        case Grain.DAY:
            return f"CAST({day} AS DATE)"
        case Grain.MONTH:
            return f"CAST({day} AS DATE) - (CAST(day({day}) AS INTEGER) - 1)"
        case Grain.QUARTER:
            return f"make_date(year({day}), 3 * quarter({day}) - 2, 1)"
        case Grain.YEAR:
            return f"make_date(year({day}), 1, 1)"
        case _:
            assert_never(grain)


def render_predicate(predicate: Predicate, column: ColumnRenderer = column_of) -> str:
    """One predicate, in parentheses; unknown stays unknown."""
    match predicate:
        case And(terms=terms):
            return "(" + " AND ".join(render_predicate(term, column) for term in terms) + ")"
        case Or(terms=terms):
            return "(" + " OR ".join(render_predicate(term, column) for term in terms) + ")"
        case Not(term=term):
            return f"(NOT {render_predicate(term, column)})"
        case Compare(op=op, left=left, right=right):
            return f"({render_dimension(left, column)} {op.value} {render_literal(right)})"
        case In(left=left, options=options):
            listed = ", ".join(render_literal(option) for option in options)
            return f"({render_dimension(left, column)} IN ({listed}))"
        case IsNull(left=left):
            return f"({render_dimension(left, column)} IS NULL)"
        case _:
            assert_never(predicate)


def dimension_columns(dimension: Dimension) -> frozenset[ColumnRef]:
    """Every column the dimension mentions."""
    match dimension:
        case PlainColumn(column=reference) | Truncated(column=reference) | DatePart(column=reference):
            return frozenset({reference})
        case DateDiff(start=start, end=end):
            return frozenset({start, end})
        case Case(branches=branches):
            return frozenset().union(*(predicate_columns(branch.when) for branch in branches))
        case Coalesced(dimension=inner):
            return dimension_columns(inner)
        case _:
            assert_never(dimension)


def predicate_columns(predicate: Predicate | None) -> frozenset[ColumnRef]:
    """Every column the predicate mentions; none for no predicate."""
    match predicate:
        case None:
            return frozenset()
        case And(terms=terms) | Or(terms=terms):
            return frozenset().union(*(predicate_columns(term) for term in terms))
        case Not(term=term):
            return predicate_columns(term)
        case Compare(left=left) | In(left=left) | IsNull(left=left):
            return dimension_columns(left)
        case _:
            assert_never(predicate)
