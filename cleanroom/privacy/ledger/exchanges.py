"""Exchanges of base cells that no number can see: cheap proof that most small atoms cannot be isolated.

An exchange is as many cells taken as given such that every number of every layer keeps its count: for example
(north, May) and (south, June) against (north, June) and (south, May), while nobody asked for region by month. Whatever
combination of numbers an adversary forms is blind to it, so a combination that speaks about one of its atoms speaks
about another of them too; ``company.py`` draws the conclusions.

Candidates are found by chance from the grid's terms and checked exactly against every layer, so what is found can only
save work, never admit anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np

from cleanroom.privacy.ledger.atoms import Layer
from cleanroom.privacy.ledger.company import company_of
from cleanroom.privacy.ledger.units import Flags, Ints, Units

MAX_TERMS = 4
"""Terms varied in one exchange: 2 to the power of it cells take part."""

MAX_ROUNDS = 12
"""Partners tried per choice of terms when atoms are still open."""

MAX_EXCHANGES = 200_000
"""Exchanges kept per size."""

MAX_TRIED = 1_500_000
"""Exchanges tried per review; what is open then is left to the linear test."""

MAX_PROOFS = 8
"""Times that conclusions are drawn per review (up to some tenths of a second each)."""

_AT_ONCE = 60_000
_SAMPLE = 200
_CHANCES = 32
_TRIES = 3000


class Exchanges:
    """The exchanges known for one grid and the layers held on it. ``codes`` is cells x terms, small integers."""

    def __init__(self, codes: Ints) -> None:
        self._codes = _distinct_terms(codes)
        self._radix = self._codes.max(axis=0, initial=0) + 1
        # A cell's key is its codes in mixed radix; without room for it in 62 bits there are no exchanges.
        self._usable = float(np.prod(self._radix.astype(np.float64))) < 2**62
        self._weights = np.append(np.cumprod(self._radix[:0:-1])[::-1], 1) if self._usable else self._radix
        keys = self._codes @ self._weights if self._usable else np.zeros(len(codes), dtype=np.int64)
        self._cell_keys: Ints = keys
        self._order = np.argsort(keys, kind="stable")
        self._keys: Ints = keys[self._order]
        self._groups: dict[tuple[int, ...], tuple[Ints, Ints, Ints]] = {}
        self._known: dict[int, Ints] = {}
        self._random = np.random.default_rng(20)

    def absorb(self, layers: Sequence[Layer]) -> None:
        """``layers`` are held from now on: exchanges that one of their numbers can see are forgotten."""
        self._known = {size: cells[_unseen(cells, layers)] for size, cells in self._known.items()}

    def companions(self, column_of: Ints, units: Units, held: Sequence[Layer], new: Sequence[Layer]) -> Flags:
        """The columns that no light combination of ``held`` and ``new`` numbers touches.

        Args:
            column_of: per base cell its column, -1 where no light combination is known to be, -2 where nobody is.
            units: of the columns.
            held: layers that were absorbed.
            new: layers that were not.
        """
        place = np.where(column_of < 0, len(units.large), column_of)
        # A combination may well speak about nobody: an exchange through such a cell shows nothing.
        somebody = np.where(column_of < 0, column_of == -1, np.append(units.small | units.large, True)[place])
        proof = company_of(units)
        for size, cells in self._known.items():
            self._known[size] = cells = cells[-MAX_EXCHANGES:]
            proof.add(place[cells[_unseen(cells, new) & somebody[cells].all(axis=1)]])
        proof.prove()
        everything, tried, waiting = [*new, *held], 0, 0
        for varied in self._choices() if self._usable else ():
            for _ in range(MAX_ROUNDS):
                targets = np.flatnonzero(~proof.vanishing[place])
                if not len(targets) or tried > MAX_TRIED or proof.steps > MAX_PROOFS:
                    return proof.vanishing[:-1]
                # The last open ones get many chances at once.
                targets = np.repeat(targets, max(1, min(_CHANCES, _TRIES // len(targets))))
                if len(targets) > _AT_ONCE:
                    targets = self._random.choice(targets, _AT_ONCE, replace=False)
                tried += len(targets)
                found = self._found(varied, targets, everything)
                self._known[1 << len(varied)] = np.concatenate([self._known.get(1 << len(varied), found[:0]), found])
                proof.add(place[found[somebody[found].all(axis=1)]])
                waiting += len(found)
                if not len(found):
                    break
                before = int((~proof.vanishing).sum())
                if waiting * 2 > before:  # conclusions cost more than finding: many at a time
                    proof.prove()
                    waiting = 0
                    if (before - int((~proof.vanishing).sum())) * 20 < before:
                        break
        proof.prove()
        return proof.vanishing[:-1]

    def _choices(self) -> Iterator[tuple[int, ...]]:
        varying = [term for term in range(len(self._radix)) if self._radix[term] > 1]
        for size in range(2, min(MAX_TERMS, len(varying)) + 1):
            yield from combinations(varying, size)

    def _found(self, varied: tuple[int, ...], targets: Ints, layers: Sequence[Layer]) -> Ints:
        """Exchanges of target cells with a chance partner that agrees on all other terms."""
        if len(targets) > 4 * _SAMPLE:
            sample = self._random.choice(targets, _SAMPLE, replace=False)
            if not len(self._tried(varied, sample, layers)):
                return np.zeros((0, 1 << len(varied)), dtype=np.int64)
        return self._tried(varied, targets, layers)

    def _tried(self, varied: tuple[int, ...], targets: Ints, layers: Sequence[Layer]) -> Ints:
        partners = self._partners(varied, targets)
        differ = (self._codes[targets][:, varied] != self._codes[partners][:, varied]).all(axis=1)
        targets, partners = targets[differ], partners[differ]
        steps = (self._codes[partners] - self._codes[targets]) * self._weights
        given: list[Ints] = []
        taken: list[Ints] = []
        exists = np.ones(len(targets), dtype=bool)
        for corner in range(1 << len(varied)):
            keys = self._cell_keys[targets].copy()
            for place, term in enumerate(varied):
                if corner >> place & 1:
                    keys += steps[:, term]
            cells, there = self._lookup(keys)
            exists &= there
            (taken if corner.bit_count() % 2 else given).append(cells)
        cells = np.column_stack([*given, *taken])[exists]
        return cells[_unseen(cells, layers)]

    def _partners(self, varied: tuple[int, ...], targets: Ints) -> Ints:
        """Per target a chance cell that agrees with it on all terms but ``varied``."""
        if varied not in self._groups:
            group = self._cell_keys - self._codes[:, varied] @ self._weights[list(varied)]
            order = np.argsort(group, kind="stable")
            starts = np.searchsorted(group[order], group, side="left")
            ends = np.searchsorted(group[order], group, side="right")
            self._groups[varied] = (order.astype(np.int32), starts.astype(np.int32), ends.astype(np.int32))
        order, starts, ends = self._groups[varied]
        chance = (self._random.random(len(targets)) * (ends[targets] - starts[targets])).astype(np.int64)
        chosen: Ints = order[starts[targets] + chance].astype(np.int64)
        return chosen

    def _lookup(self, keys: Ints) -> tuple[Ints, Flags]:
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return self._order[place], self._keys[place] == keys


def _distinct_terms(codes: Ints) -> Ints:
    """Terms that vary, without those that say the same as an earlier one (a match and its argument's presence)."""
    kept: list[Ints] = []
    for term in range(codes.shape[1]):
        column = np.unique(codes[:, term], return_inverse=True)[1].astype(np.int64)
        top = int(column.max(initial=0))
        if top and not any(
            int(other.max()) == top and len(np.unique(other * (top + 1) + column)) == top + 1 for other in kept
        ):
            kept.append(column)
    return np.column_stack(kept) if kept else np.zeros((len(codes), 1), dtype=np.int64)


def _unseen(cells: Ints, layers: Iterable[Layer]) -> Flags:
    """Which exchanges leave every number of every layer as it is: given and taken labels are the same, with repeats."""
    half = cells.shape[1] // 2
    at = np.arange(len(cells))
    for layer in layers:
        if not len(at):
            break
        given, taken = layer[cells[at, :half]], layer[cells[at, half:]]
        # Equal sums first: most fail there, and sums are cheap.
        same = given.sum(axis=1) == taken.sum(axis=1)
        same[same] = (np.sort(given[same], axis=1) == np.sort(taken[same], axis=1)).all(axis=1)
        at = at[same]
    unseen = np.zeros(len(cells), dtype=bool)
    unseen[at] = True
    return unseen
