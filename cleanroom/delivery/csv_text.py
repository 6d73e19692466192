"""ReleasedTable -> CSV (RFC 4180 quoting, UTF-8): released rows only, a withheld number is an empty field.

Attack stopped: a text cell that a spreadsheet would run as a formula (``=``, ``+``, ``-``, ``@``, tab, CR first) gets a
leading ``'``. Numbers are written by us from numbers, so a minus sign there is only a minus sign.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cleanroom.delivery.about import About
from cleanroom.delivery.names import distinct_names
from cleanroom.released import ReleasedTable, ShownValue, Withheld

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvOptions:
    """``bom`` for spreadsheets that guess encodings; ``decimal_comma`` also makes the delimiter ``;``."""

    bom: bool = False
    decimal_comma: bool = False


def render_csv(table: ReleasedTable, about: About, options: CsvOptions | None = None) -> bytes:  # noqa: ARG001
    """``table`` as CSV with a header row. ``about`` has no place in a CSV: readers expect rows from line two on."""
    options = options or CsvOptions()
    lines = [[_safe(name) for name in distinct_names(table)]]
    lines += ([_field(value, options) for value in row] for row in table.rows)
    delimiter = ";" if options.decimal_comma else ","
    text = "".join(delimiter.join(_quoted(field, delimiter) for field in line) + "\n" for line in lines)
    return (b"\xef\xbb\xbf" if options.bom else b"") + text.encode()


def _field(value: ShownValue | Withheld, options: CsvOptions) -> str:
    match value:
        case None | Withheld():
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return _safe(value)
        case Decimal():
            digits = format(value, "f")
            return digits.replace(".", ",") if options.decimal_comma else digits
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _quoted(field: str, delimiter: str) -> str:
    # Not csv.writer: with a bare newline as terminator it leaves a carriage return unquoted, and readers end the row.
    if not any(character in field for character in (delimiter, '"', "\r", "\n")):
        return field
    return '"' + field.replace('"', '""') + '"'


def _safe(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA_STARTS) else text
