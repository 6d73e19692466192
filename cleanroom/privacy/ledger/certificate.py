"""A cheap proof that no combination of numbers is light: disjoint sets of columns, each of full rank.

In: independent rows over columns, and the units of every column. Out: True only if every nonzero combination of the rows
speaks about at least ``k`` units. A nonzero combination of independent rows is nonzero somewhere in every set of columns
of full rank; if the sets share no unit, the least units of each add up (the bound of Brouwer and Zimmermann's first
round, without their search). Ample data has many such sets, and then nothing needs to be searched.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.int64]
_PRIME = (1 << 31) - 1
_MIX = 2654435761
_MAX_RANK = 600
"""Above this many rows the proof itself would take long; the search decides then."""


def surely_heavy(rows: Matrix, units: Sequence[frozenset[int]], *, k: int) -> bool:
    """Whether the proof succeeds for ``rows`` (independent, entries modulo 2^31 - 1) over ``units``' columns."""
    rank = len(rows)
    if rank == 0:
        return True
    if rank > _MAX_RANK:
        return False
    # Heavy columns first: the earliest sets then add the most. Equal ones well mixed, or the first set would use up a
    # whole row of a table and leave nothing of it for the next; mixed by number, so that the answer is always the same.
    order = sorted(range(len(units)), key=lambda column: (-len(units[column]), column * _MIX % (1 << 32)))
    used: set[int] = set()
    proven = 0
    while proven < k:
        order = [column for column in order if units[column] and used.isdisjoint(units[column])]
        chosen = _independent(rows, order)
        if len(chosen) < rank:
            return False
        proven += min(len(units[column]) for column in chosen)
        used = used.union(*(units[column] for column in chosen))
    return True


def _independent(rows: Matrix, order: Sequence[int]) -> list[int]:
    """The first columns of ``order`` that are independent; as many as there are rows if the rank allows."""
    rank = len(rows)
    width = 2 * rank
    while True:
        part = list(order[:width])
        places = _pivots(rows[:, part])
        if len(places) == rank or width >= len(order):
            return [part[place] for place in places]
        width *= 2


def _pivots(block: Matrix) -> list[int]:
    """Pivot columns of Gaussian elimination modulo the prime, left to right."""
    matrix = block % _PRIME
    found: list[int] = []
    for column in range(matrix.shape[1]):
        rank = len(found)
        if rank == len(matrix):
            break
        candidates = np.flatnonzero(matrix[rank:, column])
        if not len(candidates):
            continue
        first = rank + int(candidates[0])
        if first != rank:
            matrix[[rank, first]] = matrix[[first, rank]]
        inverse = pow(int(matrix[rank, column]), _PRIME - 2, _PRIME)
        below = rank + 1 + np.flatnonzero(matrix[rank + 1 :, column])
        if len(below):
            factor = matrix[below, column] * inverse % _PRIME
            matrix[below, column:] = (matrix[below, column:] - factor[:, None] * matrix[rank, column:]) % _PRIME
        found.append(column)
    return found
