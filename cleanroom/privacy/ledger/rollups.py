"""Numbers that are plain sums of numbers of one other layer: they add nothing to what those tell.

In: two layers over populated atoms or cells. Out: which numbers of the first are unions of numbers of the second.
Honest reports are full of them (months, then quarters; a table, then its margins), and each is one row less to settle.
"""

from collections.abc import Iterable

import numpy as np

from cleanroom.privacy.ledger.atoms import Layer
from cleanroom.privacy.ledger.units import Flags


def sums_of(layer: Layer, other: Layer) -> Flags:
    """Per number of ``layer`` whether it is the union of whole numbers of ``other`` (both given on the same cells)."""
    width = int(layer.max(initial=-1)) + 1
    classes = int(other.max(initial=-1)) + 1
    counted = layer >= 0
    size = np.bincount(layer[counted], minlength=width)
    covered = other >= 0
    if not classes or not width:
        return np.zeros(width, dtype=bool)
    of, into = other[covered], layer[covered]
    least = np.full(classes, width, dtype=np.int64)
    most = np.full(classes, -2, dtype=np.int64)
    np.minimum.at(least, of, into)
    np.maximum.at(most, of, into)
    whole = (least == most) & (least >= 0)
    explained = np.bincount(least[whole], weights=np.bincount(of, minlength=classes)[whole], minlength=width).astype(
        np.int64
    )
    sums: Flags = (explained == size) & (size > 0)
    return sums


def without_sums(layer: Layer, others: Iterable[Layer], width: int) -> tuple[Layer, Flags]:
    """``layer`` (of ``width`` numbers) less those that are sums of one of ``others``, and which those are."""
    found = np.zeros(width, dtype=bool)
    for other in others:
        if found.all():
            break
        sums = sums_of(layer, other)
        found[: len(sums)] |= sums
    rest = layer.copy()
    rest[(layer >= 0) & np.append(found, False)[layer]] = -1
    return rest, found
