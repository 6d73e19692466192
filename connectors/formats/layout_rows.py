"""Rows that hold no record: repeated headers, totals, footers. The tests are narrow; what they catch is reported."""

import re
from collections.abc import Sequence

_WORDS = (
    r"(sub|grand|gross|net)?[\s_-]*(totals?|sum|summe|gesamt\w*|insgesamt|totale|totaal|somme|suma)\b"
    r"|(end of (report|file|data))|([\d]+ (rows?|records?) (exported|selected|affected|total))|(rows?|records?)[\s]*[:=]"
    r"|trailer\b|footer\b|eof\b"
)
_TOTAL = re.compile(_WORDS, re.IGNORECASE)
# What ``str`` calls white space and digits, spelled out for RE2.
_BLANKS = r"\t-\r\x1c-\x20\x{85}\p{Z}"
_RE2_WORDS = _WORDS.replace(r"\s", _BLANKS).replace(r"\d", r"\p{Nd}")


def may_be_layout(header: Sequence[str]) -> str:
    """RE2 of what the first filled cell of a blank row, a total or a repeated ``header`` begins like; of others too."""
    again = "".join(rf"\x{{{ord(char):x}}}" for char in header[0]) if header else ""
    return rf"^(?:[{_BLANKS}]|(?i:{_RE2_WORDS})" + (rf"|{again}[{_BLANKS}]*$)" if again else ")")


def starts_like_total(cells: Sequence[str | None]) -> bool:
    """Whether the first filled cell begins like a total or footer line."""
    first = next((cell.strip() for cell in cells if cell and cell.strip()), "")
    return _TOTAL.match(first) is not None


def is_total(cells: Sequence[str | None]) -> bool:
    """A row of full width is a total only if, beside its words, at least half of its cells are empty."""
    filled = sum(1 for cell in cells if cell and cell.strip())
    return len(cells) > 1 and filled * 2 <= len(cells) and starts_like_total(cells)


def repeats(header: Sequence[str], cells: Sequence[str | None]) -> bool:
    """Whether the row is the header once more, spaces apart."""
    return bool(header) and (cells[0] or "").strip() == header[0] and [(c or "").strip() for c in cells] == list(header)
