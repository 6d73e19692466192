"""Bounds of the linear search: what they rule out, no combination can use; what they find, exists."""

import random
from itertools import product

import numpy as np

from cleanroom.privacy.ledger.bounds import Columns, rows_by_overlap
from cleanroom.privacy.ledger.linear import PRIME, Budget, echelon, isolates


def small_case(seed: int) -> tuple[np.ndarray, list[frozenset[int]], int]:
    """A few 0/1 rows over columns whose people overlap."""
    source = random.Random(seed)  # noqa: S311 - a seeded trial, not a secret
    width = source.randint(4, 9)
    rows = np.array([[source.randint(0, 1) for _ in range(width)] for _ in range(source.randint(2, 4))])
    people = [frozenset(source.sample(range(10), source.randint(1, 3))) for _ in range(width)]
    return rows.astype(np.int64), people, source.randint(3, 7)


def units_of_vector(vector: np.ndarray, people: list[frozenset[int]]) -> int:
    """How many people a combination is about."""
    return len(frozenset().union(*(people[at] for at in np.flatnonzero(vector))))


def test_a_row_that_is_ruled_out_is_in_no_light_combination() -> None:
    """Every combination with coefficients -2 .. 2 that is light uses kept rows only."""
    dropped = 0
    for seed in range(300):
        rows, people, k = small_case(seed)
        columns = Columns(people)
        everything = columns.heaviest_first(rows.any(axis=0), frozenset(), frozenset())
        matrix, pivots = echelon(rows, everything, Budget(steps=10, updates=10**6))
        matrix = matrix[: len(pivots)]
        kept = rows_by_overlap(matrix, pivots, columns.shares(everything, frozenset()), k - 1)
        dropped += len(matrix) - len(kept)
        for mix in product(range(-2, 3), repeat=len(matrix)):
            vector = (np.array(mix) @ matrix) % PRIME
            if vector.any() and units_of_vector(vector, people) < k:
                assert {place for place, factor in enumerate(mix) if factor} <= set(kept)
    assert dropped > 20


def test_shares_never_add_up_to_more_than_the_people() -> None:
    """A person in several columns is divided among them."""
    columns = Columns([frozenset({1, 2}), frozenset({2, 3}), frozenset({2})])
    assert columns.shares([0, 1, 2], frozenset()).tolist() == [1 + 1 / 3, 1 + 1 / 3, 1 / 3]
    assert columns.shares([0, 1], frozenset({1})).tolist() == [0.5, 1.5, 0.0]


def test_an_exhausted_budget_answers_as_the_caller_said() -> None:
    """In doubt: True protects, and False is only for a first sight that a thorough test follows."""
    rows = np.eye(3, dtype=np.int64) + 1
    people = [frozenset({at}) for at in range(3)]
    spent = [Budget(steps=0, updates=10**6) for _ in range(2)]
    assert [
        isolates(rows, [], people, k=2, budget=budget, in_doubt=doubt)
        for budget, doubt in zip(spent, (True, False), strict=True)
    ] == [True, False]
