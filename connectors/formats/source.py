"""The one shape every format reads into: ``Source`` (columns, batches, findings, counts), and its options.

Comes in: a file and ``SourceOptions`` (the mapping's ``source:`` block). Goes out: Arrow batches whose columns are text
(``string``, NULL for an empty cell; Parquet keeps its own types) plus ``_row``, the 1-based int64 place of the record
in the source. Must never let a foreign exception or a value out (I15), nor read beyond the limits (I1).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import polars as pl
import pyarrow as pa

from cleanroom.errors import Finding, UsageProblem
from connectors.formats.tally import Rejected, Tally, over_limit
from connectors.limits import BATCH_ROWS, DEFAULT_LIMITS, Clock, Limits, default_clock

ROW = "_row"
Record = tuple[int, Sequence[str | None]]
"""A 1-based row number and one text per column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """How to read a file; every field but the last two can stand in a mapping's ``source:`` block.

    None means: find out, and say so in a finding. ``header_row`` is 1-based, 0 means the file has no header and
    ``columns`` names them. ``decimal`` is not applied here: cells stay text and the mapping reads numbers.
    ``sheet`` is a name or a 1-based number. ``quote`` and ``escape`` are one character; ``quote=""`` means none.
    """

    format: str = "auto"
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str = "."
    sheet: str | int | None = None
    header_row: int | None = None
    quote: str = '"'
    escape: str | None = None
    preamble_rows: int = 0
    footer_rows: int = 0
    columns: tuple[str, ...] = ()
    limits: Limits = DEFAULT_LIMITS
    clock: Clock = field(default=default_clock, compare=False)


class Source(ABC):
    """One opened file. ``batches()`` can be consumed once; counts and findings are complete when it is exhausted.

    ``rows_read == rows_yielded + len(rejected) + sum(skipped.values())`` always.
    """

    def __init__(self, columns: Sequence[str], options: SourceOptions, tally: Tally) -> None:
        if len(columns) > options.limits.max_columns:
            raise over_limit("columns", options.limits.max_columns)
        self.columns: tuple[str, ...] = tuple(columns)
        self.options = options
        self.tally = tally
        self._started = False

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The records, at most 65,536 a batch.

        Raises:
            DataRefused: CR-D103 over a limit, CR-D104 not readable; UsageProblem: CR-D106 when asked twice.
        """
        if self._started:
            raise UsageProblem("CR-D106", "a source can be read once", help="open it again")
        self._started = True
        for batch in self._read():
            self.tally.accept(batch.num_rows)
            yield batch
        if not self.rows_yielded and not self.rejected:
            self.tally.note("CR-D129")

    @abstractmethod
    def _read(self) -> Iterator[pa.RecordBatch]:
        """Yield batches; reject, skip and note through ``self.tally``."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is true of the file, sorted; complete after the last batch."""
        return self.tally.findings()

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Rows for the quarantine."""
        return self.tally.rejected

    @property
    def skipped(self) -> Mapping[str, int]:
        """Rows that hold no record, by code."""
        return self.tally.skipped

    @property
    def rows_read(self) -> int:
        """Rows that came in: yielded, rejected and skipped ones."""
        return self.tally.read

    @property
    def rows_yielded(self) -> int:
        """Rows that went out."""
        return self.tally.yielded


class RecordSource(Source):
    """A source over an iterator of records: packs them into batches and keeps the cell limit."""

    def __init__(self, columns: Sequence[str], options: SourceOptions, tally: Tally, records: Iterator[Record]) -> None:
        super().__init__(columns, options, tally)
        self._records = records
        self._schema = pa.schema([*((name, pa.string()) for name in self.columns), (ROW, pa.int64())])

    def _read(self) -> Iterator[pa.RecordBatch]:
        for records in self._blocks():
            for at in range(0, len(records), BATCH_ROWS):
                batch = self._batch(records[at : at + BATCH_ROWS])
                if batch.num_rows:
                    yield batch

    def _blocks(self) -> Iterator[list[Record]]:
        """The records in lists of any length."""
        while block := list(islice(self._records, BATCH_ROWS)):
            yield block

    def _batch(self, records: Sequence[Record]) -> pa.RecordBatch:
        texts = [_texts(column) for column in zip(*(cells for _, cells in records), strict=True)]
        limit = self.options.limits.max_cell_chars
        if any(_longest(column) > limit for column in texts):
            kept = []
            for record in records:
                if any(cell is not None and len(cell) > limit for cell in record[1]):
                    self.tally.reject(record[0], "CR-D116")
                else:
                    kept.append(record)
            return self._batch(kept)
        arrays = [_as_arrow(column) for column in texts] or [pa.nulls(0, pa.string()) for _ in self.columns]
        rows = pl.Series([row for row, _ in records], dtype=pl.Int64).to_arrow()
        return pa.RecordBatch.from_arrays([*arrays, rows], schema=self._schema)


# By way of polars: turning Python objects into Arrow imports pandas, wherever it is installed, for a second.
def _texts(cells: Sequence[str | None]) -> pl.Series:
    texts = pl.Series(cells, dtype=pl.String)
    return texts.set(texts == "", None) if "" in cells else texts


def _longest(texts: pl.Series) -> int:
    longest = texts.str.len_chars().max()
    return longest if isinstance(longest, int) else 0


def _as_arrow(texts: pl.Series) -> pa.Array:
    return texts.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())


def new_tally(options: SourceOptions) -> Tally:
    """A fresh count under the options' limits and clock."""
    return Tally(options.limits, options.clock)
