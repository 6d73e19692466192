"""``QueryShape`` -> text in the room's dialect: ``bind(parse(render(shape))) == shape``.

For people (what was understood, rewrites, the canonical text of a template) and for tests. The engine's SQL is written
elsewhere, from the shape; this text is never executed.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import assert_never

from sqlglot.dialects.duckdb import DuckDB

from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    And,
    Arithmetic,
    ArithmeticOp,
    Case,
    Coalesced,
    CoalesceValue,
    ColumnRef,
    Compare,
    DateDiff,
    DatePart,
    Dimension,
    DimensionValue,
    Fn,
    Having,
    HavingCompare,
    HavingIsNull,
    HavingLogic,
    HavingNot,
    In,
    IsNull,
    Literal,
    Not,
    NullIf,
    NumberValue,
    Operand,
    Or,
    OrderItem,
    Parameter,
    PerUnit,
    PerUnitFn,
    PlainColumn,
    Predicate,
    QueryShape,
    Rounded,
    Source,
    Truncated,
    Value,
)

_RESERVED = frozenset(word.lower() for word in DuckDB.Tokenizer.KEYWORDS if word.isidentifier())

_ADDING = (ArithmeticOp.ADD, ArithmeticOp.SUBTRACT)


def render(shape: QueryShape) -> str:
    """The text of ``shape``, one clause per line."""
    return _Renderer(shape).query()


def quoted(name: str) -> str:
    """``name`` as an identifier, in quotes where it needs them."""
    plain = name.isascii() and name.isidentifier() and name == name.lower() and name not in _RESERVED
    return name if plain else '"' + name.replace('"', '""') + '"'


def operand_text(operand: Operand) -> str:
    """A literal or parameter."""
    if isinstance(operand, Parameter):
        return f":{operand.name}"
    match operand.value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if operand.value else "FALSE"
        case int():
            return str(operand.value)
        case Decimal():
            return _decimal(operand.value)
        case date():
            return f"DATE '{operand.value.isoformat()}'"
        case str():
            return "'" + operand.value.replace("'", "''") + "'"
        case _:
            assert_never(operand.value)


def _decimal(value: Decimal) -> str:
    return format(value, "f")


class _Renderer:
    """One shape's text. Inside a per-unit table a reference has no qualifier: there is one source."""

    def __init__(self, shape: QueryShape) -> None:
        self._shape = shape
        self._aliases = _aliases(shape.sources)

    def query(self) -> str:
        shape = self._shape
        lines = [self._with(), "SELECT " + ", ".join(self._output(one.name, one.value) for one in shape.outputs)]
        lines += [self._source(index, source) for index, source in enumerate(shape.sources)]
        if shape.where is not None:
            lines.append("WHERE " + self._predicate(shape.where))
        if shape.dimensions:
            lines.append("GROUP BY " + ", ".join(self._dimension(one) for one in shape.dimensions))
        if shape.having is not None:
            lines.append("HAVING " + self._having(shape.having))
        if shape.order_by:
            lines.append("ORDER BY " + ", ".join(self._ordered(one) for one in shape.order_by))
        if shape.limit is not None:
            lines.append(f"LIMIT {shape.limit}")
        return "\n".join(line for line in lines if line)

    def _with(self) -> str:
        tables = [
            f"{self._aliases[index]} AS ({self._per_unit(source, source.per_unit)})"
            for index, source in enumerate(self._shape.sources)
            if source.per_unit is not None
        ]
        return "WITH " + ",\n  ".join(tables) if tables else ""

    def _per_unit(self, source: Source, per_unit: PerUnit) -> str:
        outputs = [quoted(per_unit.key)]
        for one in per_unit.outputs:
            argument = "*" if one.column is None else quoted(one.column.column)
            distinct = one.fn is PerUnitFn.COUNT_DISTINCT
            fn = "COUNT" if distinct else one.fn.upper()
            call = f"{fn}({'DISTINCT ' if distinct else ''}{argument})"
            condition = f" FILTER (WHERE {self._predicate(one.filter, True)})" if one.filter is not None else ""
            outputs.append(f"{call}{condition} AS {quoted(one.name)}")
        where = f" WHERE {self._predicate(per_unit.where, True)}" if per_unit.where is not None else ""
        return f"SELECT {', '.join(outputs)} FROM {quoted(source.dataset)}{where} GROUP BY {quoted(per_unit.key)}"

    def _source(self, index: int, source: Source) -> str:
        alias = self._aliases[index]
        name = (
            alias if source.per_unit is not None or alias == source.dataset else f"{quoted(source.dataset)} AS {alias}"
        )
        if source.join is None:
            return f"FROM {name}"
        pairs = " AND ".join(f"{self._column(pair.left)} = {self._column(pair.right)}" for pair in source.join.pairs)
        return f"{source.join.kind.upper()} JOIN {name} ON {pairs}"

    def _output(self, name: str, value: Value) -> str:
        return f"{self._value(value)} AS {quoted(name)}"

    def _column(self, ref: ColumnRef, inner: bool = False) -> str:
        return quoted(ref.column) if inner else f"{self._aliases[ref.source]}.{quoted(ref.column)}"

    def _dimension(self, dimension: Dimension, inner: bool = False) -> str:
        match dimension:
            case PlainColumn(column=ref):
                return self._column(ref, inner)
            case Truncated(grain=grain, column=ref):
                return f"date_trunc('{grain}', {self._column(ref, inner)})"
            case DatePart(part=part, column=ref):
                return f"{part}({self._column(ref, inner)})"
            case DateDiff(grain=grain, start=start, end=end):
                return f"date_diff('{grain}', {self._column(start, inner)}, {self._column(end, inner)})"
            case Case(branches=branches, otherwise=otherwise):
                whens = " ".join(
                    f"WHEN {self._predicate(one.when, inner)} THEN {operand_text(one.then)}" for one in branches
                )
                tail = f" ELSE {operand_text(otherwise)}" if otherwise is not None else ""
                return f"CASE {whens}{tail} END"
            case Coalesced(dimension=wrapped, default=default):
                return f"coalesce({self._dimension(wrapped, inner)}, {operand_text(default)})"
            case _:
                assert_never(dimension)

    def _predicate(self, predicate: Predicate, inner: bool = False) -> str:
        match predicate:
            case And(terms=terms):
                return " AND ".join(self._term(term, inner) for term in terms)
            case Or(terms=terms):
                return " OR ".join(self._term(term, inner) for term in terms)
            case Not(term=In(left=left, options=options)):
                return f"{self._dimension(left, inner)} NOT IN ({', '.join(map(operand_text, options))})"
            case Not(term=IsNull(left=left)):
                return f"{self._dimension(left, inner)} IS NOT NULL"
            case Not(term=term):
                return f"NOT ({self._predicate(term, inner)})"
            case Compare(op=op, left=left, right=right):
                return f"{self._dimension(left, inner)} {op} {operand_text(right)}"
            case In(left=left, options=options):
                return f"{self._dimension(left, inner)} IN ({', '.join(map(operand_text, options))})"
            case IsNull(left=left):
                return f"{self._dimension(left, inner)} IS NULL"
            case _:
                assert_never(predicate)

    def _term(self, predicate: Predicate, inner: bool) -> str:
        text = self._predicate(predicate, inner)
        return f"({text})" if isinstance(predicate, And | Or) else text

    def _aggregate(self, aggregate: Aggregate) -> str:
        column = self._column(aggregate.column) if aggregate.column is not None else "*"
        match aggregate.fn:
            case Fn.COUNT_STAR | Fn.COUNT:
                call = f"COUNT({column})"
            case Fn.COUNT_DISTINCT:
                call = f"COUNT(DISTINCT {column})"
            case Fn.SUM | Fn.AVG:
                call = f"{aggregate.fn.upper()}({column})"
            case _:
                assert_never(aggregate.fn)
        condition = f" FILTER (WHERE {self._predicate(aggregate.filter)})" if aggregate.filter is not None else ""
        return call + condition

    def _value(self, value: Value) -> str:
        match value:
            case AggregateValue(index=index):
                return self._aggregate(self._shape.aggregates[index])
            case DimensionValue(index=index):
                return self._dimension(self._shape.dimensions[index])
            case NumberValue(value=number):
                return _decimal(number)
            case Arithmetic(op=op, left=left, right=right):
                # Chains lean to the left without brackets, so that a long one is no deeper than it was written.
                loose = isinstance(left, Arithmetic) and (op in _ADDING or left.op not in _ADDING)
                first = self._value(left) if loose else self._inner(left)
                return f"{first} {op} {self._inner(right)}"
            case Rounded(value=wrapped, digits=digits):
                return f"ROUND({self._value(wrapped)}, {digits})"
            case NullIf(value=wrapped, other=other):
                return f"NULLIF({self._value(wrapped)}, {self._value(other)})"
            case CoalesceValue(value=wrapped, other=other):
                return f"COALESCE({self._value(wrapped)}, {self._value(other)})"
            case _:
                assert_never(value)

    def _inner(self, value: Value) -> str:
        text = self._value(value)
        return f"({text})" if isinstance(value, Arithmetic) else text

    def _having(self, condition: Having) -> str:
        match condition:
            case HavingCompare(op=op, left=left, right=right):
                other = operand_text(right) if isinstance(right, Literal | Parameter) else self._inner(right)
                return f"{self._inner(left)} {op} {other}"
            case HavingIsNull(value=value):
                return f"{self._inner(value)} IS NULL"
            case HavingNot(term=term):
                return f"NOT ({self._having(term)})"
            case HavingLogic(op=op, terms=terms):
                joined = [
                    f"({self._having(one)})" if isinstance(one, HavingLogic) else self._having(one) for one in terms
                ]
                return f" {op.upper()} ".join(joined)
            case _:
                assert_never(condition)

    def _ordered(self, item: OrderItem) -> str:
        direction = " DESC" if item.descending else ""
        return f"{self._inner(item.value)}{direction}{' NULLS FIRST' if item.nulls_first else ''}"


def _aliases(sources: tuple[Source, ...]) -> Mapping[int, str]:
    """One legal name per source, from its dataset alone: the same for every spelling."""
    found: dict[int, str] = {}
    for index, source in enumerate(sources):
        stem = f"{source.dataset}_per_unit" if source.per_unit is not None else str(source.dataset)
        before = sum(
            1
            for one in sources[:index]
            if one.dataset == source.dataset and (one.per_unit is None) == (source.per_unit is None)
        )
        found[index] = quoted(stem if not before else f"{stem}_{before + 1}")
    return found
