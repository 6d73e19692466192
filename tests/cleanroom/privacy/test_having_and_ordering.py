"""HAVING, ORDER BY and LIMIT know released values only."""

from decimal import Decimal

import pytest

from cleanroom.errors import IntegrityFailure
from cleanroom.privacy.having import holds
from cleanroom.privacy.ordering import ReleasedCell, ordered
from cleanroom.released import Reason, Withheld
from cleanroom.shape import (
    AggregateValue,
    CompareOp,
    HavingCompare,
    HavingIsNull,
    HavingLogic,
    HavingNot,
    Literal,
    LiteralType,
    OrderItem,
    Parameter,
)

COUNT = AggregateValue(index=0)
HIDDEN = Withheld(Reason.UNITS)


def compared(op: CompareOp, value: int) -> HavingCompare:
    """``count op value``."""
    return HavingCompare(op=op, left=COUNT, right=Literal(type=LiteralType.INTEGER, value=value))


@pytest.mark.parametrize("op", list(CompareOp))
def test_withheld_is_unknown_for_every_operator_and_constant(op: CompareOp) -> None:
    """Bisection finds nothing: a withheld number compares as unknown, and NOT of unknown is unknown."""
    for constant in (-1, 0, 7, 24, 10**9):
        assert holds(compared(op, constant), (), (HIDDEN,)) is None
        assert holds(HavingNot(term=compared(op, constant)), (), (HIDDEN,)) is None


def test_withheld_is_not_null() -> None:
    """IS NULL of a withheld number is unknown, of a NULL true, of a number false."""
    asked = HavingIsNull(value=COUNT)
    assert [holds(asked, (), (value,)) for value in (HIDDEN, None, 3)] == [None, True, False]


def test_logic_is_three_valued() -> None:
    """OR with a true term is true whatever the unknown; AND with a false one false."""
    unknown, true, false = HavingIsNull(value=COUNT), compared(CompareOp.GT, 0), compared(CompareOp.LT, 0)
    numbers = (5,)
    hidden = HavingCompare(op=CompareOp.EQ, left=AggregateValue(index=1), right=COUNT)
    assert holds(HavingLogic(op="or", terms=(hidden, true)), (), (*numbers, HIDDEN)) is True
    assert holds(HavingLogic(op="and", terms=(hidden, false)), (), (*numbers, HIDDEN)) is False
    assert holds(HavingLogic(op="and", terms=(hidden, true)), (), (*numbers, HIDDEN)) is None
    assert holds(unknown, (), numbers) is False


@pytest.mark.parametrize(
    ("op", "wanted"),
    [("=", False), ("<>", True), ("<", True), ("<=", True), (">", False), (">=", False)],
)
def test_operators_compare_exactly(op: str, wanted: bool) -> None:
    """Integers and decimals compare as exact numbers."""
    asked = HavingCompare(op=CompareOp(op), left=COUNT, right=Literal(type=LiteralType.DECIMAL, value=Decimal("2.5")))
    assert holds(asked, (), (2,)) is wanted


def test_different_kinds_are_unknown() -> None:
    """A text against a number is unknown, not an error."""
    asked = HavingCompare(op=CompareOp.EQ, left=COUNT, right=Literal(type=LiteralType.TEXT, value="2"))
    assert holds(asked, (), (2,)) is None


def test_parameter_without_value_is_refused() -> None:
    """A plan never holds a parameter."""
    asked = HavingCompare(op=CompareOp.EQ, left=COUNT, right=Parameter(name="n", type=LiteralType.INTEGER))
    with pytest.raises(IntegrityFailure, match="CR-R202"):
        holds(asked, (), (2,))


def cells(*numbers: object) -> list[ReleasedCell]:
    """Cells ``a``, ``b``, ... with one number each."""
    return [ReleasedCell(key=(chr(97 + n),), numbers=(number,)) for n, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        (OrderItem(value=COUNT), "cbdae"),
        (OrderItem(value=COUNT, descending=True), "dbcae"),
        (OrderItem(value=COUNT, nulls_first=True), "acbde"),
        (OrderItem(value=COUNT, descending=True, nulls_first=True), "adbce"),
    ],
)
def test_withheld_sorts_last_in_every_direction(item: OrderItem, wanted: str) -> None:
    """The order of withheld numbers is that of their keys: a sort shows nothing about them."""
    result = ordered(cells(None, 2, Decimal(1), 7, HIDDEN), (item,), None)
    assert "".join(str(cell.key[0]) for cell in result) == wanted


def test_limit_cuts_after_withheld_sorted_last() -> None:
    """LIMIT 1 of a descending sort is the largest released number, not the largest number."""
    result = ordered(cells(HIDDEN, 3, 9), (OrderItem(value=COUNT, descending=True),), 1)
    assert result == [ReleasedCell(key=("c",), numbers=(9,))]


def test_ties_and_mixed_keys_have_one_order() -> None:
    """Without ORDER BY rows come by key, NULL last, in the same order whatever order the engine gave."""
    keys: list[object] = [None, "b", "a"]
    rows = [ReleasedCell(key=(key,), numbers=(1,)) for key in keys]
    assert [cell.key[0] for cell in ordered(rows, (), None)] == ["a", "b", None]
    assert ordered(rows, (), None) == ordered(rows[::-1], (), None)
