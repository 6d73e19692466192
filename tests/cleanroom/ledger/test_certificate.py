"""The cheap proof never proves what is not so, and proves what ample data has."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.privacy.ledger.certificate import surely_heavy

PRIME = (1 << 31) - 1


def lightest(rows: np.ndarray, units: list[frozenset[int]]) -> int:
    """The fewest units of any nonzero combination with small coefficients, by trying them."""
    best = 10**9
    for coefficients in product(range(-2, 3), repeat=len(rows)):
        row = np.array(coefficients) @ rows
        if row.any():
            best = min(best, len(frozenset().union(*(units[c] for c in np.flatnonzero(row)))))
    return best


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_proven_holds(data: st.DataObject) -> None:
    """INVARIANT I13: whatever the proof accepts, no combination that was tried is about fewer than k units."""
    columns = data.draw(st.integers(2, 8))
    count = data.draw(st.integers(1, 3))
    rows = np.array(
        data.draw(
            st.lists(st.lists(st.integers(0, 1), min_size=columns, max_size=columns), min_size=count, max_size=count)
        )
    )
    if np.linalg.matrix_rank(rows) < count:
        return
    units = [frozenset(data.draw(st.sets(st.integers(0, 9), min_size=1, max_size=4))) for _ in range(columns)]
    k = data.draw(st.integers(1, 6))
    if surely_heavy(rows.astype(np.int64) % PRIME, units, k=k):
        assert lightest(rows, units) >= k


def test_margins_of_ample_data_are_proven() -> None:
    """Row and column sums of a 20 x 20 table with 2 units a cell: nothing below 15 units can be isolated."""
    rows = [[1 if cell // 20 == row else 0 for cell in range(400)] for row in range(20)]
    columns = [[1 if cell % 20 == column else 0 for cell in range(400)] for column in range(19)]
    units = [frozenset({2 * cell, 2 * cell + 1}) for cell in range(400)]
    assert surely_heavy(np.array(rows + columns, dtype=np.int64), units, k=15)


@pytest.mark.parametrize("k", [2, 3])
def test_a_single_unit_is_never_proven_heavy(k: int) -> None:
    """A row about one unit alone fails the proof."""
    assert not surely_heavy(np.array([[1, 0], [1, 1]], dtype=np.int64), [frozenset({1}), frozenset({2, 3, 4})], k=k)
