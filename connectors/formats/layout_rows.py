"""Rows that hold no record: repeated headers, totals, footers. The tests are narrow; what they catch is reported."""

import re
from collections.abc import Sequence

_TOTAL = re.compile(
    r"(sub|grand|gross|net)?[\s_-]*(totals?|sum|summe|gesamt\w*|insgesamt|totale|totaal|somme|suma)\b"
    r"|(end of (report|file|data))|(\d+ (rows?|records?) (exported|selected|affected|total))|(rows?|records?)\s*[:=]"
    r"|trailer\b|footer\b|eof\b",
    re.IGNORECASE,
)


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
