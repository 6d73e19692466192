"""An independent adversary: exact rational arithmetic over the true incidence, sharing no code with the ledger.

It knows every number it received (as the set of base cells it counts), tries every group of people below ``k`` that it
could hope for, and asks whether some combination of its numbers speaks about that group alone.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np

from cleanroom.privacy.ledger.atoms import Layer

Cells = Sequence[frozenset[int]]
"""Per base cell the people in it."""


def rank(rows: Sequence[Sequence[int]]) -> int:
    """Rank over the rationals."""
    matrix = [[Fraction(entry) for entry in row] for row in rows]
    found = 0
    for column in range(len(matrix[0]) if matrix else 0):
        pivot = next((r for r in range(found, len(matrix)) if matrix[r][column]), None)
        if pivot is None:
            continue
        matrix[found], matrix[pivot] = matrix[pivot], matrix[found]
        for r in range(found + 1, len(matrix)):
            factor = matrix[r][column] / matrix[found][column]
            if factor:
                matrix[r] = [a - factor * b for a, b in zip(matrix[r], matrix[found], strict=True)]
        found += 1
    return found


def light_groups(cells: Cells, k: int) -> Iterator[frozenset[int]]:
    """Maximal sets of populated base cells whose people together are fewer than ``k``."""
    small = [i for i, people in enumerate(cells) if 0 < len(people) < k]
    light = [
        frozenset(group)
        for size in range(len(small), 0, -1)
        for group in combinations(small, size)
        if len(frozenset().union(*(cells[i] for i in group))) < k
    ]
    kept: list[frozenset[int]] = []
    for group in light:
        if not any(group <= larger for larger in kept):
            kept.append(group)
            yield group


def isolated(cells: Cells, numbers: Sequence[frozenset[int]], k: int) -> bool:
    """Whether some combination of ``numbers`` is nonzero and speaks only about fewer than ``k`` people."""
    populated = [i for i, people in enumerate(cells) if people]
    rows = [[int(i in number) for i in populated] for number in numbers]
    rows = [row for row in rows if any(row)]
    if not rows:
        return False
    whole = rank(rows)
    for group in light_groups(cells, k):
        outside = [place for place, i in enumerate(populated) if i not in group]
        if rank([[row[place] for place in outside] for row in rows]) < whole:
            return True
    return False


def numbers_of(layers: Sequence[Layer]) -> list[frozenset[int]]:
    """Every number as its set of base cells."""
    return [
        frozenset(np.flatnonzero(one == number).tolist())
        for one in layers
        for number in range(int(one.max(initial=-1)) + 1)
        if (one == number).any()
    ]
