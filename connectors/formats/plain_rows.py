"""A block of lines -> one Arrow batch, by Arrow's parallel reader, if the block proves that it needs no care.

Plain is: one record a line, every line of full width and well quoted, all of it UTF-8, no line longer than a cell may
be, and no row that could be blank, a repeated header or a total. Whatever is not plain gives None: the caller cuts the
block smaller, and reads line by line what is left of it. Both ways give the same cells; tests hold them together.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from connectors.formats.encodings import UNREADABLE, Encoding
from connectors.formats.layout_rows import is_total, may_be_layout, repeats
from connectors.formats.records import Dialect, Lines
from connectors.limits import Limits

_STAND_IN = "\x1f"
"""Takes the place of a delimiter that Arrow's reader does not know (longer than one character, or not ASCII)."""
_ABSENT = "\x01"
"""A delimiter for reading whole lines."""


class PlainReader:
    """Reads plain blocks of one file; ``columns`` are all of its columns, ``header`` the trimmed cells of its header."""

    def __init__(
        self, dialect: Dialect, encoding: Encoding, columns: Sequence[str], header: Sequence[str], limits: Limits
    ) -> None:
        self._dialect, self._columns, self._header, self._limits = dialect, list(columns), header, limits
        self._is_wide = encoding.name.startswith(("utf-16", "utf-32"))
        self._mark = dialect.delimiter if _is_simple(dialect.delimiter) else _STAND_IN
        self._well_quoted = _well_quoted(self._mark, dialect.quote) if dialect.quote else ""
        self._may_be_layout = may_be_layout(header)

    def read(self, lines: Lines, wanted: Sequence[str]) -> pa.Table | None:
        """The ``wanted`` columns as text, null where a cell is empty; None if the block needs care."""
        is_readable = lines.ended and lines.mark == b"\n" and not self._dialect.escape
        if not is_readable or lines.has_longer_than(self._limits.max_cell_chars) or not self._is_clean(lines.data):
            return None
        data = self._marked(lines.data)
        if data is None or not self._is_well_quoted(data):
            return None
        first = self._columns[0]
        table = self._parsed(data, list(dict.fromkeys((*wanted, first))))
        # A lone CR ends a line for Arrow, not for us.
        if table is None or (b"\r" in data and table.num_rows != data.count(b"\n")):
            return None
        if table[first].null_count or pc.any(self._doubtful(table[first])).as_py():
            whole = self._parsed(data, self._columns)
            if whole is None or self._has_layout(whole):
                return None
        return table.select(list(wanted))

    def _is_clean(self, data: bytes) -> bool:
        return b"\0" not in data and _is_utf8(data) and not (self._is_wide and UNREADABLE.encode() in data)

    def _marked(self, data: bytes) -> bytes | None:
        """``data`` with a delimiter of one ASCII character, None where there is no telling them apart."""
        delimiter, quote = self._dialect.delimiter, self._dialect.quote
        if self._mark == delimiter:
            return data
        if self._mark.encode() in data or (quote and quote.encode() in data):
            return None
        return data.replace(delimiter.encode(), self._mark.encode())

    def _is_well_quoted(self, data: bytes) -> bool:
        """Whether each line is a record by the strict grammar, on which Arrow and our own rules agree."""
        quote = self._dialect.quote
        if not quote or quote.encode() not in data:
            return True
        if not _is_simple(quote) or self._mark == " " or _ABSENT.encode() in data:
            return False
        whole = _read(data, ["line"], ["line"], _ABSENT, "")
        return whole is not None and bool(pc.all(pc.match_substring_regex(whole["line"], self._well_quoted)).as_py())

    def _parsed(self, data: bytes, wanted: list[str]) -> pa.Table | None:
        quote = self._dialect.quote
        return _read(data, self._columns, wanted, self._mark, quote if quote.encode() in data else "")

    def _doubtful(self, lead: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.match_substring_regex(lead, self._may_be_layout)

    def _has_layout(self, table: pa.Table) -> bool:
        """Whether any row is blank, the header once more, or a total."""
        lead = pc.coalesce(*table.columns) if len(self._columns) > 1 else table[0]
        rows = pa.concat_tables([table.filter(self._doubtful(lead)), table.filter(pc.is_null(lead))])
        cells = zip(*(column.to_pylist() for column in rows.columns), strict=True)
        return any(not any(map(_filled, row)) or repeats(self._header, row) or is_total(row) for row in cells)


def _read(data: bytes, columns: list[str], wanted: list[str], delimiter: str, quote: str) -> pa.Table | None:
    try:
        return csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(column_names=columns, block_size=len(data) + 1),
            csv.ParseOptions(delimiter=delimiter, quote_char=quote or False, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=wanted,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowException, ValueError):  # its text quotes cells; the careful reader will say what is wrong
        return None


def _is_simple(delimiter: str) -> bool:
    return len(delimiter) == 1 and delimiter.isascii()


def _well_quoted(delimiter: str, quote: str) -> str:
    """RE2 of one record: each cell is quoted as a whole, or does not begin with a quote, also not behind blanks."""
    q, d = (rf"\x{{{ord(mark):x}}}" for mark in (quote, delimiter))
    cell = f"(?:{q}[^{q}]*(?:{q}{q}[^{q}]*)*{q}| *(?:[^{q} {d}][^{d}]*)?)"
    return f"^{cell}(?:{d}{cell})*$"


def _filled(cell: str | None) -> bool:
    return bool(cell and cell.strip())


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
