"""``phone.digits@1``: the digits behind a plus, as Google's and Unified ID 2.0's conventions want them.

Nothing is looked up: the number must already start with its country's code. Letters are refused, and so is anything
that is not 10 to 15 digits, Unified ID 2.0's bounds (E.164 allows 15 at most).
"""

import re

import polars as pl

from cleanroom.identifiers.profile import EMPTY, Canonical, Invalid, Outcome, Profile

_MIN_DIGITS, _MAX_DIGITS = 10, 15
_ALLOWED = re.compile(r"\+?[0-9 ().\-/\u00a0\u2010-\u2015]*\Z")


def normalise(text: str, region: str | None = None) -> Outcome:  # noqa: ARG001 - the digits speak for themselves
    """``+`` and the digits, or why there are none."""
    trimmed = text.strip()
    if not trimmed:
        return EMPTY
    if not _ALLOWED.match(trimmed):
        return Invalid("something else than digits and separators")
    digits = re.sub("[^0-9]", "", trimmed)
    if not _MIN_DIGITS <= len(digits) <= _MAX_DIGITS:
        return Invalid(f"not {_MIN_DIGITS} to {_MAX_DIGITS} digits")
    return Canonical("+" + digits)


def fast(column: pl.Expr, region: str | None) -> pl.Expr:  # noqa: ARG001 - the digits speak for themselves
    """ASCII digits with spaces, dots, hyphens and brackets."""
    plain = pl.when(column.str.contains(r"^ *\+?[0-9 ().\-]*$")).then(column.str.replace_all(r"[^0-9]", ""))
    return pl.when(plain.str.len_bytes().is_between(_MIN_DIGITS, _MAX_DIGITS)).then("+" + plain)


PROFILE = Profile(
    name="phone.digits@1", title="a plus and the digits; nothing is looked up", normalise=normalise, fast=fast
)
