"""Base cells that no released number tells apart are one atom.

In: layers, each an array over base cells saying which number of one result covers the cell (-1: none of them).
Out: the atom of every base cell, exactly (no hashing), refined layer by layer so that a warm ledger only adds.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleanroom.privacy.ledger.units import Ints

Layer = NDArray[np.int32]
"""Per base cell the number (0-based within its result) that covers it, or -1. A layer's numbers are disjoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Atoms:
    """``of_cell[i]`` is base cell ``i``'s atom; ``first`` a base cell of each atom; both fix the partition."""

    of_cell: Ints
    first: Ints

    @property
    def count(self) -> int:
        """How many atoms there are."""
        return len(self.first)

    def refined(self, layers: Iterable[Layer]) -> "Atoms":
        """The coarsest partition that also tells apart what each of ``layers`` tells apart."""
        of_cell, first = self.of_cell, self.first
        for layer in layers:
            of_cell, first = _split(of_cell, first, layer)
        return Atoms(of_cell=of_cell, first=first)


def _split(of_cell: Ints, first: Ints, layer: Layer) -> tuple[Ints, Ints]:
    """Cells that ``layer`` labels unlike the first cell of their atom move to new atoms; atoms keep their number."""
    moving = np.flatnonzero(layer != layer[first][of_cell])
    if not len(moving):
        return of_cell, first
    width = int(layer.max(initial=-1)) + 2
    keys = of_cell[moving] * width + (layer[moving].astype(np.int64) + 1)
    _, fresh, parted = np.unique(keys, return_index=True, return_inverse=True)
    of_cell = of_cell.copy()
    of_cell[moving] = len(first) + parted
    return of_cell, np.concatenate([first, moving[fresh]])


def one_atom(cells: int) -> Atoms:
    """Nothing released yet: all cells look the same."""
    return Atoms(of_cell=np.zeros(cells, dtype=np.int64), first=np.zeros(min(cells, 1), dtype=np.int64))
