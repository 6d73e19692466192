"""Output expressions: arithmetic over released numbers, never over rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from cleanroom.errors import Violation
from cleanroom.shape import (
    AggregateValue,
    Arithmetic,
    ArithmeticOp,
    CoalesceValue,
    DimensionValue,
    NullIf,
    NumberValue,
    Rounded,
    Value,
)
from queries.binding.aggregates import aggregate, is_aggregate, written_empty
from queries.binding.cells import Cells
from queries.binding.context import bare
from queries.binding.literals import is_constant, number
from queries.binding.scope import Scope
from queries.refusal import Refusal, refusal

_ARITHMETIC: dict[type[exp.Expr], ArithmeticOp] = {
    exp.Add: ArithmeticOp.ADD,
    exp.Sub: ArithmeticOp.SUBTRACT,
    exp.Mul: ArithmeticOp.MULTIPLY,
    exp.Div: ArithmeticOp.DIVIDE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What output expressions may mention: the cells' aggregates, and outputs by lower-case name.

    ``broken`` are outputs that were refused: their names repeat that refusal and no other.
    """

    scope: Scope
    cells: Cells
    named: Mapping[str, Value]
    broken: Mapping[str, Violation]

    def by_name(self, node: exp.Expr) -> Value | None:
        """The output that an unqualified name means, if there is one.

        Raises:
            Refusal: the output was refused.
        """
        if not isinstance(node, exp.Column) or node.table:
            return None
        name = node.name.lower()
        if name in self.broken and name not in self.named:
            raise Refusal(self.broken[name])
        return self.named.get(name)

    def computes(self, node: exp.Expr) -> bool:
        """Whether ``node`` is arithmetic over aggregates and named measures."""
        columns = [column for column in node.find_all(exp.Column) if not column.find_ancestor(exp.AggFunc, exp.Filter)]
        named = [self.named.get(column.name.lower()) for column in columns if not column.table]
        return (
            isinstance(node, exp.Binary | exp.Neg | exp.Func | exp.Paren)
            and bool(named)
            and all(value is not None and not isinstance(value, DimensionValue) for value in named)
        )


def measure(node: exp.Expr, released: Released) -> Value:
    """The measure ``node``.

    Raises:
        Refusal: CR-Q157 a dimension among numbers, CR-Q165 digits out of range, and as ``aggregate``.
    """
    node = bare(node)
    if is_constant(node):
        return NumberValue(value=number(node, released.scope.context))
    operator = _ARITHMETIC.get(type(node))
    if operator is not None:
        return Arithmetic(
            op=operator, left=measure(node.args["this"], released), right=measure(node.args["expression"], released)
        )
    match node:
        case exp.AggFunc() | exp.Filter():
            return _aggregated(node, released)
        case exp.Neg():
            return Arithmetic(
                op=ArithmeticOp.MULTIPLY, left=NumberValue(value=Decimal(-1)), right=measure(node.this, released)
            )
        case exp.Round():
            return Rounded(value=measure(node.this, released), digits=_digits(node, released.scope))
        case exp.Nullif():
            return NullIf(value=measure(node.this, released), other=measure(node.expression, released))
        case exp.Coalesce():
            others = node.args.get("expressions") or []
            if len(others) != 1:
                raise _not_a_measure(node, released)
            return CoalesceValue(value=measure(node.this, released), other=measure(others[0], released))
        case exp.Cast():
            raise refusal(
                "CR-Q126", "no_cast", "a released number needs no cast: `/` keeps the decimals",
                help="leave the cast out; ROUND(x, 2) for fewer decimals", span=released.scope.context.span(node),
            )  # fmt: skip
        case exp.Column():
            value = released.by_name(node)
            if value is None or isinstance(value, DimensionValue):
                raise _not_a_measure(node, released)
            return value
        case _:
            raise _not_a_measure(node, released)


def _aggregated(node: exp.Expr, released: Released) -> Value:
    value = AggregateValue(index=released.cells.aggregate(aggregate(node, released.scope)))
    match written_empty(node):
        case None:
            return value
        case "zero":
            return CoalesceValue(value=value, other=NumberValue(value=Decimal(0)))
        case "null":
            return NullIf(value=value, other=NumberValue(value=Decimal(0)))


def _digits(node: exp.Round, scope: Scope) -> int:
    given = node.args.get("decimals")
    digits = number(given, scope.context) if given is not None else Decimal(0)
    if digits != digits.to_integral_value() or not -9 <= digits <= 9:
        raise refusal(
            "CR-Q165", "literal_range", "ROUND takes -9 to 9 digits", help="write ROUND(x, 2)",
            span=scope.context.span(node),
        )  # fmt: skip
    return int(digits)


def _not_a_measure(node: exp.Expr, released: Released) -> Refusal:
    if isinstance(node, exp.Column):
        released.scope.resolve(node)  # an unknown name is the better thing to say
    hint = (
        "compute with aggregates: SUM(a) / COUNT(b)"
        if not is_aggregate(node)
        else "use + - * /, ROUND, NULLIF and COALESCE over COUNT, SUM and AVG"
    )
    return refusal(
        "CR-Q157", "measures", "arithmetic is over aggregates and numbers only", help=hint,
        span=released.scope.context.span(node),
    )  # fmt: skip
