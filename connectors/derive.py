"""What the file does not say but its order does: line ids, and which rows repeat another one exactly.

A sale line's id is its receipt's number with the line number, or, without one, with the line's place among the
receipt's lines in the file; a line that is sent again with another amount keeps its id and is recognised as changed.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from cleanroom.contracts.model import Contract
from cleanroom.errors import DataRefused
from cleanroom.names import ColumnName
from connectors.coded import Coded

TRANSACTION = ColumnName("transaction_id")
LINE = ColumnName("line_no")
_ODD = 0x9E3779B97F4A7C15
"""Multiplies a hash before the next column's is added, so that columns do not change places unseen."""
_DERIVABLE = ("sale_id", "return_id")


def derived_key(contract: Contract, mapped: Iterable[ColumnName]) -> ColumnName | None:
    """The key column to be derived, None if all keys are mapped.

    Raises:
        DataRefused: CR-D506 a required column is neither mapped nor constant nor derivable.
    """
    present = set(mapped)
    missing = [column.name for column in contract.stored if column.required and column.name not in present]
    derivable = [name for name in missing if name in _DERIVABLE and TRANSACTION in present]
    left = [name for name in missing if name not in derivable]
    if left:
        raise DataRefused(
            "CR-D506",
            "required columns are not mapped: " + ", ".join(f"`{name}`" for name in left),
            help="map them, or give them as constants",
            place="mapping",
        )
    return derivable[0] if derivable else None


class Ordinals:
    """Counts the lines of each transaction over a whole preparation. Holds one 64-bit hash per transaction."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def number(self, transaction: pl.Series) -> pl.Series:
        """1, 2, 3 ... within each transaction, going on where earlier frames stopped."""
        frame = pl.DataFrame({"key": transaction.hash(seed=7)})
        counts = frame.group_by("key", maintain_order=True).len()
        keys, added = counts["key"].to_list(), counts["len"].to_list()
        before = [self._seen.get(key, 0) for key in keys]
        self._seen.update((key, start + more) for key, start, more in zip(keys, before, added, strict=True))
        table = counts.select("key", pl.Series("before", before, dtype=pl.Int64))
        numbered = frame.select("key", (pl.int_range(pl.len()).over("key") + 1).alias("inside"))
        joined = numbered.join(table, on="key", how="left", maintain_order="left")
        return joined.select((pl.col("inside") + pl.col("before")).alias("ordinal")).to_series()


class Repeats:
    """Finds rows that repeat an earlier one in all columns, by a 64-bit hash (two when rows are to be dropped)."""

    def __init__(self, *, drop: bool) -> None:
        self._drop = drop
        self._hashes: list[pl.Series] = []
        self._seen: set[tuple[int, int]] = set()

    def mark(self, cells: Iterable[Coded]) -> pl.Series | None:
        """Rows to drop, None when nothing is dropped; ``cells`` are the frame's columns, in the same order each time."""
        columns = tuple(cells)
        if not self._drop:
            self._hashes.append(_hashed(columns, seed=1))
            return None
        pairs = zip(_hashed(columns, seed=1).to_list(), _hashed(columns, seed=2).to_list(), strict=True)
        repeated = []
        for pair in pairs:
            repeated.append(pair in self._seen)
            self._seen.add(pair)
        return pl.Series("repeated", repeated, dtype=pl.Boolean)

    @property
    def kept(self) -> int:
        """How many kept rows repeat an earlier one."""
        if not self._hashes:
            return 0
        together = pl.concat(self._hashes).sort()
        return int((together == together.shift(1)).sum())


def _hashed(columns: Sequence[Coded], *, seed: int) -> pl.Series:
    """One hash a row, the same whether a column is coded or not."""
    empty = pl.Series([None], dtype=pl.String).hash(seed=seed).item()
    together: pl.Series | None = None
    for column in columns:
        part = column.rows(column.values.hash(seed=seed)).fill_null(empty)
        together = part if together is None else together * _ODD + part
    return together if together is not None else pl.Series([], dtype=pl.UInt64)
