"""``phone.e164@1``: E.164 by libphonenumber, accepted when *possible* for its country (length), not only when assigned.

With a plus or 00 the number is international. Otherwise it is read as a national number of ``region``; where that is
not possible, or without a region, 11 or more digits are taken as international (``441134960987``), as published
conventions do. A national number without a region (``020 ...``, ``555 555 5555``) is refused rather than guessed.
Extensions are dropped.
"""

import re
from functools import lru_cache

import phonenumbers
import polars as pl

from cleanroom.identifiers.phone_plain import plain_phone
from cleanroom.identifiers.profile import EMPTY, Canonical, Invalid, Outcome, Profile

_MAX_CHARS = 60
_INTERNATIONAL_DIGITS = 11  # fewer, without a plus, are a national number in too many countries
_LETTERS = re.compile(r"(?i)(?:tel:)?[^a-z]*(?:(?:ext|x|extension)\.?\s*[0-9]{1,7})?\Z")
_POSSIBLE = phonenumbers.ValidationResult.IS_POSSIBLE
_NOT_POSSIBLE = Invalid("not a possible number of its country")


@lru_cache(maxsize=65_536)
def normalise(text: str, region: str | None = None) -> Outcome:
    """``+`` country code and number, or why there is none. ``region`` is an upper-case ISO 3166 code."""
    trimmed = text.strip()
    if not trimmed:
        return EMPTY
    if len(trimmed) > _MAX_CHARS or not _LETTERS.match(trimmed):
        return Invalid("something else than a phone number")
    trimmed = re.sub(r"(?i)^tel:", "", trimmed)
    if trimmed.startswith(("+", "\uff0b")):
        return _read(trimmed, None)
    if region is not None:
        national = _read(trimmed, region)
        if isinstance(national, Canonical):
            return national
    digits = re.sub(r"^00", "", re.sub(r"[\s().\-/]", "", trimmed))
    if digits.startswith("0") or len(digits) < _INTERNATIONAL_DIGITS:
        return _NOT_POSSIBLE if region else Invalid("a national number needs a region")
    return _read("+" + digits, None)


def _read(text: str, region: str | None) -> Outcome:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return _NOT_POSSIBLE
    if phonenumbers.is_possible_number_with_reason(number) != _POSSIBLE:
        return _NOT_POSSIBLE
    return Canonical(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def fast(column: pl.Expr, region: str | None) -> pl.Expr:
    """The common spellings of the common countries."""
    return plain_phone(column, region)


PROFILE = Profile(
    name="phone.e164@1",
    title="E.164 by libphonenumber; needs the region of national numbers",
    normalise=normalise,
    fast=fast,
)
