"""Text to values: exact, never raising, never guessing a date's order."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contracts.model import Column, ColumnType, Role
from cleanroom.names import ColumnName
from connectors.convert import loses_digits, typed
from connectors.mapping import ColumnRule


def _at(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001 - a store's local time has no zone


def _rule(kind: ColumnType, **options: str) -> ColumnRule:
    column = Column(name=ColumnName("x"), type=kind, role=Role.MEASURE, description="")
    return ColumnRule(target=column, sources=("x",), **options)  # type: ignore[arg-type]


def _typed(texts: list[str | None], kind: ColumnType, **options: str) -> list[object]:
    return typed(pl.Series("x", texts, dtype=pl.String), _rule(kind, **options)).to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("20260131", date(2026, 1, 31)),
        ("2026-01-31 23:59:00", date(2026, 1, 31)),
        ("2026-01-31T23:59:00.123+02:00", date(2026, 1, 31)),
        ("2026-02-30", None),
        ("31/01/2026", None),
        ("01/02/26", None),
        ("0026-01-31", None),
        ("2026-01-31x", None),
        (None, None),
    ],
)
def test_dates_without_a_format_are_iso(text: str | None, expected: date | None) -> None:
    """An ambiguous order is never guessed, an impossible or unbelievable day is none."""
    assert _typed([text], ColumnType.DATE) == [expected]
    assert _typed([text, "2026-01-01"], ColumnType.DATE)[0] == expected


def test_dates_with_a_format() -> None:
    """The mapping's format decides; with a time the day is kept."""
    assert _typed(["31/01/2026 08:26", "31/01/26"], ColumnType.DATE, date_format="%d/%m/%Y %H:%M") == [
        date(2026, 1, 31),
        None,
    ]
    assert _typed(["1/31/26"], ColumnType.DATE, date_format="%m/%d/%y") == [date(2026, 1, 31)]
    assert _typed(["1/12/10"], ColumnType.DATE, date_format="%d/%m/%Y") == [None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2010-12-01 08:26:00", _at(2010, 12, 1, 8, 26)),
        ("2010-12-01T08:26", _at(2010, 12, 1, 8, 26)),
        ("2010-12-01 08:26:00.5", _at(2010, 12, 1, 8, 26, 0, 500000)),
        ("2010-12-01 08:26:00Z", _at(2010, 12, 1, 8, 26)),
        ("2010-12-01", _at(2010, 12, 1)),
        ("2010-12-01 25:26:00", None),
        ("8:26", None),
    ],
)
def test_moments(text: str, expected: datetime | None) -> None:
    """ISO in its usual spellings; the store's local time is kept as it stands."""
    assert _typed([text], ColumnType.TIMESTAMP) == [expected]


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("2.55", {}, "2.5500"),
        ("+3", {}, "3.0000"),
        (".5", {}, "0.5000"),
        ("-12.00", {}, "-12.0000"),
        ("12.00-", {}, "-12.0000"),
        ("(12.00)", {}, "-12.0000"),
        ("($12.00)", {}, "-12.0000"),
        ("-$12.00", {}, "-12.0000"),
        ("$-12.00", {}, "-12.0000"),
        ("\u00a3 12.00", {}, "12.0000"),
        ("1,234.50", {"thousands": ","}, "1234.5000"),
        ("1.234,50", {"decimal": ",", "thousands": "."}, "1234.5000"),
        ("12,5", {"decimal": ","}, "12.5000"),
        ("1,234.50", {}, None),
        ("1,234", {}, None),
        ("12.5", {"decimal": ","}, None),
        ("1e5", {}, None),
        ("NaN", {}, None),
        ("inf", {}, None),
        ("1_000", {}, None),
        ("12 apples", {}, None),
        ("+44 7700 900123", {}, None),
        ("99999999999999999999", {}, None),
    ],
)
def test_decimals(text: str, options: dict[str, str], expected: str | None) -> None:
    """Exact, with the declared marks only: 1,234 is not a guess away from 1.234."""
    assert _typed([text], ColumnType.DECIMAL, **options) == [None if expected is None else Decimal(expected)]


@given(st.decimals(min_value=Decimal(-99999999999999), max_value=Decimal(99999999999999), places=4))
def test_decimals_are_exact(number: Decimal) -> None:
    """Every DECIMAL(18,4) comes back as itself."""
    assert _typed([format(number, "f")], ColumnType.DECIMAL) == [number]


def test_rounding_is_noticed() -> None:
    """More than four decimals are rounded, and counted."""
    column = pl.Series("x", ["1.23456", "1.2345", "1.23450000", None])
    assert loses_digits(column, _rule(ColumnType.DECIMAL)).to_list() == [True, False, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", 12), ("-3", -3), ("+4", 4), ("17850.0", 17850), ("1.5", None), ("x", None), ("9" * 30, None)],
)
def test_integers(text: str, expected: int | None) -> None:
    """Whole numbers, also as a data frame writes them."""
    assert _typed([text], ColumnType.INTEGER) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"), [("TRUE", True), ("n", False), ("1", True), ("0.0", False), ("maybe", None)]
)
def test_booleans(text: str, expected: bool | None) -> None:
    """The usual words; others are translated by the mapping."""
    assert _typed([text], ColumnType.BOOLEAN) == [expected]


@given(st.lists(st.one_of(st.none(), st.text(max_size=20)), max_size=20), st.sampled_from(list(ColumnType)))
def test_no_text_raises(texts: list[str | None], kind: ColumnType) -> None:
    """Whatever a file holds, conversion answers with values or nulls of the same length."""
    assert len(_typed(texts, kind)) == len(texts)
