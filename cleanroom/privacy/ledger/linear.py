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
        _light(basis[: len(pivots)], frozenset(), frozenset(), small, k, budget)
    except (BudgetExhausted, _Found):
        return True
    return False


class _Found(Exception):  # noqa: N818 - an answer, not an error: it ends the search wherever it is
    """A light vector was met."""


def _light(
    basis: Matrix, done: frozenset[int], held: frozenset[int], small: list[frozenset[int]], k: int, budget: Budget
) -> None:
    """Search the vectors of ``basis`` that are nonzero on all of ``done`` (whose units are ``held``).

    Raises:
        _Found: some nonzero vector of the span is light.
    """
    while len(basis):
        budget.step()
        columns = [c for c in np.flatnonzero(basis.any(axis=0)).tolist() if c not in done]
        columns.sort(key=lambda column: (-len(small[column] - held), column))
        matrix, pivots = echelon(basis, columns, budget)
        if len(pivots) < len(basis):
            raise _Found  # a vector that vanishes on every open column lives on ``held`` alone
        kept = _light_rows(matrix, pivots, columns, held, small, k, budget)
        if len(kept) < len(matrix):
            basis = matrix[kept]
            continue
        # Either the vector is zero on the heaviest pivot (drop its row), or its units are part of the group.
        heaviest = pivots[0]
        grown = held | small[heaviest]
        if len(grown) < k:
            _light(matrix, done | {heaviest}, grown, small, k, budget)
        basis = matrix[1:]


def _light_rows(
    matrix: Matrix,
    pivots: list[int],
    columns: list[int],
    held: frozenset[int],
    small: list[frozenset[int]],
    k: int,
    budget: Budget,
) -> list[int]:
    """The rows that can take part in a light vector, by disjoint information sets (after Brouwer and Zimmermann).

    A nonzero vector is nonzero somewhere in every set of columns of full rank: in one place only if it is a multiple of
    that place's row (rows are tried as they are), else in two at least. Sets that share no unit add up.

    Raises:
        _Found: a row met on the way is light.
    """
    rank = len(matrix)
    need = [len(held) + weight for weight in _with_another([small[column] - held for column in pivots], k)]
    used = held
    while True:
        if any(_is_light(row, small, k) for row in matrix):
            raise _Found
        kept = [row for row, weight in enumerate(need) if weight < k]
        if not kept or len(kept) <= rank // 2:
            return kept
        used = used.union(*(small[column] for column in pivots))
        columns = [column for column in columns if small[column] and small[column].isdisjoint(used)]
        if len(columns) < rank:
            return kept
        matrix, pivots = echelon(matrix, columns, budget)
        if len(pivots) < rank:
            return kept
        further = min(_with_another([small[column] for column in pivots], k))
        need = [weight + further for weight in need]


def _with_another(groups: list[frozenset[int]], k: int) -> list[int]:
    """Per group the fewest units that it and one other of ``groups`` have together; ``k`` where there is no other."""
    if len(groups) < 2:
        return [k] * len(groups)
    seen: set[int] = set()
    shared: set[int] = set()
    for group in groups:
        shared |= group & seen
        seen |= group
    alone = [len(group - shared) for group in groups]
    least, second = sorted(range(len(groups)), key=lambda place: alone[place])[:2]
    # Whichever the other is, it adds at least the units that are in no other group.
    return [len(group) + alone[second if place == least else least] for place, group in enumerate(groups)]


def _is_light(row: NDArray[np.int64], small: list[frozenset[int]], k: int) -> bool:
    people: set[int] = set()
    for column in np.flatnonzero(row).tolist():
        people |= small[column]
        if len(people) >= k:
            return False
    return True
