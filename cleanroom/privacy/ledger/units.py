"""Whom the cells of a grid are about: exact distinct-unit weights that survive any merging of cells.

In: per base cell the smallest ``k`` hashes of its distinct privacy units (``min(DISTINCT hash(unit), k)``).
Out: for any merging of cells, which merged cells hold at least ``k`` units, and exactly whom the others hold.
A union of bottom-``k`` lists is exact for this test: fewer than ``k`` in the union means that every list was complete.
A NULL unit is nobody and never appears. Never holds an identifier, only dense numbers made here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Units by column. ``large`` marks columns with at least ``k`` units; ``pairs`` lists (column, unit) of the rest.

    ``pairs`` is an ``(n, 2)`` array without duplicates, sorted; ``counts`` is per column, 0 for large ones.
    """

    k: int
    large: Flags
    pairs: Ints
    counts: Ints

    @property
    def small(self) -> Flags:
        """Columns with 1 .. k-1 units: what must never be isolated."""
        return self.counts > 0

    def merged(self, column_of: Ints, columns: int) -> "Units":
        """Units after every column ``i`` became part of ``column_of[i]`` (negative: left out)."""
        large = np.zeros(columns, dtype=bool)
        kept = column_of >= 0
        large[column_of[kept & self.large]] = True
        target = column_of[self.pairs[:, 0]]
        keep = (target >= 0) & ~large[np.maximum(target, 0)]
        return _exact(self.k, large, np.column_stack((target[keep], self.pairs[keep, 1])))

    def as_large(self, columns: Flags) -> "Units":
        """The same with ``columns`` (flags) counted as large."""
        large = self.large | columns
        pairs = self.pairs[~large[self.pairs[:, 0]]]
        return Units(k=self.k, large=large, pairs=pairs, counts=np.where(large, 0, self.counts))

    def members(self, among: Ints) -> dict[int, frozenset[int]]:
        """The units of each small column ``among`` these."""
        wanted = np.zeros(len(self.large), dtype=bool)
        wanted[among] = True
        ordered = self.pairs[wanted[self.pairs[:, 0]]]
        columns, starts = np.unique(ordered[:, 0], return_index=True)
        parts = np.split(ordered[:, 1], starts[1:]) if len(columns) else []
        return {int(column): frozenset(part.tolist()) for column, part in zip(columns, parts, strict=True)}


def units_of(lists: Sequence[Sequence[int] | None], *, k: int) -> Units:
    """Units of base cells from their bottom-``k`` hash lists (None or empty: nobody)."""
    lengths = np.fromiter((len(item) if item else 0 for item in lists), dtype=np.int64, count=len(lists))
    flat = np.fromiter((value for item in lists if item for value in item), dtype=np.uint64, count=int(lengths.sum()))
    return units_from_flat(flat, lengths, k=k)


def units_from_flat(hashes: NDArray[np.uint64], lengths: NDArray[Any], *, k: int) -> Units:
    """As ``units_of``, from one flat array of hashes and each cell's number of them."""
    if k < 1:
        raise ValueError("a minimum of units is at least one")
    large = np.asarray(lengths) >= k
    cells = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    small = ~large[cells]
    _, dense = np.unique(hashes[small], return_inverse=True)
    return _exact(k, large, np.column_stack((cells[small], dense.astype(np.int64))))


def sorted_distinct(values: Ints) -> Ints:
    """The distinct values in order; by sorting, which is ten times as fast here as ``np.unique``'s hash table."""
    ordered = np.sort(values)
    kept = np.ones(len(ordered), dtype=bool)
    kept[1:] = ordered[1:] != ordered[:-1]
    return ordered[kept]


def _exact(k: int, large: Flags, pairs: Ints) -> Units:
    pairs = pairs.astype(np.int64)
    if len(pairs):
        span = int(pairs[:, 1].max()) + 1
        keys = sorted_distinct(pairs[:, 0] * span + pairs[:, 1])
        pairs = np.column_stack((keys // span, keys % span))
    counts = np.bincount(pairs[:, 0], minlength=len(large)).astype(np.int64)
    large = large | (counts >= k)
    pairs = pairs[~large[pairs[:, 0]]]
    return Units(k=k, large=large, pairs=pairs, counts=np.where(large, 0, counts))
