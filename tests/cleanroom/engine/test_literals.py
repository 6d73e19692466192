"""Constants mean exactly themselves in the engine, whatever they hold (I7)."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.engine.literals import quote_name, quote_number, quote_shown, quote_text, render_literal
from cleanroom.errors import IntegrityFailure, UsageProblem
from cleanroom.shape import Literal, LiteralType, Parameter


def engine_value(sql: str) -> tuple[object, str]:
    """What DuckDB reads ``sql`` as, and its type."""
    row = duckdb.connect().execute(f"SELECT {sql} AS v, typeof(v)").fetchone()
    assert row is not None
    return row


@given(value=st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(["'", "\\'", "--", "';DROP", "\x00"]))
def test_text_comes_back_unchanged(value: str) -> None:
    """INVARIANT I7: no text ends its own quotes."""
    assert engine_value(quote_text(value)) == (value, "VARCHAR")


@given(value=st.decimals(min_value=-(10**18) + 1, max_value=10**18 - 1, places=6) | st.integers(-(10**17), 10**17))
def test_numbers_come_back_exact(value: Decimal | int) -> None:
    """No number becomes a DOUBLE."""
    found, kind = engine_value(quote_number(value))
    assert found == value
    assert kind != "DOUBLE"


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal(10) ** 18, Decimal("1E-19")])
def test_numbers_outside_the_exact_range_are_refused(value: Decimal) -> None:
    """A comparison that could overflow on some rows only is never written."""
    with pytest.raises(UsageProblem, match="CR-R102"):
        quote_number(value)


def test_lone_surrogate_is_refused() -> None:
    """What cannot be UTF-8 cannot be compared."""
    with pytest.raises(UsageProblem, match="CR-R101"):
        quote_text("\ud800")


@pytest.mark.parametrize("name", ['a"b', "a b", "", "1a", "a;", "a\x00"])
def test_only_plain_names_are_quoted(name: str) -> None:
    """INVARIANT I8: a name that is no plain identifier did not come from a contract."""
    with pytest.raises(IntegrityFailure, match="CR-R201"):
        quote_name(name)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (LiteralType.TEXT, "o'n", ("o'n", "VARCHAR")),
        (LiteralType.INTEGER, -5, (-5, "INTEGER")),
        (LiteralType.DECIMAL, Decimal("-0.50"), (Decimal("-0.5"), "DECIMAL(2,1)")),
        (LiteralType.BOOLEAN, True, (True, "BOOLEAN")),
        (LiteralType.DATE, date(2026, 1, 31), (date(2026, 1, 31), "DATE")),
        (LiteralType.TEXT, None, (None, "VARCHAR")),
    ],
)
def test_literals_are_typed(kind: LiteralType, value: object, wanted: object) -> None:
    """Each literal is read as its own type, NULL included."""
    assert engine_value(render_literal(Literal(type=kind, value=value))) == wanted


@pytest.mark.parametrize(
    "operand",
    [
        Parameter(name="p", type=LiteralType.TEXT),
        Literal(type=LiteralType.INTEGER, value="5; DROP"),
        Literal(type=LiteralType.BOOLEAN, value=1),
        Literal(type=LiteralType.INTEGER, value=True),
        Literal(type=LiteralType.DATE, value="2026-01-01"),
    ],
)
def test_untyped_values_are_refused(operand: Literal | Parameter) -> None:
    """A value that is not of its stated type never becomes text."""
    with pytest.raises(IntegrityFailure, match="CR-R202"):
        render_literal(operand)


@pytest.mark.parametrize("key", [None, True, "x'y", 7, Decimal("1.25"), date(2026, 1, 1)])
def test_cell_keys_find_themselves(key: object) -> None:
    """A key picked out again is the same key."""
    assert engine_value(quote_shown(key))[0] == key
