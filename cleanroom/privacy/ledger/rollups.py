"""Held numbers in as few layers, and over as few cells, as they need: less what they contain, disjoint ones together.

In: layers over base cells. Out: layers of the same span. Where a number contains a whole number of another layer, only
the rest of it is kept: what it adds. Honest reports are full of them (months, then quarters; a table, then its
margins), and most leave no rest at all. Numbers of different results that share no cell (a table per model) fit into
one layer: a hundred results then cost no more than a few, and what has nothing to do with each other hangs apart.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from cleanroom.privacy.ledger.atoms import Atoms, Layer
from cleanroom.privacy.ledger.units import Flags


def packed(held: Sequence[Layer], fresh: Iterable[Layer]) -> list[Layer]:
    """``held`` (itself packed) and ``fresh`` layers, in few."""
    kept = list(held)
    for layer in fresh:
        added = less_wholes(layer, kept)
        if not (added >= 0).any():
            continue
        kept = [less_wholes(other, [added]) for other in kept]
        kept = [other for other in kept if (other >= 0).any()]
        beside = next((at for at, other in enumerate(kept) if not ((other >= 0) & (added >= 0)).any()), None)
        if beside is None:
            kept.append(compact(added))
        else:
            kept[beside] = compact(np.where(added >= 0, added + width(kept[beside]), kept[beside]))
    return kept


def packed_over(atoms: Atoms, held: Sequence[Layer], fresh: Sequence[Layer]) -> list[Layer]:
    """The same, worked out on one cell of each of ``atoms`` (refined by both): far fewer after a restart."""
    if not fresh:
        return list(held)
    kept = packed([layer[atoms.first] for layer in held], [layer[atoms.first] for layer in fresh])
    return [layer[atoms.of_cell] for layer in kept]


def width(layer: Layer) -> int:
    """One more than the highest number of ``layer``."""
    return int(layer.max(initial=-1)) + 1


def compact(layer: Layer) -> Layer:
    """``layer`` with its numbers renamed to 0 .. n-1, in their order."""
    used = np.bincount(layer[layer >= 0], minlength=1) > 0
    names = np.append(np.cumsum(used) - 1, -1)
    renamed: Layer = names[layer].astype(np.int32)
    return renamed


def less_wholes(layer: Layer, others: Iterable[Layer]) -> Layer:
    """``layer`` with every number less the whole numbers of ``others`` inside it; one that was their sum is gone.

    What is subtracted is a number itself, so the span with ``others`` stays the same.
    """
    rest = layer
    for other in others:
        inside = _inside(rest, other)
        if inside.any():
            rest = rest.copy()
            rest[np.append(inside, False)[other]] = -1
    return rest


def _inside(layer: Layer, other: Layer) -> Flags:
    """Per number of ``other`` whether all its cells are in one number of ``layer``."""
    covered = other >= 0
    of, into = other[covered], layer[covered]
    around = np.full(width(other), -1, dtype=np.int64)
    around[of] = into  # the number of ``layer`` around one cell: is it around all of them?
    inside: Flags = around >= 0
    inside[of[into != around[of]]] = False
    return inside
