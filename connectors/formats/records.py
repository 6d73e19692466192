"""UTF-8 chunks -> numbered physical lines -> records of cells, for any delimiter, quote and escape.

Written by hand because the standard reader takes one-character delimiters only, lets an open quote swallow the rest of
the file without a word, and cannot say on which line a damaged record starts. Blocks of lines that need none of this
care are read by ``plain_rows`` instead.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connectors.formats.tally import over_limit
from connectors.limits import KIBIBYTE, Limits

OPEN_QUOTE = "CR-D112"
STRAY_TEXT = "CR-D113"
CAREFUL_BYTES = 32 * KIBIBYTE
"""How much is read line by line at a time: one damaged line costs its neighbours in such a piece, not the whole file."""
_PARTS = 16


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
    """Whole physical lines with their ends, as UTF-8; bytes that were no text are what UTF-8 cannot hold.

    ``mark`` ends a line: LF (a CR before it belongs to the end) or CR. ``ended`` says whether the last line has its end.
    """

    data: bytes
    mark: bytes = b"\n"
    ended: bool = True

    def texts(self) -> list[str]:
        """The lines without their ends; bytes that are no text are lone surrogates."""
        text = self.data.decode("utf-8", "surrogateescape")
        texts = text.split(self.mark.decode("ascii"))
        if self.ended:
            texts.pop()
        return [line.removesuffix("\r") for line in texts] if "\r" in text else texts

    def has_longer_than(self, max_bytes: int) -> bool:
        """Whether a line has more than ``max_bytes`` bytes; looks at few bytes, because it jumps from end to end."""
        at, size = 0, len(self.data)
        while size - at > max_bytes:
            end = self.data.rfind(self.mark, at, at + max_bytes + 1) + 1
            if not end:
                return True
            at = end
        return False

    def parts(self) -> list["Lines"]:
        """The same lines in up to 17 pieces, none of them cut smaller than ``CAREFUL_BYTES``."""
        size = len(self.data)
        step = max(size // _PARTS, CAREFUL_BYTES)
        pieces, at = [], 0
        while size - at > step:
            end = self.data.rfind(self.mark, at, at + step) + 1 or self.data.find(self.mark, at + step) + 1
            if end in (0, size):
                break
            pieces.append(Lines(data=self.data[at:end], mark=self.mark))
            at = end
        return [*pieces, Lines(data=self.data[at:], mark=self.mark, ended=self.ended)]


def lines(chunks: Iterator[bytes], limits: Limits) -> Iterator[Lines]:
    """Blocks of physical lines. A line ends with LF or CRLF; with CR only if the first chunk has no LF at all.

    Not ``str.splitlines``: it also splits at U+0085 and U+2028, which are characters of cells.
    """
    carry, mark = b"", b""
    for chunk in chunks:
        if not mark:
            mark = b"\n" if b"\n" in chunk or b"\r" not in chunk else b"\r"
        data = carry + chunk
        end = data.rfind(mark) + 1
        carry = data[end:]
        _check(Lines(data=carry, mark=mark, ended=False), limits)
        if end:
            yield _check(Lines(data=data[:end], mark=mark), limits)
    if carry:
        yield Lines(data=carry, mark=mark, ended=False)


def _check(block: Lines, limits: Limits) -> Lines:
    most = limits.max_record_chars
    if block.has_longer_than(most) and any(len(text) > most for text in block.texts()):
        raise over_limit("characters in one line", most)
    return block


class Blocks:
    """The blocks of a file, taken in order, in part if wanted; ``number`` is that of the next line (1-based)."""

    def __init__(self, blocks: Iterator[Lines]) -> None:
        self._blocks = blocks
        self._back: deque[Lines] = deque()
        self.number = 1

    def take(self) -> Lines | None:
        """The next lines; None at the end. Say by ``passed`` how many of them were read."""
        return self._back.popleft() if self._back else next(self._blocks, None)

    def take_few(self) -> Lines | None:
        """As ``take``, about ``CAREFUL_BYTES`` of them."""
        block = self.take()
        while block is not None and len(block.data) > CAREFUL_BYTES:
            block, *rest = block.parts()
            if not rest:
                break
            self.give_back(rest)
        return block

    def give_back(self, pieces: list[Lines]) -> None:
        """Put lines that were taken, and not passed, back in front."""
        self._back.extendleft(reversed(pieces))

    def passed(self, count: int) -> None:
        """``count`` of the lines that were taken are read."""
        self.number += count


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


_Line = tuple[int, str, bool]
"""1-based number, text, whether a line end followed."""


class CarefulReader:
    """Reads lines by our own rules, one after the other, from where ``blocks`` stands.

    A damaged record costs its first line only: reading goes on with the next line.
    """

    def __init__(self, dialect: Dialect, limits: Limits, blocks: Blocks) -> None:
        self._split, self._quote, self._limits, self._blocks = splitter(dialect), dialect.quote, limits, blocks
        self._waiting: deque[_Line] = deque()

    def read(self) -> list[Parsed]:
        """The records of the next few lines, and of further ones that the last of them goes on in; empty at the end."""
        found: list[Parsed] = []
        while self._waiting or (not found and self._refilled()):
            found.append(self._record(self._waiting.popleft()))
        return found

    def _refilled(self) -> bool:
        block = self._blocks.take_few()
        if block is None:
            return False
        texts, number = block.texts(), self._blocks.number
        for at, text in enumerate(texts, start=1):
            self._waiting.append((number, text, block.ended or at < len(texts)))
            number += 1
        self._blocks.passed(len(texts))
        return True

    def _following(self) -> _Line | None:
        return self._waiting.popleft() if self._waiting or self._refilled() else None

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
