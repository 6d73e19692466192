"""The exact linear test: does some combination of released numbers speak about fewer than ``k`` units only?

In: rows (numbers) over columns (atoms), 0/1. Out: yes or no; "yes" also when the search budget is exhausted.
Arithmetic is modulo the prime 2^31 - 1, which can only err to the safe side: an integral combination that isolates a
group, divided by its greatest common divisor, stays nonzero modulo the prime and its support can only shrink.
The rule is a little stricter than "no indicator of a small group": no nonzero combination at all may be supported by
atoms whose units together are fewer than ``k``, whatever its coefficients.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleanroom.privacy.ledger.bounds import Columns, light_pairs, rows_by_overlap
from cleanroom.privacy.ledger.certificate import surely_heavy

Matrix = NDArray[np.int64]
PRIME = (1 << 31) - 1
_AT_ONCE = 16


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
    at = 0
    while at < len(columns) and len(pivots) < len(matrix):
        rank = len(pivots)
        # A column that is zero in all rows left stays so: look for the next one that is not, many at a time.
        usable = np.flatnonzero((matrix[rank:, columns[at : at + _AT_ONCE]] != 0).any(axis=0))
        if not len(usable):
            at += _AT_ONCE
            continue
        column = columns[at + int(usable[0])]
        at += int(usable[0]) + 1
        found = rank + int(np.flatnonzero(matrix[rank:, column])[0])
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


def isolates(
    rows: Matrix, large: list[int], small: Sequence[frozenset[int]], *, k: int, budget: Budget, in_doubt: bool = True
) -> bool:
    """Whether the span of ``rows`` holds a nonzero vector about 1 .. k-1 units.

    Args:
        rows: one row per number; the first ``len(small)`` columns are small atoms, ``large`` are column indexes.
        large: columns with at least ``k`` units: a vector touching one is harmless.
        small: units of each small column.
        k: minimum units.
        budget: what may be spent.
        in_doubt: the answer when the budget is exhausted: True is what protects.
    """
    columns = Columns(small)
    try:
        remaining = without_columns(rows, large, budget)[:, : len(small)]
        basis, pivots = echelon(
            remaining, columns.heaviest_first(_touched(remaining), frozenset(), frozenset()), budget
        )
        independent = basis[: len(pivots)]
        if surely_heavy(independent, columns.units, k=k):
            return False
        _search(independent, frozenset(), frozenset(), columns, k, budget)
    except BudgetExhausted:
        return in_doubt
    except _Found:
        return True
    return False


class _Found(Exception):
    """A light vector was met: an answer, not an error, that ends the search wherever it is."""


def _search(
    basis: Matrix, done: frozenset[int], held: frozenset[int], columns: Columns, k: int, budget: Budget
) -> None:
    """Search the vectors of ``basis`` that are nonzero on all of ``done`` (whose units are ``held``).

    Raises:
        _Found: some nonzero vector of the span is light.
    """
    while len(basis):
        budget.step()
        order = columns.heaviest_first(_touched(basis), done, held)
        matrix, pivots = echelon(basis, order, budget)
        if len(pivots) < len(basis):
            raise _Found  # a vector that vanishes on every open column lives on ``held`` alone
        if any(columns.is_light(row, k) for row in matrix):
            raise _Found
        kept = rows_by_overlap(matrix, pivots, columns.shares(order, held), k - 1 - len(held))
        if len(kept) == len(matrix):
            kept = _rows_by_sets(matrix, pivots, order, held, columns, k, budget)
        if len(kept) < len(matrix):
            basis = matrix[kept]
            continue
        # Which is the first pivot, of the heaviest ones first, that the vector is not zero on? Its units are in.
        for place, pivot in enumerate(pivots):
            grown = held | columns.units[pivot]
            if len(grown) < k:
                _search(matrix[place:], done | {pivot}, grown, columns, k, budget)
        return


def _touched(rows: Matrix) -> NDArray[np.bool_]:
    """The columns where some row is not zero."""
    return np.asarray(rows.any(axis=0), dtype=bool)


def _rows_by_sets(
    matrix: Matrix,
    pivots: list[int],
    order: list[int],
    held: frozenset[int],
    columns: Columns,
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
    need = [len(held) + weight for weight in light_pairs([columns.units[at] - held for at in pivots], k)]
    used = held
    while True:
        kept = [row for row, weight in enumerate(need) if weight < k]
        if len(kept) <= rank // 2:
            return kept
        used = used.union(*(columns.units[at] for at in pivots))
        order = [at for at in order if columns.units[at] and columns.units[at].isdisjoint(used)]
        if len(order) < rank:
            return kept
        matrix, pivots = echelon(matrix, order, budget)
        if len(pivots) < rank:
            return kept
        if any(columns.is_light(row, k) for row in matrix):
            raise _Found
        further = min(light_pairs([columns.units[at] for at in pivots], k))
        need = [weight + further for weight in need]
