"""Writes a package's directory: rows and rejects as they come, the signed manifest last, the whole in one step.

Everything goes into a neighbouring ``.partial`` directory that is renamed when complete, so that a package that
exists is whole.
"""

import csv
import os
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Self

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleanroom.client.manifest import PeriodEntry, RowsEntry, SignedManifest
from cleanroom.client.package import MANIFEST_FILE, REJECTS_FILE, ROWS_FILE, digest_of_file, package_schema
from cleanroom.contracts.model import ColumnType, Contract
from cleanroom.errors import Conflict

_GROUP_ROWS = 100_000
_SAMPLE = 20_000
_FEW = 4
"""A column is dictionary-encoded when each value comes at least this often in the first group."""


class PackageWriter:
    """``write`` any number of times, ``finish`` once; ``abandon`` leaves nothing behind."""

    def __init__(self, out: Path, contract: Contract) -> None:
        if out.exists():
            raise Conflict(
                "CR-D630", "the package's directory exists already", help="name another, or remove it", place=out.name
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        self._out = out
        self._folder = out.with_name(f".{out.name}.partial")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)
        self._contract = contract
        self._schema = package_schema(contract)
        self._parquet: pq.ParquetWriter | None = None
        self._written = self._schema
        self._waiting: list[pa.Table] = []
        self._rejects = (self._folder / REJECTS_FILE).open("w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._rejects, lineterminator="\n")
        self._csv.writerow(("file", "row", "column", "code", "reason"))
        self._count = 0
        self._first: date | None = None
        self._last: date | None = None

    def write(self, rows: pa.Table) -> None:
        """Take rows; they go out in groups."""
        self._count += rows.num_rows
        self._extend_period(rows)
        self._waiting.append(rows)
        if sum(table.num_rows for table in self._waiting) >= _GROUP_ROWS:
            self._flush()

    def reject(self, file: str, rejects: pl.DataFrame, reasons: Mapping[str, str]) -> None:
        """Take rejects (row, column, code) of ``file``."""
        for row, column, code in rejects.iter_rows():
            self._csv.writerow((file, row, column, code, reasons[code]))

    def finish_rows(self) -> tuple[RowsEntry, PeriodEntry | None]:
        """Close ``rows.parquet`` and say what it holds."""
        self._flush(last=True)
        self._rejects.close()
        with (self._folder / ROWS_FILE).open("rb") as file:
            size, digest = digest_of_file(file)
        period = None
        if self._first is not None and self._last is not None:
            period = PeriodEntry(first=self._first.isoformat(), last=self._last.isoformat())
        return RowsEntry(count=self._count, bytes=size, sha256=digest), period

    def finish(self, manifest: SignedManifest) -> Path:
        """Write the manifest and give the package its name.

        Raises:
            Conflict: CR-D630 somebody made a directory of that name meanwhile.
        """
        (self._folder / MANIFEST_FILE).write_bytes(manifest.to_bytes())
        try:
            os.rename(self._folder, self._out)  # noqa: PTH104 - Path.rename would not fail the same way on a directory
        except OSError:
            self.abandon()
            raise Conflict("CR-D630", "the package's directory exists already", place=self._out.name) from None
        return self._out

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._rejects.close()
        if self._parquet is not None:
            self._parquet.close()
            self._parquet = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _flush(self, *, last: bool = False) -> None:
        if self._parquet is None:
            first = self._waiting[0] if self._waiting else self._schema.empty_table()
            self._written = first.schema
            self._parquet = pq.ParquetWriter(
                self._folder / ROWS_FILE,
                first.schema,
                # Tokens are random bytes: there is nothing to compress.
                compression={c.name: "NONE" if c.type is ColumnType.TOKEN else "ZSTD" for c in self._contract.stored},
                use_dictionary=self._repetitive(first),
                write_statistics=[c.name for c in self._contract.stored if c.type is ColumnType.DATE],
                store_schema=False,
            )
        if self._waiting:
            rows = pa.concat_tables(_as_written(table, self._written) for table in self._waiting)
            # A group has one dictionary a column, or the writer gives dictionaries up.
            self._parquet.write_table(rows.unify_dictionaries(), row_group_size=rows.num_rows)
            self._waiting = []
        if last:
            self._parquet.close()
            self._parquet = None

    def _repetitive(self, table: pa.Table) -> list[str]:
        kinds = (ColumnType.TOKEN, ColumnType.TIMESTAMP)
        return [c.name for c in self._contract.stored if c.type not in kinds and _repeats(table[c.name])]

    def _extend_period(self, rows: pa.Table) -> None:
        if self._contract.time is None or rows.num_rows == 0:
            return
        ends = pc.min_max(rows[self._contract.time].cast(pa.date32())).as_py()
        if ends["min"] is None:
            return
        self._first = ends["min"] if self._first is None else min(self._first, ends["min"])
        self._last = ends["max"] if self._last is None else max(self._last, ends["max"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if kind is not None:
            self.abandon()


def _repeats(column: pa.ChunkedArray) -> bool:
    if pa.types.is_dictionary(column.type):
        return True
    sample = column.slice(0, _SAMPLE)
    return bool(pc.count_distinct(sample).as_py() * _FEW <= len(sample))


def _as_written(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """``table`` with text as dictionaries where the first group had them, and only there."""
    columns = []
    for column, kind in zip(table.columns, schema.types, strict=True):
        if column.type == kind:
            columns.append(column)
        elif pa.types.is_dictionary(kind):
            columns.append(pc.dictionary_encode(column.cast(kind.value_type)))
        else:
            columns.append(column.cast(kind))
    return pa.Table.from_arrays(columns, schema=schema)
