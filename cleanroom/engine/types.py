"""What type each column of an answer has, from the plan and the tables' columns alone, never from the data.

An answer without rows has the same columns as one with rows.
"""

from collections.abc import Callable, Mapping
from typing import assert_never

from cleanroom.engine.counts import CONTRIBUTOR
from cleanroom.names import ColumnName
from cleanroom.plan import Plan, SourceObligations
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    Arithmetic,
    ArithmeticOp,
    Case,
    Coalesced,
    CoalesceValue,
    ColumnRef,
    DateDiff,
    DatePart,
    Dimension,
    DimensionValue,
    Fn,
    Literal,
    NullIf,
    NumberValue,
    PerUnit,
    PerUnitFn,
    PlainColumn,
    Rounded,
    Truncated,
    Value,
)

PhysicalTypes = Callable[[int], Mapping[str, str]]
"""The DuckDB types of a source's tables by column name, by source index."""


def output_type(value: Value, plan: Plan, tables: PhysicalTypes) -> str:
    """One of text, integer, decimal, boolean, date: what an answer's column can be."""
    kind = _output_kind(value, plan, tables)
    return kind if kind in ("integer", "decimal", "boolean", "date") else "text"


def _output_kind(value: Value, plan: Plan, tables: PhysicalTypes) -> str:
    match value:
        case AggregateValue(index=index):
            return aggregate_type(plan.shape.aggregates[index], plan, tables)
        case DimensionValue(index=index):
            return dimension_type(plan.shape.dimensions[index], plan, tables)
        case NumberValue() | Rounded():
            return "decimal"
        case Arithmetic(op=op, left=left, right=right):
            both = {_output_kind(left, plan, tables), _output_kind(right, plan, tables)}
            return "integer" if both == {"integer"} and op is not ArithmeticOp.DIVIDE else "decimal"
        case NullIf(value=inner):
            return _output_kind(inner, plan, tables)
        case CoalesceValue(value=inner, other=other):
            first, second = _output_kind(inner, plan, tables), _output_kind(other, plan, tables)
            return "decimal" if {first, second} == {"integer", "decimal"} else first
        case _:
            assert_never(value)


def aggregate_type(aggregate: Aggregate, plan: Plan, tables: PhysicalTypes) -> str:
    """Counts are integers; a SUM is an integer only over integers within whole bounds; an AVG is a decimal."""
    if aggregate.fn is Fn.AVG:
        return "decimal"
    if aggregate.fn is not Fn.SUM or aggregate.column is None:
        return "integer"
    return _summed(aggregate.column, plan, tables)


def dimension_type(dimension: Dimension, plan: Plan, tables: PhysicalTypes) -> str:
    """The type of a cell key; beside an answer's types it can be timestamp, token or unknown."""
    match dimension:
        case PlainColumn(column=reference):
            return column_type(reference, plan, tables)
        case Truncated():
            return "date"
        case DatePart() | DateDiff():
            return "integer"
        case Case(branches=branches):
            first = branches[0].then
            return first.type.value if isinstance(first, Literal) else "text"
        case Coalesced(dimension=inner):
            return dimension_type(inner, plan, tables)
        case _:
            assert_never(dimension)


def column_type(reference: ColumnRef, plan: Plan, tables: PhysicalTypes) -> str:
    """The type of a column of a source, folded or not."""
    if reference.column == CONTRIBUTOR:
        return "text"
    source = plan.shape.sources[reference.source]
    physical = tables(reference.source)
    if source.per_unit is not None:
        return _folded_type(reference.column, source.per_unit, plan.obligations.sources[reference.source], physical)
    return _named(physical.get(reference.column, ""))


def _summed(reference: ColumnRef, plan: Plan, tables: PhysicalTypes) -> str:
    kind = column_type(reference, plan, tables)
    return _within_bounds(kind, plan.obligations.sources[reference.source], reference.column)


def _within_bounds(kind: str, obligations: SourceObligations, column: ColumnName) -> str:
    bounds = obligations.clamps.get(column)
    whole = bounds is None or all(bound == bound.to_integral_value() for bound in bounds)
    return "integer" if kind == "integer" and whole else "decimal"


def _folded_type(name: ColumnName, fold: PerUnit, obligations: SourceObligations, physical: Mapping[str, str]) -> str:
    output = next((output for output in fold.outputs if output.name == name), None)
    if output is None:
        return _named(physical.get(name, ""))
    if output.fn in (PerUnitFn.COUNT, PerUnitFn.COUNT_DISTINCT) or output.column is None:
        return "integer"
    inner = _named(physical.get(output.column.column, ""))
    return _within_bounds(inner, obligations, output.column.column) if output.fn is PerUnitFn.SUM else inner


def _named(physical: str) -> str:
    # DuckDB spells an enum with its values; none of our tables has one.
    if physical.startswith("DECIMAL"):
        return "decimal"
    if physical in ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "UBIGINT", "UINTEGER"):
        return "integer"
    if physical.startswith("TIMESTAMP"):
        return "timestamp"
    return {"BOOLEAN": "boolean", "DATE": "date", "UUID": "token", "VARCHAR": "text"}.get(physical, "unknown")
