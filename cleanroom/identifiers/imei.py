"""``imei@1``: 15 digits, check digit verified or computed (3GPP TS 23.003, annex B: the Luhn formula).

Taken: an IMEI (15 digits), an IMEISV (16: its two digits of software version go, since they change with every update)
and the 14 digits before the check digit, which are the device's identity in all three. Blanks, hyphens, dots and
slashes between digits are dropped. Refused: a wrong check digit, other lengths, only zeros, ``4.90154E+14``.
"""

import re

import polars as pl

from cleanroom.identifiers.profile import EMPTY, Canonical, Invalid, Outcome, Profile

_BODY, _IMEI, _IMEISV = 14, 15, 16
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]+\Z")


def luhn_digit(body: str) -> int:
    """The check digit that makes ``body`` and it pass: from the right, every other digit counts twice."""
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return -sum(each - 9 if each > 9 else each for each in doubled) % 10


def normalise(text: str, region: str | None = None) -> Outcome:  # noqa: ARG001 - an IMEI has no region
    """The 15 digits, or why there are none."""
    bare = text.strip().removeprefix("'")
    if not bare:
        return EMPTY
    if _SCIENTIFIC.match(bare):
        return Invalid("a spreadsheet rounded it to scientific notation; export the column as text")
    digits = re.sub(r"[ \-./]", "", re.sub(r"(?<=[0-9]{14})\.0\Z", "", bare))
    if not (digits.isascii() and digits.isdigit()):
        return Invalid("something else than digits")
    if len(digits) not in (_BODY, _IMEI, _IMEISV):
        return Invalid("not 14, 15 or 16 digits")
    body = digits[:_BODY]
    if not body.strip("0"):
        return Invalid("only zeros")
    whole = f"{body}{luhn_digit(body)}"
    if len(digits) == _IMEI:
        return Canonical(digits) if digits == whole else Invalid("the check digit does not hold")
    return Canonical(whole, "check digit computed" if len(digits) == _BODY else "software version removed")


def fast(column: pl.Expr, region: str | None) -> pl.Expr:  # noqa: ARG001 - an IMEI has no region
    """Fifteen bare digits whose check digit holds."""
    bare = pl.when(column.str.contains(r"^[0-9]{15}$")).then(column)
    number = bare.cast(pl.UInt64)
    digits = [(number // 10**place) % 10 for place in range(_IMEI)]
    total = pl.sum_horizontal(
        each if place % 2 == 0 else each * 2 - (each > 4).cast(pl.UInt64) * 9 for place, each in enumerate(digits)
    )
    return pl.when((total % 10 == 0) & (number > 9)).then(bare)


PROFILE = Profile(
    name="imei@1", title="IMEI as 15 digits; IMEISV and 14 digits become one", normalise=normalise, fast=fast
)
