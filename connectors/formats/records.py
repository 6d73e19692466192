"""Text chunks -> numbered physical lines -> records of cells, for any delimiter, quote and escape.

Written by hand because the standard reader takes one-character delimiters only, lets an open quote swallow the rest of
the file without a word, and cannot say on which line a damaged record starts.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connectors.formats.tally import over_limit
from connectors.limits import Limits

OPEN_QUOTE = "CR-D112"
STRAY_TEXT = "CR-D113"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Delimiter (one or more characters), quote ("" for none) and escape (None: quotes are doubled)."""

    delimiter: str
    quote: str = '"'
    escape: str | None = None


Cells = list[str]
Line = tuple[int, str, bool]
"""1-based number, text without its line end, whether a line end followed."""
Parsed = tuple[int, Cells | str, bool]
"""1-based number of the first line, the cells or the code of the damage, whether a line end followed."""


def lines(chunks: Iterator[str], limits: Limits) -> Iterator[list[Line]]:
    """Blocks of physical lines. A line ends with LF or CRLF; with CR only if the first chunk has no LF at all.

    Not ``str.splitlines``: it also splits at U+0085 and U+2028, which are characters of cells.
    """
    carry, number, end = "", 0, ""
    for chunk in chunks:
        if not end:
            end = "\n" if "\n" in chunk or "\r" not in chunk else "\r"
        pieces = (carry + chunk).split(end)
        carry = pieces.pop()
        if len(carry) > limits.max_record_chars:
            raise over_limit("characters in one line", limits.max_record_chars)
        if pieces:
            yield [(number + i, _without_cr(piece), True) for i, piece in enumerate(pieces, start=1)]
            number += len(pieces)
    if carry:
        yield [(number + 1, _without_cr(carry), False)]


def _without_cr(text: str) -> str:
    return text.removesuffix("\r")


def splitter(dialect: Dialect) -> Callable[[str], Cells | str]:
    """A function from the text of one record to its cells, or to ``OPEN_QUOTE`` / ``STRAY_TEXT``."""
    delimiter, quote, escape = dialect.delimiter, dialect.quote, dialect.escape
    width = len(delimiter)
    if not quote and not escape:
        return lambda text: text.split(delimiter)
    quoted, plain = _patterns(dialect)

    def unescape(text: str) -> str:
        if escape and escape != quote:
            return re.sub(re.escape(escape) + "(.)", r"\1", text, flags=re.DOTALL) if escape in text else text
        return text.replace(quote + quote, quote)

    def split(text: str) -> Cells | str:
        if (not quote or quote not in text) and (not escape or escape not in text):
            return text.split(delimiter)
        cells: Cells = []
        at, size = 0, len(text)
        while True:
            start = at
            while start < size and text[start] == " ":
                start += 1
            if quote and text.startswith(quote, start):
                match = quoted.match(text, start)
                if match is None:
                    return OPEN_QUOTE
                end = match.end()
                while end < size and text[end] == " " and not text.startswith(delimiter, end):
                    end += 1
                if end != size and not text.startswith(delimiter, end):
                    return STRAY_TEXT
                cells.append(unescape(match[1]))
            elif escape and escape != quote:
                match = plain.match(text, at)
                end = match.end() if match else size
                cells.append(unescape(text[at:end]))
            else:
                found = text.find(delimiter, at)
                end = size if found < 0 else found
                cells.append(text[at:end])
            if end >= size:
                return cells
            at = end + width

    return split


def _patterns(dialect: Dialect) -> tuple[re.Pattern[str], re.Pattern[str]]:
    # Possessive quantifiers: no backtracking, so hostile quoting costs linear time.
    quote, escape = re.escape(dialect.quote or '"'), dialect.escape
    if escape and escape != dialect.quote:
        mark = re.escape(escape)
        inner = f"(?:[^{quote}{mark}]++|{mark}.)*+"
    else:
        mark = ""
        inner = f"(?:[^{quote}]++|{quote}{quote})*+"
    quoted = re.compile(f"{quote}({inner}){quote}", re.DOTALL)
    step = f"{mark}.|" if mark else ""
    plain = re.compile(f"(?:{step}(?!{re.escape(dialect.delimiter)}).)*", re.DOTALL)
    return quoted, plain


def parse(blocks: Iterator[list[Line]], dialect: Dialect, limits: Limits) -> Iterator[Parsed]:
    """Records in file order. A damaged record costs its first line only: reading goes on with the next line."""
    split = splitter(dialect)
    waiting: deque[Line] = deque()

    def following() -> Line | None:
        while not waiting:
            block = next(blocks, None)
            if block is None:
                return None
            waiting.extend(block)
        return waiting.popleft()

    while (line := following()) is not None:
        number, text, ended = line
        cells = split(text)
        if cells != OPEN_QUOTE:
            yield number, cells, ended
            continue
        taken: list[Line] = []
        parts, size = [text], len(text)
        while cells == OPEN_QUOTE and len(taken) < limits.max_record_lines and size <= limits.max_record_chars:
            more = following()
            if more is None:
                break
            taken.append(more)
            parts.append(more[1])
            size += len(more[1]) + 1
            if dialect.quote in more[1]:
                cells = split("\n".join(parts))
        if isinstance(cells, str):
            waiting.extendleft(reversed(taken))
            yield number, cells, ended
        else:
            yield number, cells, taken[-1][2]
