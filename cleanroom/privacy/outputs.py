"""Output expressions over released numbers, exact: Decimal arithmetic, withheld stays withheld (pure).

A ``Withheld`` operand makes the result ``Withheld(DERIVED)``, COALESCE and NULLIF included: no expression can turn a
withheld number into a shown one, or tell it from another (INVARIANT I13). A bare aggregate keeps its own reason.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import assert_never

from cleanroom.released import Reason, ShownValue, Withheld
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

Cell = ShownValue | Withheld

EXACT = Context(prec=60, rounding=ROUND_HALF_UP, Emin=-999_999, Emax=999_999, traps=[])
"""Sixty digits: sums of any table and their products are exact; a quotient is rounded in the sixtieth digit."""

SHOWN_DIGITS = 12
"""A quotient is shown with at most twelve digits after the point, half away from zero; until then it keeps sixty."""

_DERIVED = Withheld(Reason.DERIVED)


def evaluate(value: Value, key: Sequence[ShownValue], numbers: Sequence[Cell]) -> Cell:
    """The value of one output of one cell.

    Args:
        value: the output expression.
        key: the cell's dimension values.
        numbers: the cell's released numbers, one per aggregate.
    """
    match value:
        case AggregateValue(index=index):
            return numbers[index]
        case DimensionValue(index=index):
            return key[index]
        case NumberValue(value=constant):
            return constant
        case Arithmetic(op=op, left=left, right=right):
            return _arithmetic(op, evaluate(left, key, numbers), evaluate(right, key, numbers))
        case Rounded(value=inner, digits=digits):
            return _rounded(evaluate(inner, key, numbers), digits)
        case NullIf(value=inner, other=other):
            return _null_if(evaluate(inner, key, numbers), evaluate(other, key, numbers))
        case CoalesceValue(value=inner, other=other):
            return _coalesce(evaluate(inner, key, numbers), evaluate(other, key, numbers))
        case _:
            assert_never(value)


def shown(value: Cell) -> Cell:
    """``value`` as it stands in an answer: a long quotient cut to twelve digits after the point."""
    return shown_number(value) if isinstance(value, Decimal) else value


def shown_number(value: Decimal | None) -> Decimal | None:
    """``value`` with at most twelve digits after the point."""
    if value is None:
        return None
    if -int(value.as_tuple().exponent) <= SHOWN_DIGITS:
        return value
    short = _quantized(value, SHOWN_DIGITS)
    return None if short is None else _without_trailing_zeros(short)


def divide(left: Decimal | int, right: Decimal | int) -> Decimal | None:
    """``left / right`` to sixty digits; NULL for a zero divisor."""
    return None if right == 0 else _finite(EXACT.divide(Decimal(left), Decimal(right)))


def _arithmetic(op: ArithmeticOp, left: Cell, right: Cell) -> Cell:
    if isinstance(left, Withheld) or isinstance(right, Withheld):
        return _DERIVED
    a, b = _number(left), _number(right)
    if a is None or b is None:
        return None
    match op:
        case ArithmeticOp.ADD:
            return _finite(EXACT.add(a, b))
        case ArithmeticOp.SUBTRACT:
            return _finite(EXACT.subtract(a, b))
        case ArithmeticOp.MULTIPLY:
            return _finite(EXACT.multiply(a, b))
        case ArithmeticOp.DIVIDE:
            return divide(a, b)
        case _:
            assert_never(op)


def _rounded(value: Cell, digits: int) -> Cell:
    if isinstance(value, Withheld):
        return _DERIVED
    number = _number(value)
    return None if number is None else _quantized(number, digits)


def _null_if(value: Cell, other: Cell) -> Cell:
    if isinstance(value, Withheld) or isinstance(other, Withheld):
        return _DERIVED
    return None if value is not None and value == other else value


def _coalesce(value: Cell, other: Cell) -> Cell:
    # Withheld on either side: whether the first was NULL must not show through the second.
    if isinstance(value, Withheld) or isinstance(other, Withheld):
        return _DERIVED
    return other if value is None else value


def _number(value: ShownValue) -> Decimal | None:
    """``value`` as an exact number; what is not a number is NULL, never an error (an error could depend on data)."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def _quantized(value: Decimal, digits: int) -> Decimal | None:
    result = value.quantize(Decimal(1).scaleb(-digits), context=EXACT)
    return _finite(result)


def _finite(value: Decimal) -> Decimal | None:
    """``value``, or NULL where sixty digits were not enough."""
    return value if value.is_finite() else None


def _without_trailing_zeros(value: Decimal) -> Decimal:
    short = value.normalize(EXACT)
    return short if int(short.as_tuple().exponent) <= 0 else short.quantize(Decimal(1), context=EXACT)
