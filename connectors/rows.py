"""A file -> polars frames of text with source row numbers, only the columns the mapping uses.

Two ways to the same rows: the careful reader (``Source.batches``), and DuckDB's parallel reader for delimited files
that ``duckdb_scan`` proved plain. If the fast way meets anything unexpected it raises ``NotPlain`` and the caller
starts again carefully; nothing is lost and row numbers stay true.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from cleanroom.errors import DataRefused, Finding
from connectors.formats import ROW, DuckdbScan, Rejected, Source, SourceOptions, open_source
from connectors.limits import DEFAULT_LIMITS, Limits
from connectors.mapping_document import SourceDocument

FAST_BATCH_ROWS = 122_880
_READER: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "1GB",
    "preserve_insertion_order": "true",
    # Views go into polars without a copy.
    "produce_arrow_string_view": "true",
    "arrow_output_version": "1.4",
}


class NotPlain(Exception):
    """The fast reader disagrees with the proof: read the file carefully. Never leaves ``prepare``."""


@dataclass(slots=True)
class FileRows:
    """One file's rows; ``findings``, ``rejected`` and ``skipped`` are complete after the last frame.

    ``total`` is the number of rows if it is known before reading.
    """

    name: str
    source: Source
    used: tuple[str, ...]
    scan: DuckdbScan | None

    @property
    def total(self) -> int | None:
        """Rows in the file, if known."""
        return self.scan.rows if self.scan else None

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

    def frames(self) -> Iterator[pl.DataFrame]:
        """The rows: ``used`` columns as text, and ``_row``.

        Raises:
            NotPlain: start again with ``careful=True``.
            DataRefused: as ``Source.batches``.
        """
        if self.scan is None:
            return _carefully(self.source, self.used)
        return _scanned(self.source, self.scan, self.used)


def open_rows(
    path: Path, document: SourceDocument, used: Sequence[str], *, careful: bool, limits: Limits = DEFAULT_LIMITS
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
    scan = None if careful else source.duckdb_scan()
    return FileRows(path.name, source, tuple(used), scan)


def _options(document: SourceDocument, limits: Limits) -> SourceOptions:
    given = document.model_dump(exclude={"thousands"}, exclude_none=True)
    if isinstance(sheet := given.get("sheet"), str) and sheet.isdecimal():
        given["sheet"] = int(sheet)  # a sheet by its place
    return SourceOptions(**given, limits=limits)


def _carefully(source: Source, used: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    for batch in source.batches():
        frame = pl.from_arrow(batch.select([*used, ROW]))
        if isinstance(frame, pl.DataFrame):
            yield frame.with_columns(pl.col(name).cast(pl.String) for name in used)


def _scanned(source: Source, scan: DuckdbScan, used: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in used) or "1"
    row = scan.first_row
    try:
        with duckdb.connect(config=_READER) as connection:
            query = f"SELECT {columns} FROM {scan.relation}"
            for batch in connection.execute(query).to_arrow_reader(FAST_BATCH_ROWS):
                frame = pl.from_arrow(batch)
                if isinstance(frame, pl.DataFrame):
                    yield frame.with_columns(pl.int_range(row, row + batch.num_rows, dtype=pl.Int64).alias(ROW))
                row += batch.num_rows
    except duckdb.Error:  # its text quotes cells; the careful reader will say what is wrong, with row numbers
        raise NotPlain from None
    if row != scan.first_row + scan.rows:
        raise NotPlain
    source.scanned(scan)
