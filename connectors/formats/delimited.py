"""Delimited text of every dialect -> records.

Comes in: bytes. Goes out: cells as text, with the physical line each record starts on. Repeated headers, blank rows and
total lines are skipped with a reason; ragged, shifted, broken and undecodable rows go to the quarantine. Nothing is
guessed silently: what was found out is a finding.
"""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from cleanroom.errors import DataRefused, UsageProblem
from connectors.formats.dialects import Guess, guess_dialect, header_names
from connectors.formats.encodings import Encoding, decode_chunks, find_encoding, is_damaged, utf8_chunks
from connectors.formats.layout_rows import is_total, repeats, starts_like_total
from connectors.formats.opening import open_file, plain_stream
from connectors.formats.plain_rows import PlainReader
from connectors.formats.records import CAREFUL_BYTES, Blocks, CarefulReader, Cells, Parsed, lines
from connectors.formats.source import ROW, Record, RecordSource, SourceOptions, new_tally
from connectors.formats.tally import Tally
from connectors.limits import BATCH_ROWS, SAMPLE_BYTES


def open_delimited(file: Path | BinaryIO, options: SourceOptions) -> "DelimitedSource":
    """Open a delimited text file.

    Raises:
        DataRefused: CR-D102 it is empty, CR-D103 over a limit, CR-D104 unreadable; UsageProblem: CR-D109 bad option.
    """
    _check(options)
    stream = open_file(file)
    encoding = find_encoding(plain_stream(stream, options.limits), options.encoding)
    sample = "".join(_first(decode_chunks(plain_stream(stream, options.limits), encoding), SAMPLE_BYTES))
    if not sample.strip("\0\ufeff \r\n\t"):
        raise DataRefused("CR-D102", "the file is empty", help="check that the export ran")
    guess = guess_dialect(
        sample,
        quote=options.quote,
        escape=options.escape,
        delimiter=options.delimiter,
        limits=options.limits,
    )
    return DelimitedSource(file, stream, encoding, guess, options)


def _check(options: SourceOptions) -> None:
    marks = [options.delimiter or ",", options.quote or '"', options.escape or "\\"]
    if any("\n" in mark or "\r" in mark for mark in marks) or len(marks[0]) > 8 or len(marks[1] + marks[2]) > 2:
        raise UsageProblem(
            "CR-D109",
            "`delimiter` has one to eight characters, `quote` and `escape` one",
            help="see docs/formats-in",
        )
    if options.delimiter == options.quote or min(options.preamble_rows, options.footer_rows) < 0:
        raise UsageProblem("CR-D109", "`delimiter` equals `quote`, or a row count is negative")
    if (options.header_row or 0) < 0 or (options.header_row == 0 and not options.columns):
        raise UsageProblem("CR-D109", "`header_row: 0` (no header) needs `columns`", help="name the columns in order")


def _first(chunks: Iterator[str], chars: int) -> Iterator[str]:
    for chunk in chunks:
        yield chunk[:chars]
        chars -= len(chunk)
        if chars <= 0:
            return


