"""A delimited file -> leave to read it with DuckDB's parallel reader, if its bytes prove that both readers must agree.

The proof is one pass at memory speed: UTF-8, no NUL, no blank, repeated-header or total line, LF or CRLF ends. What it
cannot see (ragged rows, broken quotes) makes DuckDB raise; quoted line breaks make its row count differ from the line
count. In both cases the caller goes back to ``batches()``, so nothing is lost and row numbers stay true.
"""

import mmap
import re
from pathlib import Path

from connectors.formats.encodings import Encoding
from connectors.formats.records import Dialect
from connectors.formats.source import DuckdbScan, SourceOptions

_TOTAL_WORDS = rb"sub|grand|gross|net|tot|sum|gesamt|insgesamt|somme|end of|\d+ r|rows?\W|records?\W|trailer|footer|eof"


def plain_scan(
    path: Path, encoding: Encoding, dialect: Dialect, columns: tuple[str, ...], header_row: int, options: SourceOptions
) -> DuckdbScan | None:
    """Leave to scan, or None when any proof fails."""
    plain_marks = len(dialect.delimiter.encode()) <= 4 and dialect.delimiter.isascii() and dialect.quote.isascii()
    if encoding.name not in ("utf-8", "ascii") or header_row != 1 or dialect.escape or not plain_marks:
        return None
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            rows = _plain_rows(data, encoding, dialect, options)
            ended = data[-1:] == b"\n"
    except (OSError, ValueError):
        return None
    if rows is None:
        return None
    return DuckdbScan(
        relation=_relation(path, dialect, columns, options),
        columns=columns,
        rows=rows,
        first_row=header_row + 1,
        ended=ended,
    )


def _plain_rows(data: mmap.mmap, encoding: Encoding, dialect: Dialect, options: SourceOptions) -> int | None:
    """How many records there are if the file is plain, else None."""
    if len(data) > options.limits.max_bytes or data[:2] == b"\x1f\x8b" or data.find(b"\0") >= 0:
        return None
    first = data.find(b"\n")
    if first < 0:
        return None
    header = data[encoding.bom_bytes : first + 1]
    delimiter, quote = dialect.delimiter.encode(), dialect.quote.encode()
    # A header over several lines, or one that comes back, needs the careful reader.
    if (quote and header.count(quote) % 2) or data.find(b"\n" + header.rstrip(b"\r\n")) >= 0:
        return None
    spaced = re.compile(re.escape(delimiter) + b" +" + re.escape(quote) + b"(?![\r\n]|" + re.escape(delimiter) + b")")
    # Most files hold no quote, or no space after a delimiter: two plain searches instead of a look at every delimiter.
    may_be_spaced = quote and data.find(quote) >= 0 and data.find(delimiter + b" ") >= 0
    if may_be_spaced and spaced.search(data):
        return None
    empty = rb'(?:[ \t"]|' + re.escape(delimiter) + rb")*"
    layout = re.compile(rb"\n" + empty + rb"(?:\r?\n|\Z(?<!\n)|" + _TOTAL_WORDS + rb")", re.IGNORECASE)
    lone_cr = re.compile(rb"\r(?!\n)")
    if layout.search(data, max(first - 1, 0)) or (data.find(b"\r") >= 0 and lone_cr.search(data)):
        return None
    return _count_lines(data) - 1


def _count_lines(data: mmap.mmap) -> int:
    step, total = 1 << 24, 0
    for start in range(0, len(data), step):
        piece = data[start : start + step]
        total += piece.count(b"\n")
    return total + (data[-1:] != b"\n")


def _relation(path: Path, dialect: Dialect, columns: tuple[str, ...], options: SourceOptions) -> str:
    def text(value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    named = ", ".join(f"{text(name)}: 'VARCHAR'" for name in columns)
    parts = (
        text(str(path)),
        f"columns={{{named}}}",
        "auto_detect=false",
        "header=true",
        f"delim={text(dialect.delimiter)}",
        f"quote={text(dialect.quote)}",
        f"escape={text(dialect.quote)}",
        "nullstr=''",
        "strict_mode=true",
        "null_padding=false",
        "ignore_errors=false",
        f"max_line_size={options.limits.max_cell_chars}",
    )
    return f"read_csv({', '.join(parts)})"
