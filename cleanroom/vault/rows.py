"""Arrow batches of contract columns -> batches as the vault stores them: types, row numbers, buckets, masks.

Comes in: batches whose columns are stored columns of the contract, already checked to be there and of a fitting type.
Goes out: one ``RecordBatchReader`` in the physical layout of ``tables``, plus ``_row``: 1-based source row numbers.
Bounded: one batch at a time. It must never let a pyarrow error through: those quote cells.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts import Column, ColumnType, Contract
from cleanroom.errors import DataRefused
from cleanroom.vault.tables import BUCKET, BUCKET_BITS, mask_column, token_columns

ROW = "_row"
"""Source row number; a package that has this column brings its own, else rows are counted from 1."""

_ARROW_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DECIMAL: pa.decimal128(18, 4),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
    ColumnType.TOKEN: pa.uuid(),
}
_TOKEN_BYTES = pa.binary(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSource:
    """Rows that can be read more than once: ``read(columns)`` starts over and yields batches of those columns.

    ``names`` are the columns the source has; ``rows`` how many rows it holds.
    """

    names: tuple[str, ...]
    rows: int
    read: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]


def physical_reader(
    source: RowSource, contract: Contract, columns: Sequence[Column], *, derived: bool
) -> pa.RecordBatchReader:
    """``columns`` of ``source`` with ``_row``, and the bucket and masks where ``derived`` (then all tokens are needed).

    A stored column that the source lacks is NULL throughout.
    """
    fields = [pa.field(ROW, pa.int64()), *(pa.field(c.name, _ARROW_TYPES[c.type]) for c in columns)]
    if derived:
        fields.append(pa.field(BUCKET, pa.uint8()))
        fields += [pa.field(mask_column(c.name), pa.uint64()) for c in token_columns(contract)]
    schema = pa.schema(fields)
    return pa.RecordBatchReader.from_batches(schema, _physical(source, contract, columns, schema, derived))


def _physical(
    source: RowSource, contract: Contract, columns: Sequence[Column], schema: pa.Schema, derived: bool
) -> Iterator[pa.RecordBatch]:
    wanted = [name for name in (ROW, *(c.name for c in columns)) if name in source.names]
    tokens = token_columns(contract) if derived else ()
    done = 0
    for batch in source.read(wanted):
        size = batch.num_rows
        arrays = [batch.column(ROW).cast(pa.int64()) if ROW in wanted else _numbers(done, size)]
        by_name = {c.name: _stored(batch, c, size) for c in columns}
        arrays += by_name.values()
        if derived:
            arrays.append(_bucket(by_name[tokens[0].name].storage) if tokens else pa.nulls(size, pa.uint8()))
            arrays += [_mask(by_name[token.name].storage) for token in tokens]
        done += size
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _numbers(start: int, size: int) -> pa.Array:
    return pa.array(range(start + 1, start + size + 1), pa.int64())


def _stored(batch: pa.RecordBatch, column: Column, size: int) -> pa.Array:
    kind = _ARROW_TYPES[column.type]
    if column.name not in batch.schema.names:
        return pa.nulls(size, kind)
    array = batch.column(column.name)
    if array.type == kind:
        return array
    try:
        if column.type is ColumnType.TOKEN:
            return pa.ExtensionArray.from_storage(kind, array.cast(_TOKEN_BYTES))
        return array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise DataRefused(
            "CR-V022", f"column `{column.name}` does not hold what its type says", help="prepare the file again"
        ) from None


def _halves(tokens: pa.Array) -> pa.Array:
    """The 16 bytes of each token as two little-endian 64-bit words; NULL tokens give any value."""
    words = pa.Array.from_buffers(pa.uint64(), 2 * len(tokens), [None, tokens.buffers()[1]], offset=2 * tokens.offset)
    return pa.FixedSizeListArray.from_arrays(words, 2)


def _bucket(tokens: pa.Array) -> pa.Array:
    first_byte = pc.bit_wise_and(pc.list_element(_halves(tokens), 0), pa.scalar(0xFF, pa.uint64()))
    bucket = pc.shift_right(first_byte, pa.scalar(8 - BUCKET_BITS, pa.uint64())).cast(pa.uint8())
    return pc.if_else(tokens.is_valid(), bucket, pa.scalar(None, pa.uint8()))


def _mask(tokens: pa.Array) -> pa.Array:
    # The last byte: independent of the bucket (first byte), and of a UUID's version and variant (bytes 6 and 8).
    last_byte = pc.shift_right(pc.list_element(_halves(tokens), 1), pa.scalar(56, pa.uint64()))
    slot = pc.bit_wise_and(last_byte, pa.scalar(63, pa.uint64()))
    mask = pc.shift_left(pa.scalar(1, pa.uint64()), slot)
    return pc.if_else(tokens.is_valid(), mask, pa.scalar(None, pa.uint64()))
