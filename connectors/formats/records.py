"""Text chunks -> numbered physical lines -> records of cells, for any delimiter, quote and escape.

Written by hand because the standard reader takes one-character delimiters only, lets an open quote swallow the rest of
the file without a word, and cannot say on which line a damaged record starts.
"""

import csv
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
Parsed = tuple[int, Cells | str, bool]
"""1-based number of the first line, the cells or the code of the damage, whether a line end followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Consecutive physical lines without their ends: the 1-based number of the first, and whether the last one ended."""

    first: int
    texts: list[str]
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRows:
    """Records of one line each, the first on line ``first``: no damage, no blank line, no cell of blanks only."""

    first: int
    rows: list[Cells]


Block = PlainRows | list[Parsed]


def lines(chunks: Iterator[str], limits: Limits) -> Iterator[Lines]:
    """Blocks of physical lines. A line ends with LF or CRLF; with CR only if the first chunk has no LF at all.

    Not ``str.splitlines``: it also splits at U+0085 and U+2028, which are characters of cells.
    """
    carry, number, end = "", 1, ""
    for chunk in chunks:
        if not end:
            end = "\n" if "\n" in chunk or "\r" not in chunk else "\r"
        text = carry + chunk
        pieces = text.split(end)
        carry = pieces.pop()
        if len(carry) > limits.max_record_chars:
            raise over_limit("characters in one line", limits.max_record_chars)
        if pieces:
            texts = [piece.removesuffix("\r") for piece in pieces] if "\r" in text else pieces
            yield Lines(first=number, texts=texts, ended=True)
            number += len(pieces)
    if carry:
        yield Lines(first=number, texts=[carry.removesuffix("\r")], ended=False)


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


def parse(blocks: Iterator[Lines], dialect: Dialect, limits: Limits) -> Iterator[Parsed]:
    """Records in file order, one by one."""
    for block in parse_blocks(blocks, dialect, limits):
        yield from parsed(block)


def parsed(block: Block) -> list[Parsed]:
    """The records of a block with their numbers."""
    if isinstance(block, list):
        return block
    return [(number, cells, True) for number, cells in enumerate(block.rows, start=block.first)]


def parse_blocks(blocks: Iterator[Lines], dialect: Dialect, limits: Limits) -> Iterator[Block]:
    """Records in file order. A damaged record costs its first line only: reading goes on with the next line.

    Blocks in which the standard library's reader finds one record a line are taken from it, at its speed; all others
    are read by our own rules. Both give the same cells: a test compares them.
    """
    careful = _Careful(dialect, limits, blocks)
    at_once = _at_once(dialect)
    for block in blocks:
        rows = at_once(block)
        yield careful.read(block) if rows is None else PlainRows(first=block.first, rows=rows)


def _at_once(dialect: Dialect) -> Callable[[Lines], list[Cells] | None]:
    """A function that gives one record a line, or None if the block needs care."""
    delimiter, quote = dialect.delimiter, dialect.quote
    mark = re.escape(delimiter)
    # A cell of blanks only, or blanks before a quote: rare, and read with care.
    blanks = re.compile(f"(?:^|{mark})(?!{mark})[^\\S\n]+(?:$|{mark}|{re.escape(quote or '$')})", re.MULTILINE)

    def read(block: Lines) -> list[Cells] | None:
        texts = block.texts
        if dialect.escape or not block.ended or "" in texts:
            return None
        whole = "\n".join(texts)
        if "\0" in whole or "\r" in whole or "\ufffd" in whole or not _is_text(whole) or blanks.search(whole):
            return None
        if not quote or quote not in whole:
            return [text.split(delimiter) for text in texts]
        if len(delimiter) > 1:
            return None
        try:
            rows = list(csv.reader(texts, delimiter=delimiter, quotechar=quote, strict=True))
        except csv.Error:
            return None
        # An open quote makes it take several lines for one record.
        return rows if len(rows) == len(texts) else None

    return read


def _is_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


_Line = tuple[int, str, bool]
"""1-based number, text, whether a line end followed."""


class _Careful:
    """Reads blocks by our own rules; takes further blocks when a record goes on."""

    def __init__(self, dialect: Dialect, limits: Limits, blocks: Iterator[Lines]) -> None:
        self._split, self._quote, self._limits, self._blocks = splitter(dialect), dialect.quote, limits, blocks
        self._waiting: deque[_Line] = deque()

    def read(self, block: Lines) -> list[Parsed]:
        self._add(block)
        found = []
        while self._waiting:
            found.append(self._record(self._waiting.popleft()))
        return found

    def _add(self, block: Lines) -> None:
        last = len(block.texts) - 1
        for at, text in enumerate(block.texts):
            self._waiting.append((block.first + at, text, block.ended or at < last))

    def _following(self) -> _Line | None:
        if not self._waiting and (block := next(self._blocks, None)) is not None:
            self._add(block)
        return self._waiting.popleft() if self._waiting else None

    def _record(self, line: _Line) -> Parsed:
        number, text, ended = line
        cells = self._split(text)
        if cells != OPEN_QUOTE:
            return number, cells, ended
        taken: list[_Line] = []
        parts, size = [text], len(text)
        lines_left, chars = self._limits.max_record_lines, self._limits.max_record_chars
        while cells == OPEN_QUOTE and len(taken) < lines_left and size <= chars:
            more = self._following()
            if more is None:
                break
            taken.append(more)
            parts.append(more[1])
            size += len(more[1]) + 1
            if self._quote in more[1]:
                cells = self._split("\n".join(parts))
        if isinstance(cells, str):
            self._waiting.extendleft(reversed(taken))
            return number, cells, ended
        return number, cells, taken[-1][2]
