"""Parquet -> batches with the file's own types (nested columns as JSON text are not made: they are refused by name)."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.errors import DataRefused
from connectors.formats.dialects import header_names
from connectors.formats.opening import foreign_errors, open_file
from connectors.formats.source import ROW, Source, SourceOptions, new_tally
from connectors.formats.tally import over_limit
from connectors.limits import BATCH_ROWS


class ParquetSource(Source):
    """One Parquet file; ``_row`` counts its rows from 1."""

    def __init__(self, file: Path | BinaryIO, options: SourceOptions) -> None:
        self._path, self._stream = file, open_file(file)
        size = self._stream.seek(0, 2)
        self._stream.seek(0)
        if size == 0:
            raise DataRefused("CR-D102", "the file is empty", help="check that the export ran")
        if size > options.limits.max_bytes:
            raise over_limit("bytes", options.limits.max_bytes)
        with foreign_errors("Parquet"):
            self._file = pq.ParquetFile(self._stream, thrift_string_size_limit=1 << 26, page_checksum_verification=True)
            schema = self._file.schema_arrow
            rows = self._file.metadata.num_rows
            unpacked = sum(
                self._file.metadata.row_group(i).total_byte_size for i in range(self._file.metadata.num_row_groups)
            )
        # Checked from the footer before any page is unpacked; batches are bounded anyway if the footer lies.
        if rows > options.limits.max_rows:
            raise over_limit("rows", options.limits.max_rows)
        if unpacked > options.limits.max_bytes:
            raise over_limit("bytes", options.limits.max_bytes)
        nested = [field.name for field in schema if pa.types.is_nested(field.type)]
        if nested:
            raise DataRefused(
                "CR-D150",
                "the file has nested columns",
                help="flatten lists and structs",
                place=f"{len(nested)} columns",
            )
        tally = new_tally(options)
        names, changed = header_names(schema.names, ROW)
        if changed:
            tally.note("CR-D124", count=changed)
        super().__init__(names, options, tally)

    def _read(self) -> Iterator[pa.RecordBatch]:
        row = 1
        try:
            with foreign_errors("Parquet"):
                for batch in self._file.iter_batches(batch_size=BATCH_ROWS):
                    arrays = [_plain(array) for array in batch.columns]
                    numbers = pa.array(range(row, row + batch.num_rows), type=pa.int64())
                    row += batch.num_rows
                    yield pa.RecordBatch.from_arrays([*arrays, numbers], names=[*self.columns, ROW])
        finally:
            if isinstance(self._path, Path):
                self._stream.close()


def _plain(array: pa.Array) -> pa.Array:
    """Dictionary-coded columns as their values, so that batches of one file have one schema."""
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def open_parquet(file: Path | BinaryIO, options: SourceOptions) -> ParquetSource:
    """Open a Parquet file.

    Raises:
        DataRefused: CR-D102 empty, CR-D103 over a limit, CR-D104 not Parquet, damaged or encrypted, CR-D150 nested.
    """
    return ParquetSource(file, options)
