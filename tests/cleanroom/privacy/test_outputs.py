"""Output arithmetic: exact, total, and withheld stays withheld."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.privacy.outputs import evaluate, shown
from cleanroom.released import Reason, Withheld
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

FIRST, SECOND = AggregateValue(index=0), AggregateValue(index=1)
UNITS = Withheld(Reason.UNITS)
DERIVED = Withheld(Reason.DERIVED)


def number(value: str) -> NumberValue:
    """A constant."""
    return NumberValue(value=Decimal(value))


def op(sign: str, left: Value, right: Value) -> Arithmetic:
    """``left sign right``."""
    return Arithmetic(op=ArithmeticOp(sign), left=left, right=right)


@pytest.mark.parametrize(
    ("value", "numbers", "wanted"),
    [
        (FIRST, (7, None), 7),
        (DimensionValue(index=0), (1, 2), "north"),
        (op("/", FIRST, SECOND), (1, 0), None),
        (op("/", FIRST, SECOND), (1, None), None),
        (op("/", FIRST, SECOND), (1, 3), Decimal("0.333333333333")),
        (op("*", op("/", FIRST, SECOND), number("3")), (2, 3), Decimal(2)),
        (op("-", FIRST, SECOND), (Decimal("0.1"), Decimal("0.3")), Decimal("-0.2")),
        (op("+", FIRST, DimensionValue(index=0)), (1, 2), None),
        (Rounded(value=FIRST, digits=2), (Decimal("2.345"), 0), Decimal("2.35")),
        (Rounded(value=FIRST, digits=2), (Decimal("-2.345"), 0), Decimal("-2.35")),
        (Rounded(value=FIRST, digits=-2), (1250, 0), Decimal(1300)),
        (NullIf(value=FIRST, other=SECOND), (0, 0), None),
        (NullIf(value=FIRST, other=SECOND), (5, 0), 5),
        (CoalesceValue(value=FIRST, other=number("0")), (None, 0), Decimal(0)),
    ],
)
def test_arithmetic_is_exact_and_total(value: Value, numbers: tuple[object, ...], wanted: object) -> None:
    """Each operation gives the exact decimal, NULL for what has no value, and never raises."""
    assert shown(evaluate(value, ("north",), numbers)) == wanted


@pytest.mark.parametrize(
    "value",
    [
        CoalesceValue(value=FIRST, other=SECOND),
        CoalesceValue(value=SECOND, other=FIRST),
        NullIf(value=FIRST, other=SECOND),
        NullIf(value=SECOND, other=FIRST),
        op("*", FIRST, number("0")),
        op("/", SECOND, FIRST),
        op("-", FIRST, FIRST),
        Rounded(value=FIRST, digits=-9),
    ],
)
def test_no_expression_shows_a_withheld_number(value: Value) -> None:
    """INVARIANT I13: whatever is computed from a withheld number is withheld, COALESCE and times zero included."""
    assert evaluate(value, (), (UNITS, 4)) == DERIVED


def test_bare_number_keeps_its_reason() -> None:
    """A withheld number shown by itself says why; one computed from it only that it was derived."""
    assert evaluate(FIRST, (), (UNITS, 4)) == UNITS


@given(a=st.decimals(allow_nan=False, allow_infinity=False, places=4), b=st.integers(-(10**12), 10**12))
def test_arithmetic_never_raises(a: Decimal, b: int) -> None:
    """Errors cannot depend on data: every operator on any two numbers gives a finite number or NULL."""
    for sign in ArithmeticOp:
        result = shown(evaluate(op(sign, FIRST, SECOND), (), (a, b)))
        assert result is None or (isinstance(result, Decimal) and result.is_finite())
