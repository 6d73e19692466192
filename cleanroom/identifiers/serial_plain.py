"""``serial.plain@1``: a label's serial as people copy it: upper case, without white space and separators.

Characters must be of GS1's set 82 (GS1 AI 21 is case-sensitive; brands' labels are not, hence upper case). Removed:
white space, hyphens, dots, slashes, underscores, colons. Refused: place holders (``N/A``, ``UNKNOWN``, one character
repeated) because they would join strangers, and numbers that a spreadsheet rounded. A ``.0`` tail is removed.
"""

import re

import polars as pl

from cleanroom.identifiers.profile import EMPTY, Canonical, Invalid, Outcome, Profile

_MAX_CHARS = 64
_CSET82 = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]*\Z")
_SEPARATORS = re.compile(r"[\s\-./_:]+")
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+\Z")
_NUMBER_TAIL = re.compile(r"([0-9]{2,})\.0\Z")
PLACE_HOLDERS = (
    "NA", "NONE", "NULL", "NIL", "NAN", "UNKNOWN", "TBD", "TBA", "TEST", "SERIAL", "SN", "NOSERIAL", "NOTAVAILABLE",
    "NOTAPPLICABLE", "MISSING", "DEFAULT",
)  # fmt: skip
_PLACE_HOLDER = Invalid("a place holder, not a serial")


def normalise(text: str, region: str | None = None) -> Outcome:  # noqa: ARG001 - a serial has no region
    """The canonical serial, or why there is none."""
    trimmed = text.strip().removeprefix("'").upper()
    if not trimmed:
        return EMPTY
    if _SCIENTIFIC.match(trimmed):
        return Invalid("a spreadsheet rounded it to scientific notation; export the column as text")
    compact = re.sub(r"\s+", "", trimmed)
    if not _CSET82.match(compact):
        return Invalid("a character that no label carries (outside GS1 set 82)")
    whole = _NUMBER_TAIL.sub(r"\1", compact)
    plain = _SEPARATORS.sub("", whole)
    if len(plain) > _MAX_CHARS:
        return Invalid(f"longer than {_MAX_CHARS} characters")
    if not plain or plain in PLACE_HOLDERS or (set(plain) <= {plain[0]} and plain[0] in "0123456789X?*"):
        return _PLACE_HOLDER
    return Canonical(plain, "a spreadsheet's .0 removed" if whole != compact else None)


def fast(column: pl.Expr, region: str | None) -> pl.Expr:  # noqa: ARG001 - a serial has no region
    """ASCII letters, digits, spaces and hyphens with at least two different digits-or-letters."""
    plain = pl.when(column.str.contains(r"^[0-9A-Za-z -]{1,64}$")).then(
        column.str.to_uppercase().str.replace_all("-", "", literal=True).str.replace_all(" ", "", literal=True)
    )
    doubtful = plain.is_in([*PLACE_HOLDERS, ""]) | plain.str.contains(r"^(?:0+|1+|2+|3+|4+|5+|6+|7+|8+|9+|X+)$")
    return pl.when(~doubtful).then(plain)


PROFILE = Profile(
    name="serial.plain@1", title="upper case, without white space and separators", normalise=normalise, fast=fast
)
