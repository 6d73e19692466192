"""The exact linear test: does some combination of released numbers speak about fewer than ``k`` units only?

In: rows (numbers) over columns (atoms), 0/1. Out: yes or no; "yes" also when the search budget is exhausted.
Arithmetic is modulo the prime 2^31 - 1, which can only err to the safe side: an integral combination that isolates a
group, divided by its greatest common divisor, stays nonzero modulo the prime and its support can only shrink.
The rule is a little stricter than "no indicator of a small group": no nonzero combination at all may be supported by
atoms whose units together are fewer than ``k``, whatever its coefficients.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.int64]
PRIME = (1 << 31) - 1


class BudgetExhausted(Exception):
    """The question is too hard for its budget; whoever asked takes it for unsafe."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """What may still be spent: search ``steps``, and ``updates`` of matrix entries."""

    steps: int
    updates: int

    def step(self) -> None:
        """Take one search step."""
        self.steps -= 1
        if self.steps < 0:
            raise BudgetExhausted

    def update(self, entries: int) -> None:
        """Change so many matrix entries."""
        self.updates -= entries
        if self.updates < 0:
            raise BudgetExhausted


def echelon(rows: Matrix, columns: list[int], budget: Budget) -> tuple[Matrix, list[int]]:
    """Reduced row echelon form modulo the prime, pivoting in ``columns`` in their order.

    Returns the matrix, its pivot rows first (row ``i`` has the only nonzero of column ``pivots[i]``), and the pivots.
    """
    matrix = rows % PRIME
    pivots: list[int] = []
    for column in columns:
        rank = len(pivots)
        if rank == len(matrix):
            break
        candidates = np.flatnonzero(matrix[rank:, column])
        if not len(candidates):
            continue
        found = rank + int(candidates[0])
        if found != rank:
            matrix[[rank, found]] = matrix[[found, rank]]
        matrix[rank] = matrix[rank] * pow(int(matrix[rank, column]), PRIME - 2, PRIME) % PRIME
        others = np.flatnonzero(matrix[:, column])
        others = others[others != rank]
        if len(others):
            filled = np.flatnonzero(matrix[rank])
            budget.update(len(others) * len(filled))
            block = np.ix_(others, filled)
            matrix[block] = (matrix[block] - matrix[others, column][:, None] * matrix[rank, filled]) % PRIME
        pivots.append(column)
    return matrix, pivots


def without_columns(rows: Matrix, columns: list[int], budget: Budget) -> Matrix:
    """A basis (perhaps redundant) of the combinations of ``rows`` that vanish on ``columns``."""
    matrix, pivots = echelon(rows, columns, budget)
    rest = matrix[len(pivots) :]
    return rest[rest.any(axis=1)]


def isolates(rows: Matrix, large: list[int], small: list[frozenset[int]], *, k: int, budget: Budget) -> bool:
    """Whether the span of ``rows`` holds a nonzero vector about 1 .. k-1 units.

    Args:
        rows: one row per number; the first ``len(small)`` columns are small atoms, ``large`` are column indexes.
        large: columns with at least ``k`` units: a vector touching one is harmless.
        small: units of each small column.
        k: minimum units.
        budget: what may be spent; exhausted means True.
    """
    try:
        remaining = without_columns(rows, large, budget)[:, : len(small)]
        by_weight = sorted(range(len(small)), key=lambda column: (-len(small[column]), column))
        basis, pivots = echelon(remaining, by_weight, budget)
        return _light(basis[: len(pivots)], frozenset(), frozenset(), small, k, budget)
    except BudgetExhausted:
        return True


def _light(
    basis: Matrix, done: frozenset[int], held: frozenset[int], small: list[frozenset[int]], k: int, budget: Budget
) -> bool:
    """Whether some nonzero vector of ``basis``, nonzero on all of ``done`` (whose units are ``held``), is light."""
    if not len(basis):
        return False
    budget.step()
    if any(_is_light(row, small, k) for row in basis):
        return True
    open_columns = [c for c in np.flatnonzero(basis.any(axis=0)).tolist() if c not in done]
    open_columns.sort(key=lambda column: (-len(small[column] - held), column))
    matrix, pivots = echelon(basis, open_columns, budget)
    if len(pivots) < len(basis):
        return True  # a vector that vanishes on every open column lives on ``held`` alone
    if len(held) + _floor(matrix, pivots, open_columns, held, small, k - len(held), budget) >= k:
        return False
    # Either the vector is zero on the heaviest pivot (drop its row), or its units are part of the group.
    heaviest = pivots[0]
    if _light(matrix[1:], done, held, small, k, budget):
        return True
    grown = held | small[heaviest]
    return len(grown) < k and _light(matrix, done | {heaviest}, grown, small, k, budget)


def _is_light(row: NDArray[np.int64], small: list[frozenset[int]], k: int) -> bool:
    people: set[int] = set()
    for column in np.flatnonzero(row).tolist():
        people |= small[column]
        if len(people) >= k:
            return False
    return True


def _floor(
    matrix: Matrix,
    pivots: list[int],
    columns: list[int],
    held: frozenset[int],
    small: list[frozenset[int]],
    enough: int,
    budget: Budget,
) -> int:
    """A lower bound on the new units of any nonzero vector, by disjoint information sets.

    A nonzero vector is nonzero somewhere in every set of columns of full rank. Sets that share no unit add up.
    """
    rank, total, used = len(matrix), 0, held
    while len(pivots) == rank:
        total += min(len(small[column] - held) for column in pivots)
        if total >= enough:
            return total
        used = used.union(*(small[column] for column in pivots))
        columns = [column for column in columns if small[column] and not (small[column] & used)]
        if len(columns) < rank:
            return total
        matrix, pivots = echelon(matrix, columns, budget)
    return total
