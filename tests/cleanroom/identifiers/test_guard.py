"""INVARIANT I3: clear identifiers and bare hashes are recognised wherever a mapping mistake could put them."""

import hashlib

import polars as pl
import pytest

from cleanroom.contracts.model import Column, ColumnType, Role
from cleanroom.identifiers import Kind, guard_column, is_bare_hash, looks_like
from cleanroom.names import ColumnName

SHA = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(9)]


def _column(role: Role) -> Column:
    return Column(name=ColumnName("sku"), type=ColumnType.TEXT, role=role, description="")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["washer"] * 9 + ["ask jane.doe@example.com"], Kind.EMAIL),
        (["+44 7700 900123", None, "+1 800 555 0100"], Kind.PHONE),
        (["(555) 555-5555", "555-555-5556"], Kind.PHONE),
        (["07700900123", "07700900124"], Kind.PHONE),
        (SHA, Kind.HASH),
        ([text.upper() for text in SHA], Kind.HASH),
        (["FsGNM28LJQ8OLZB0Us65ZYp07NrovJSGTCMSKnLMJ6U="], Kind.HASH),
        ([text[:40] for text in SHA], Kind.HASH),
        ([text[:32] for text in SHA], Kind.HASH),
        (["12 High Street", "4a Mill Rd", "9 The Lane"], Kind.ADDRESS),
        (["Hauptstr. 12", "Am Platz 3"], Kind.ADDRESS),
        (["John Smith", "Mary Jones", "Anna Lee"], Kind.PERSON),
        (["United Kingdom", "France", "St Albans", "North East"], None),
        (["04006381333931", "00072470006431"], None),
        (["85123A", "71053", "WM-4000"], None),
        (["does not drain", "error 12 on display", "leaks at the door"], None),
        (["2026-01-31", "12.50", "true"], None),
        ([None, None], None),
        ([], None),
    ],
)
def test_what_columns_look_like(values: list[str | None], kind: Kind | None) -> None:
    """Identifiers of each kind are seen; regions, models, article numbers and symptoms are left alone."""
    assert looks_like(pl.Series("v", values, dtype=pl.String)) == kind


def test_one_email_among_many_values_is_enough() -> None:
    """An address in one free-text cell out of 50,000 is found, wherever it stands."""
    values = pl.Series("v", [f"text {n}" for n in range(50_000)] + ["mail to x.y@example.com"])
    found = guard_column(_column(Role.DIMENSION), values)
    assert found is not None
    assert (found.code, found.severity, found.column) == ("CR-N020", "fatal", "sku")


def test_findings_do_not_echo() -> None:
    """INVARIANT I15: the finding names the column and the kind only."""
    found = guard_column(_column(Role.DIMENSION), pl.Series(["secret.person@example.com"]))
    assert "secret" not in repr(found)


def test_keys_may_look_like_numbers_and_ids_but_not_like_people() -> None:
    """Receipt numbers are often phone-like or 32 hexadecimal digits; e-mails and SHA-256 are never keys."""
    key = _column(Role.KEY)
    assert guard_column(key, pl.Series([text[:32] for text in SHA])) is None
    assert guard_column(key, pl.Series(["07700900123"])) is None
    assert guard_column(key, pl.Series(SHA)) is not None
    assert guard_column(key, pl.Series(["a.b@example.com"])) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHA[0], True),
        (SHA[0][:32], True),
        (SHA[0][:63], False),
        ("Z" + SHA[0][1:], False),
        ("asdaksjdakfj", False),
        ("", False),
    ],
)
def test_bare_hashes_by_form(text: str, expected: bool) -> None:
    """Length and alphabet decide."""
    assert is_bare_hash(text) is expected