class DelimitedSource(RecordSource):
    """One delimited file; ``encoding`` and ``dialect`` are what it is read with."""

    def __init__(
        self, file: Path | BinaryIO, stream: BinaryIO, encoding: Encoding, guess: Guess, options: SourceOptions
    ) -> None:
        self.encoding, self.guess, self.dialect = encoding, guess, guess.dialect
        self._file, self._stream = file, stream
        tally = new_tally(options)
        chunks = utf8_chunks(plain_stream(stream, options.limits), encoding)
        self._physical = Blocks(lines(chunks, options.limits))
        self._lines = CarefulReader(self.dialect, options.limits, self._physical)
        self._after_header: list[Parsed] = []
        self._header_row = _header_row(guess, options)
        columns, self._header = self._find_header(tally, options)
        super().__init__(columns, options, tally, iter(()))
        if encoding.is_guess:
            tally.note("CR-D125")
        if options.delimiter is None and guess.columns > 1:
            tally.note("CR-D128")

    def _find_header(self, tally: Tally, options: SourceOptions) -> tuple[tuple[str, ...], Cells]:
        if self._header_row == 0:
            names, changed = header_names(options.columns, ROW)
            if changed:
                raise UsageProblem("CR-D109", "`columns` names a column twice or not at all")
            return names, []
        while records := self._lines.read():
            for at, (number, cells, _) in enumerate(records, start=1):
                if number < self._header_row or (isinstance(cells, list) and not any(cell.strip() for cell in cells)):
                    tally.skip(number, "CR-D123" if number < self._header_row else "CR-D120")
                    continue
                self._after_header = records[at:]
                return self._named(number, cells, tally, options)
        raise DataRefused("CR-D102", "the file has no header", help="check `header_row` and `preamble_rows`")

    def _named(
        self, number: int, cells: Cells | str, tally: Tally, options: SourceOptions
    ) -> tuple[tuple[str, ...], Cells]:
        if isinstance(cells, str):
            raise DataRefused("CR-D102", "the header line is damaged", help="check `quote` and `header_row`")
        if options.header_row is None and number > 1 + options.preamble_rows:
            tally.note("CR-D135", row=number)
        names, changed = header_names(cells, ROW)
        if changed:
            tally.note("CR-D124", row=number, count=changed)
        if is_damaged("".join(names), self.encoding):
            raise DataRefused("CR-D102", "the header line is not text in this encoding", help="set `encoding`")
        return names, [cell.strip() for cell in cells]

    def _read(self) -> Iterator[pa.RecordBatch]:
        """Plain blocks at once, all others line by line; the last ``footer_rows`` records are skipped."""
        held: deque[Record] = deque()
        footer = self.options.footer_rows
        plain = PlainReader(self.dialect, self.encoding, self.columns, self._header, self.options.limits)
        records = self._after_header or self._lines.read()
        try:
            while records:
                held.extend(self._careful(records))
                sure = [held.popleft() for _ in range(len(held) - footer)]
                if sure and (batch := self._batch(sure)).num_rows:
                    yield batch
                if not footer:
                    yield from self._plain(plain)
                records = self._lines.read()
            for number, _ in held:
                self.tally.skip(number, "CR-D122")
        finally:
            if isinstance(self._file, Path):
                self._stream.close()

    def _plain(self, reader: PlainReader) -> Iterator[pa.RecordBatch]:
        """Batches as long as the next lines are plain; lines that are not stay in ``self._physical``."""
        if self._header_row == 0 and self._physical.number <= self.options.preamble_rows:
            return
        while (block := self._physical.take()) is not None:
            table = reader.read(block, self.columns)
            if table is not None:
                rows = pa.arange(self._physical.number, self._physical.number + table.num_rows)
                self._physical.passed(table.num_rows)
                yield from table.append_column(ROW, rows).to_batches(max_chunksize=BATCH_ROWS)
                continue
            parts = block.parts()
            self._physical.give_back(parts)
            if len(parts) == 1 or len(block.data) <= 2 * CAREFUL_BYTES:
                return

    def _careful(self, records: list[Parsed]) -> Iterator[Record]:
        tally = self.tally
        width = len(self.columns)
        skipping = self.options.preamble_rows if self._header_row == 0 else 0
        for number, cells, ended in records:
            if number <= skipping:
                tally.skip(number, "CR-D123")
            elif isinstance(cells, str):
                tally.reject(number, cells)
            elif not any(cells) or not any(map(str.strip, cells)):
                tally.skip(number, "CR-D120")
            elif (code := self._damage("".join(cells))) is not None:
                tally.reject(number, code)
            elif len(cells) == width and not self._is_layout(number, cells, tally):
                if not ended:
                    tally.note("CR-D126", row=number)
                yield number, cells
            elif len(cells) != width:
                fixed = self._ragged(number, cells, ended, tally)
                if fixed is not None:
                    yield number, fixed

    def _damage(self, text: str) -> str | None:
        if "\0" in text:
            return "CR-D114"
        return "CR-D115" if is_damaged(text, self.encoding) else None

    def _is_layout(self, number: int, cells: Cells, tally: Tally) -> bool:
        """Whether the row of full width is a repeated header or a total line; counts it as skipped if so."""
        code = "CR-D121" if repeats(self._header, cells) else "CR-D122" if is_total(cells) else ""
        if code:
            tally.skip(number, code)
        return bool(code)

    def _ragged(self, number: int, cells: Cells, ended: bool, tally: Tally) -> Cells | None:
        width = len(self.columns)
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            if self._is_layout(number, cells[:width], tally):
                return None
            tally.note("CR-D127", row=number)
            return cells[:width]
        if len(cells) < width and starts_like_total(cells):
            tally.skip(number, "CR-D122")
        elif not ended and len(cells) < width:
            tally.reject(number, "CR-D117")
        else:
            tally.reject(number, "CR-D110" if len(cells) < width else "CR-D111")
        return None

    @property
    def header_row(self) -> int:
        """The 1-based line of the header; 0 if the file has none."""
        return self._header_row


def _header_row(guess: Guess, options: SourceOptions) -> int:
    if options.header_row is not None:
        return options.header_row
    return options.preamble_rows + 1 if options.preamble_rows else guess.header_row


__all__ = ["DelimitedSource", "open_delimited"]
