"""Counts about identifiers, as shares and as warnings."""

from dataclasses import replace

import pytest

from cleanroom.quality.identity import IdentifierQuality, identity_findings

SERIALS = IdentifierQuality(
    column="serial",
    profile="serial.plain@1",
    rows=1000,
    missing=100,
    malformed=1,
    measured=899,
    repeated=9,
    guessable=400,
)


def test_shares_are_of_what_was_looked_at() -> None:
    """Thousandths, rounded up; a file without identifiers has no share."""
    assert (SERIALS.missing_share, SERIALS.malformed_share) == (100, 1)
    assert (SERIALS.repeated_share, SERIALS.guessable_share) == (11, 445)
    nobody = replace(SERIALS, rows=0, missing=0, malformed=0, measured=0, repeated=0, guessable=0)
    assert (nobody.missing_share, nobody.repeated_share, nobody.is_guessable) == (0, 0, False)


@pytest.mark.parametrize(
    ("guessable", "measured", "is_warned"), [(449, 899, False), (450, 899, True), (19, 19, False), (20, 20, True)]
)
def test_a_column_that_counting_lists_is_warned_of(guessable: int, measured: int, is_warned: bool) -> None:
    """From half of the identifiers on, and never about a handful."""
    found = identity_findings([replace(SERIALS, guessable=guessable, measured=measured)])
    assert [(f.code, f.severity, f.column, f.count) for f in found] == (
        [("CR-V050", "warning", "serial", guessable)] if is_warned else []
    )
