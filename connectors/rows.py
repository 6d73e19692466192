"""A file -> frames of text with source row numbers: only the columns the mapping uses, what repeats coded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa

from cleanroom.errors import DataRefused, Finding
from connectors.coded import Coded, coded
from connectors.formats import ROW, Rejected, Source, SourceOptions, open_source
from connectors.limits import DEFAULT_LIMITS, Limits
from connectors.mapping_document import SourceDocument

_FRAME_ROWS = 50_000
"""Frames have at least this many rows, but the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Rows of a file: ``numbers`` are their places in it, ``columns`` hold their text."""

    numbers: pl.Series
    columns: Mapping[str, Coded] = field(repr=False)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.numbers.len()

    def texts(self, names: Sequence[str]) -> pl.DataFrame:
        """Some columns row by row."""
        return pl.DataFrame({name: self.columns[name].rows() for name in names})

    def filter(self, keep: pl.Series) -> "Frame":
        """The rows that ``keep`` marks."""
        columns = {name: column.filter(keep) for name, column in self.columns.items()}
        return Frame(numbers=self.numbers.filter(keep), columns=columns)


@dataclass(slots=True)
class FileRows:
    """One file's rows; ``findings``, ``rejected`` and ``skipped`` are complete after the last frame."""

    name: str
    source: Source
    used: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the reader says about the file."""
        return self.source.findings

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Rows the reader could not read."""
        return self.source.rejected

    @property
    def skipped(self) -> int:
        """Rows that hold no record."""
        return sum(self.source.skipped.values())

    def frames(self) -> Iterator[Frame]:
        """The rows in the file's order.

        Raises:
            DataRefused: as ``Source.batches``.
        """
        waiting: list[pa.RecordBatch] = []
        for batch in self.source.batches():
            waiting.append(batch.select([*self.used, ROW]))
            if sum(part.num_rows for part in waiting) >= _FRAME_ROWS:
                yield _frame(waiting, self.used)
                waiting = []
        if waiting:
            yield _frame(waiting, self.used)


def open_rows(
    path: Path, document: SourceDocument, used: Sequence[str], *, limits: Limits = DEFAULT_LIMITS
) -> FileRows:
    """Open ``path`` as the mapping's ``source`` block says.

    Raises:
        DataRefused: CR-D510 a column the mapping uses is missing; and everything ``open_source`` raises.
    """
    source = open_source(path, _options(document, limits))
    missing = [name for name in used if name not in source.columns]
    if missing:
        raise DataRefused(
            "CR-D510",
            "the file has no column " + ", ".join(f"`{name}`" for name in missing),
            help="compare the mapping with the file's header, letter by letter",
            place=path.name,
        )
    return FileRows(path.name, source, tuple(used))


def _options(document: SourceDocument, limits: Limits) -> SourceOptions:
    given = document.model_dump(exclude={"thousands"}, exclude_none=True)
    if isinstance(sheet := given.get("sheet"), str) and sheet.isdecimal():
        given["sheet"] = int(sheet)  # a sheet by its place
    return SourceOptions(**given, limits=limits)


def _frame(batches: list[pa.RecordBatch], used: tuple[str, ...]) -> Frame:
    # Nothing is copied where one batch is a frame.
    batch = batches[0] if len(batches) == 1 else pa.concat_batches(batches)
    columns = {name: _column(batch[name]) for name in used}
    return Frame(numbers=pl.Series(pl.from_arrow(batch[ROW])), columns=columns)


def _column(cells: pa.Array) -> Coded:
    if pa.types.is_string(cells.type):
        return coded(cells)
    # Formats with types of their own: as polars writes them.
    return Coded(pl.Series(pl.from_arrow(cells)).cast(pl.String))
