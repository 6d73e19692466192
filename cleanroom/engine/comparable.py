"""Plan and tables -> every comparison is between values of one kind, or the plan is not run (pure but for the types).

Attack stopped: DuckDB compares text with a number by casting the text, row by row; the first row that is no number
raises, and whether a query fails would tell whether such a row exists. The front end binds types; this wall does not
trust it: anything that is not known to be total is refused before a row is read, whatever the data is.
"""

from collections.abc import Iterator
from typing import assert_never

from cleanroom.engine.types import PhysicalTypes, column_type, dimension_type
from cleanroom.errors import IntegrityFailure
from cleanroom.plan import Plan
from cleanroom.shape import (
    And,
    Case,
    Coalesced,
    ColumnRef,
    Compare,
    DateDiff,
    DatePart,
    Dimension,
    Fn,
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

_NUMBERS = frozenset({"integer", "decimal"})


def require_comparable(plan: Plan, tables: PhysicalTypes) -> None:
    """Hold every expression of ``plan`` to the tables' types.

    Raises:
        IntegrityFailure: CR-R207 a comparison, CASE, join, date function or sum over values of different kinds.
    """
    shape = plan.shape
    predicates = [shape.where, *(aggregate.filter for aggregate in shape.aggregates)]
    for dimension in shape.dimensions:
        _check_dimension(dimension, plan, tables)
    for predicate in predicates:
        if predicate is not None:
            _check_predicate(predicate, plan, tables)
    for aggregate in shape.aggregates:
        sums = aggregate.fn in (Fn.SUM, Fn.AVG)
        if sums and aggregate.column is not None and _kind(column_type(aggregate.column, plan, tables)) != "number":
            raise _mixed()
    for source in shape.sources:
        for pair in source.join.pairs if source.join else ():
            left, right = column_type(pair.left, plan, tables), column_type(pair.right, plan, tables)
            if _kind(left) != _kind(right):
                raise _mixed()


def _check_dimension(dimension: Dimension, plan: Plan, tables: PhysicalTypes) -> None:
    match dimension:
        case PlainColumn():
            return
        case Truncated(column=column) | DatePart(column=column):
            _require_date(column, plan, tables)
        case DateDiff(start=start, end=end):
            _require_date(start, plan, tables)
            _require_date(end, plan, tables)
        case Case(branches=branches, otherwise=otherwise):
            results = [branch.then for branch in branches] + ([otherwise] if otherwise is not None else [])
            if len({_operand_kind(result) for result in results}) != 1:
                raise _mixed()
            for branch in branches:
                _check_predicate(branch.when, plan, tables)
        case Coalesced(dimension=inner, default=default):
            _check_dimension(inner, plan, tables)
            if _kind(dimension_type(inner, plan, tables)) != _operand_kind(default):
                raise _mixed()
        case _:
            assert_never(dimension)


def _check_predicate(predicate: Predicate, plan: Plan, tables: PhysicalTypes) -> None:
    match predicate:
        case And(terms=terms) | Or(terms=terms):
            for term in terms:
                _check_predicate(term, plan, tables)
        case Not(term=term):
            _check_predicate(term, plan, tables)
        case IsNull(left=left):
            _check_dimension(left, plan, tables)
        case Compare() | In():
            _check_dimension(predicate.left, plan, tables)
            kind = _kind(dimension_type(predicate.left, plan, tables))
            if any(_operand_kind(operand) != kind for operand in _operands(predicate)):
                raise _mixed()
        case _:
            assert_never(predicate)


def _operands(predicate: Compare | In) -> Iterator[Operand]:
    if isinstance(predicate, In):
        yield from predicate.options
    else:
        yield predicate.right


def _require_date(column: ColumnRef, plan: Plan, tables: PhysicalTypes) -> None:
    if _kind(column_type(column, plan, tables)) != "date":
        raise _mixed()


def _operand_kind(operand: Operand) -> str:
    return _kind(operand.type.value) if isinstance(operand, Literal) else "unknown"


def _kind(column: str) -> str:
    if column in _NUMBERS:
        return "number"
    return "date" if column == "timestamp" else column


def _mixed() -> IntegrityFailure:
    return IntegrityFailure("CR-R207", "the plan compares values of different kinds; it was not run")
