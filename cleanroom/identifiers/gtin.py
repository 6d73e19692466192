"""``gtin@1``: 14 digits, zero-padded, check digit verified (GS1 General Specifications, section 7.9).

GTIN-8, -12, -13 and -14 are taken. Repaired and reported: one lost leading zero of a 12-digit number (only if the
check digit then passes), Excel's ``.0`` tail and leading apostrophe (no digit is lost by them), UPC-E (8 digits that
start with 0, or with 1 where GTIN-8 does not hold) expanded. Refused: ``8.42E+11``, because digits are lost.
Restricted-circulation numbers are kept with a note: they mean something inside one company only.
"""

import re

import polars as pl

from cleanroom.identifiers.profile import EMPTY, Canonical, Invalid, Outcome, Profile

_LENGTHS = (8, 12, 13, 14)
_LOST_ZERO_LENGTH = 11
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+\Z")
_WRONG_CHECK = Invalid("the check digit does not hold")


def check_digit(body: str) -> int:
    """The GS1 check digit of ``body`` (digits without it): weights 3, 1, 3 ... from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return -total % 10


def holds(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    return check_digit(digits[:-1]) == int(digits[-1])


def expand_upce(digits: str) -> str:
    """The 12-digit UPC-A of an 8-digit UPC-E (number system, six digits, check digit)."""
    system, six, check = digits[0], digits[1:7], digits[7]
    last = six[5]
    if last in "012":
        body = six[:2] + last + "0000" + six[2:5]
    elif last in "34":
        kept = int(last)
        body = six[:kept] + "00000" + six[kept:5]
    else:
        body = six[:5] + "0000" + last
    return system + body + check


def normalise(text: str, region: str | None = None) -> Outcome:  # noqa: ARG001 - a GTIN has no region
    """The 14 digits, or why there are none."""
    trimmed = text.strip()
    bare = trimmed.removeprefix("'")
    if not bare:
        return EMPTY
    if _SCIENTIFIC.match(bare):
        return Invalid("a spreadsheet rounded it to scientific notation; export the column as text")
    whole = re.sub(r"(?<=[0-9])\.0+\Z", "", bare)
    digits = re.sub("[ -]", "", whole)
    if not (digits.isascii() and digits.isdigit()):
        return Invalid("something else than digits")
    if not digits.strip("0"):
        return Invalid("only zeros")
    return _checked(digits, "a spreadsheet's mark removed" if whole != trimmed else None)


def _checked(digits: str, note: str | None) -> Outcome:
    if len(digits) == 8 and digits[0] in "01":
        gtin8_first = digits[0] == "1" and holds(digits)
        expanded = expand_upce(digits)
        if not gtin8_first and holds(expanded):
            return Canonical(expanded.zfill(14), "UPC-E expanded")
    if len(digits) == _LOST_ZERO_LENGTH and holds(digits):
        digits, note = digits.zfill(12), "a lost leading zero restored"
    if len(digits) not in _LENGTHS:
        return Invalid("not 8, 12, 13 or 14 digits")
    if not holds(digits):
        return _WRONG_CHECK
    return Canonical(digits.zfill(14), note or _restricted(digits))


def _restricted(digits: str) -> str | None:
    padded = digits.zfill(14)
    inside = padded[1:3] in ("02", "04") or padded[1] == "2" or (len(digits) == 8 and digits[0] in "02")
    return "restricted circulation: it means something inside one company only" if inside else None


def fast(column: pl.Expr, region: str | None) -> pl.Expr:  # noqa: ARG001 - a GTIN has no region
    """Numbers of 12 to 14 digits that need no note."""
    padded = pl.when(column.str.contains(r"^[ \t]*[0-9]{12,14}[ \t]*$")).then(
        column.str.strip_chars(" \t").str.zfill(14)
    )
    number = padded.cast(pl.UInt64)
    total = pl.sum_horizontal((number // 10**place) % 10 * (3 if place % 2 else 1) for place in range(14))
    noted = padded.str.contains(r"^.(?:02|04|2)")
    return pl.when((total % 10 == 0) & (number > 0) & ~noted).then(padded)


PROFILE = Profile(name="gtin@1", title="GTIN as 14 digits, check digit verified", normalise=normalise, fast=fast)
