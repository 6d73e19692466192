"""Which rows can take part in a light combination: lower bounds on units.

In: rows in reduced echelon form, their pivots, the units of every column. Out: the rows that a combination about fewer
than ``k`` units can use. Only ever a proof that a row cannot take part, so what is dropped changes no answer.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cleanroom.privacy.ledger.units import Ints

Weights = NDArray[np.float64]

_ROUNDING = 1e-6


class Columns:
    """The units of each small column; other columns (without units here) may follow them in a matrix."""

    def __init__(self, units: Sequence[frozenset[int]]) -> None:
        self.units = tuple(units)
        dense: dict[int, int] = {}
        pairs = [(at, dense.setdefault(unit, len(dense))) for at, group in enumerate(self.units) for unit in group]
        self._dense = dense
        self._column = np.array([at for at, _ in pairs], dtype=np.int64)
        self._unit = np.array([unit for _, unit in pairs], dtype=np.int64)

    def heaviest_first(self, touched: NDArray[np.bool_], done: frozenset[int], held: frozenset[int]) -> list[int]:
        """The ``touched`` columns that are not ``done``, by how many units they add to ``held``."""
        added = np.bincount(self._column[~self._flags(held)[self._unit]], minlength=len(self.units))
        order = np.argsort(-added, kind="stable")
        return [at for at in order[touched[order]].tolist() if at not in done]

    def _flags(self, held: frozenset[int]) -> NDArray[np.bool_]:
        flags = np.zeros(len(self._dense), dtype=bool)
        flags[[self._dense[unit] for unit in held]] = True
        return flags

    def shares(self, among: Sequence[int], held: frozenset[int]) -> NDArray[np.float64]:
        """Per column its share of its units: a unit in ``n`` of the columns ``among`` gives each of them 1/n.

        So the shares of any columns add up to no more than the units they have together; ``held`` units give none.
        """
        counted = np.zeros(len(self.units), dtype=bool)
        counted[list(among)] = True
        pairs = counted[self._column]
        times = np.bincount(self._unit[pairs], minlength=len(self._dense)).astype(np.float64)
        share = 1.0 / np.maximum(times, 1.0)
        share[self._flags(held)] = 0
        of_column = np.bincount(self._column[pairs], weights=share[self._unit[pairs]], minlength=len(self.units))
        return of_column.astype(np.float64)

    def is_light(self, row: Ints, k: int) -> bool:
        """Whether the columns where ``row`` is not zero have fewer than ``k`` units together."""
        people: set[int] = set()
        for column in np.flatnonzero(row).tolist():
            people |= self.units[column]
            if len(people) >= k:
                return False
        return True


def rows_by_overlap(matrix: Ints, pivots: Sequence[int], share: NDArray[np.float64], most: int) -> list[int]:
    """The rows that some combination with at most ``most`` further units can use.

    A combination that uses row ``i`` shows the row's units but for what the other rows it uses cover, and shows all
    their pivots: the best choice of others is a knapsack, and its relaxation bounds how much they can hide.
    """
    beside = (matrix != 0).astype(np.float64)
    beside[:, list(pivots)] = 0
    cost = share[list(pivots)]
    hidden = (beside * share) @ beside.T
    np.fill_diagonal(hidden, 0)
    shown = cost + beside @ share
    kept: list[int] = _possible(np.arange(len(matrix)), hidden, cost, shown, most).tolist()
    return kept


def _possible(alive: Ints, hidden: Weights, cost: Weights, shown: Weights, most: float) -> Ints:
    """The rows of ``alive`` that the others of them can hide well enough, until nothing changes."""
    while len(alive):
        gain = np.maximum(hidden[np.ix_(alive, alive)] - cost[alive], 0)
        stays = _most_hidden(gain, cost[alive], most - cost[alive])
        possible = (stays >= shown[alive] - most - _ROUNDING) & (cost[alive] <= most + _ROUNDING)
        if possible.all():
            break
        alive = alive[possible]
    return alive


def _most_hidden(gain: Weights, cost: Weights, room: Weights) -> Weights:
    """Per row the most that others can gain, taking parts of the last: others cost ``cost``, row ``i`` has ``room``."""
    worth = gain / np.maximum(cost, 1e-9)
    order = np.argsort(-worth, axis=1, kind="stable")
    gains = np.take_along_axis(gain, order, axis=1)
    costs = cost[order]
    before = np.cumsum(costs, axis=1) - costs
    left = np.clip(room[:, None] - before, 0, None)
    part = np.where(costs <= left, 1.0, left / np.maximum(costs, 1e-9))
    best: NDArray[np.float64] = (gains * part).sum(axis=1)
    return best


def light_pairs(groups: Sequence[frozenset[int]], k: int) -> list[int]:
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
