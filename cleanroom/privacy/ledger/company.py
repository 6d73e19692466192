"""Proof by exchanges that no light combination of numbers touches a column: vectors that no number can see.

In: exchanges (see ``exchanges.py``) as columns, and the units of every column. Out: the columns on which every light
vector (one about fewer than ``k`` units) vanishes. Each step is a short argument about such a vector ``v``: every
exchange ``w`` has ``v . w = 0``, so where ``v`` is not zero on one corner it is not zero on another corner too.

* All corners but one are known to vanish: the last one vanishes.
* A corner and whichever other corner goes with it have ``k`` own units together: it vanishes. Own units are in no other
  small column, so they add up.
* The same with several exchanges of one corner that share no other column: each brings a column of its own.
"""

from dataclasses import dataclass, field

import numpy as np

from cleanroom.privacy.ledger.units import Flags, Ints, Units

_ROUNDS = 12
"""Exchanges of one column that are added up."""

_PETALS = 12
"""Exchanges of one column that are looked at for that."""

_STEPS = 25
"""Rounds of conclusions from conclusions at a time."""

_FAR = np.iinfo(np.int64).max // 4


@dataclass(slots=True)
class Company:
    """What is proven so far. Columns where ``vanishing`` are those that no light vector touches."""

    k: int
    own: Ints
    vanishing: Flags
    steps: int = 0
    _petals: dict[int, Ints] = field(default_factory=dict)

    def add(self, corners: Ints) -> None:
        """Learn exchanges: each row its given columns, then as many taken ones; gives up what tells nothing."""
        petals = _counting(corners, heavy=len(self.own) - 1)
        size = petals.shape[1]
        self._petals[size] = np.concatenate([self._petals.get(size, petals[:0]), petals])

    def prove(self) -> None:
        """Draw conclusions; what takes many steps is left for the next call."""
        self.steps += 1
        self._spread()
        if self._add_up():
            self._spread()

    def _spread(self) -> None:
        """The first two arguments, until nothing follows any more."""
        for _ in range(_STEPS):
            changed = False
            for size, petals in self._petals.items():
                live = ~self.vanishing[petals]
                open_rows = live.any(axis=1)
                petals, live = petals[open_rows], live[open_rows]
                self._petals[size] = petals
                least, second = _two_least(np.where(live, self.own[petals], _FAR))
                own = self.own[petals]
                other = np.where(own > least[:, None], least[:, None], second[:, None])
                found = petals[live & (own + other >= self.k)]
                if len(found):
                    self.vanishing[found] = True
                    changed = True
            if not changed:
                return

    def _add_up(self) -> bool:
        """The third argument: greedily, the most company first. Whether anything followed."""
        before = int(self.vanishing.sum())
        for petals in self._petals.values():
            live = ~self.vanishing[petals]
            own = self.own[petals]
            least, second = _two_least(np.where(live, own, _FAR))
            company = np.where(own > least[:, None], least[:, None], second[:, None])
            row, place = np.nonzero(live & (company > 0))
            columns, company = petals[row, place], company[row, place]
            order = np.lexsort((-company, columns))
            ordered = columns[order]
            order = order[np.arange(len(order)) - np.searchsorted(ordered, ordered) < _PETALS]
            others = np.where(live, petals, -1)[row[order]]
            others[np.arange(len(order)), place[order]] = -1
            self._gather(columns[order], company[order], others)
        return int(self.vanishing.sum()) > before

    def _gather(self, columns: Ints, company: Ints, others: Ints) -> None:
        """``columns`` is sorted, each with its best exchange first; ``others`` -1 where a corner vanishes."""
        total = self.own.copy()
        taken = np.full((len(self.own), others.shape[1]), -2, dtype=np.int64)
        for _ in range(_ROUNDS):
            if not len(columns):
                return
            best = np.flatnonzero(np.append(True, columns[1:] != columns[:-1]))
            total[columns[best]] += company[best]
            self.vanishing[columns[best][total[columns[best]] >= self.k]] = True
            taken[columns[best]] = np.where(others[best] < 0, -2, others[best])
            here = taken[columns]
            apart = np.ones(len(columns), dtype=bool)
            for place in range(others.shape[1]):
                apart &= (others[:, [place]] != here).all(axis=1)
            apart[best] = False
            apart &= ~self.vanishing[columns]
            columns, company, others = columns[apart], company[apart], others[apart]


def company_of(units: Units) -> Company:
    """Nothing proven but what is large; one more column, the last, stands for what no light vector can touch."""
    own = np.append(own_units(units), units.k)
    return Company(units.k, own, np.append(~units.small, True))


def own_units(units: Units) -> Ints:
    """Per column its units that are in no other small column."""
    shared = np.bincount(units.pairs[:, 1]) if len(units.pairs) else np.zeros(0, dtype=np.int64)
    alone = units.pairs[shared[units.pairs[:, 1]] == 1, 0] if len(units.pairs) else np.zeros(0, dtype=np.int64)
    return np.bincount(alone, minlength=len(units.large)).astype(np.int64)


def _counting(corners: Ints, heavy: int) -> Ints:
    """Corners whose column counts in the exchange; ``heavy`` for those that cancel out or stand there twice."""
    corners = corners[(corners != heavy).any(axis=1)]
    ordered = np.sort(corners, axis=1)
    twice = np.flatnonzero(((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != heavy)).any(axis=1))
    if len(twice):
        corners[twice] = _net(corners[twice], heavy)
    return corners


def _net(corners: Ints, heavy: int) -> Ints:
    size = corners.shape[1]
    amount = np.zeros(corners.shape, dtype=np.int64)
    repeats = np.zeros(corners.shape, dtype=bool)
    for place in range(size):
        same = corners == corners[:, [place]]
        amount += np.where(same, 1 if place < size // 2 else -1, 0)
        repeats[:, place + 1 :] |= same[:, place + 1 :]
    return np.where((amount == 0) | repeats, heavy, corners)


def _two_least(values: Ints) -> tuple[Ints, Ints]:
    """Per row the least value and the next (equal where it is there twice); there are two columns at least."""
    if not len(values):
        return values[:, 0], values[:, 0]
    lowest = np.partition(values, 1, axis=1)
    return lowest[:, 0], lowest[:, 1]
