"""Values of parameters: typed, bounded, never echoed."""

from datetime import date
from decimal import Decimal

import pytest

from cleanroom.errors import PolicyRefused
from cleanroom.shape import Compare, Literal, LiteralType
from queries.parameters import Declared, GivenValue, check_value, typed_value
from queries.refusal import Refusal
from tests.queries.asking import ask


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        (LiteralType.DATE, "2025-01-31", date(2025, 1, 31)),
        (LiteralType.INTEGER, "-12", -12),
        (LiteralType.DECIMAL, "12.50", Decimal("12.5")),
        (LiteralType.DECIMAL, 3, Decimal(3)),
        (LiteralType.BOOLEAN, "TRUE", True),
        (LiteralType.TEXT, "it's", "it's"),
    ],
)
def test_a_value_becomes_a_literal_of_its_type(kind: LiteralType, given: GivenValue, value: object) -> None:
    """What a form, command line or JSON body gives."""
    assert typed_value("p", kind, given) == Literal(type=kind, value=value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (LiteralType.DATE, "31.01.2025"), (LiteralType.DATE, "2025-02-30"), (LiteralType.INTEGER, "1.5"),
        (LiteralType.INTEGER, True), (LiteralType.INTEGER, 10**30), (LiteralType.DECIMAL, "1e5"),
        (LiteralType.DECIMAL, Decimal("NaN")), (LiteralType.BOOLEAN, "yes please"), (LiteralType.TEXT, "a\u202eb"),
        (LiteralType.TEXT, "x" * 2_000), (LiteralType.TEXT, 5),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_without_being_quoted(kind: LiteralType, given: GivenValue) -> None:
    """INVARIANT I15: the refusal names the parameter and its type, never the value."""
    with pytest.raises(Refusal, match="CR-Q171") as refused:
        typed_value("p", kind, given)
    assert str(given) not in refused.value.violation.message


def test_allowed_values_and_ranges_hold() -> None:
    """A template's author bounds what may be asked with it."""
    day = Declared(name="d", type=LiteralType.DATE, minimum=typed_value("d", LiteralType.DATE, "2025-01-01"))
    check_value(day, "2025-01-01")
    with pytest.raises(Refusal, match="CR-Q172"):
        check_value(day, "2024-12-31")
    text = Declared(name="t", type=LiteralType.TEXT, allowed=(typed_value("t", LiteralType.TEXT, "web"),))
    check_value(text, "web")
    with pytest.raises(Refusal, match="CR-Q172"):
        check_value(text, "store")


def test_an_ad_hoc_value_takes_the_type_it_is_compared_with() -> None:
    """`--sql ... --param from=2025-01-01` needs no declaration."""
    shape = ask("SELECT COUNT(*) FROM sales WHERE sale_date >= :from", **{"from": "2025-01-01"})
    assert isinstance(shape.where, Compare)
    assert shape.where.right == Literal(type=LiteralType.DATE, value=date(2025, 1, 1))
    with pytest.raises(PolicyRefused, match="CR-Q175"):
        ask("SELECT COUNT(*) FROM sales", unused="1")
