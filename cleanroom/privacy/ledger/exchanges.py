"""Cheap proof that most small atoms cannot be isolated: exchanges of base cells that no number can see.

An exchange is as many cells taken as given such that every number of every layer keeps its count: for example
(north, May) and (south, June) against (north, June) and (south, May), while nobody asked for region by month. Whatever
combination of numbers an adversary forms is blind to it, so a combination that speaks about one of its atoms speaks
about another of them too. An atom with several exchanges that share no other atom is in company of at least one atom
of each: with enough people in that company it needs no further test, as if it were large itself.

Candidates are found by chance from the grid's terms and checked exactly against every layer, so what is found can only
save work, never admit anything. People are counted by ``own`` units, those in no other small atom: these add up.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cleanroom.privacy.ledger.atoms import Atoms, Layer
from cleanroom.privacy.ledger.units import Flags, Ints, Units

MAX_TERMS = 4
"""Terms varied in one exchange: 2 to the power of it cells take part."""

MAX_ROUNDS = 12
"""Partners tried per choice of terms when atoms are still open."""

MAX_EXCHANGES = 400_000
"""Exchanges kept per size."""

_SAMPLE = 200
_PETALS = 48
_TRIES = 3000
_CHANCES = 32


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

    def companions(self, atoms: Atoms, units: Units, held: Sequence[Layer], new: Sequence[Layer]) -> Flags:
        """Which small atoms (``units`` are of the atoms) are always in company of at least ``k`` units."""
        own = _own_units(units)
        valid = {size: cells[_unseen(cells, new)] for size, cells in self._known.items()}
        proven = _proven(valid.values(), atoms, units, own)
        if not self._usable:
            return proven
        everything = [*held, *new]
        for varied in self._choices():
            for _ in range(MAX_ROUNDS):
                open_atoms = units.small & ~proven & (own > 0)
                targets = np.flatnonzero(open_atoms[atoms.of_cell])
                if not len(targets):
                    return proven
                few = max(1, min(_CHANCES, _TRIES // len(targets)))  # the last open ones get many chances at once
                targets = np.repeat(targets, few)
                found = self._found(varied, targets, everything)
                if not len(found):
                    break
                size = found.shape[1]
                before = int(proven.sum())
                self._known[size] = np.concatenate([self._known.get(size, found[:0]), found])[-MAX_EXCHANGES:]
                valid[size] = np.concatenate([valid.get(size, found[:0]), found])[-MAX_EXCHANGES:]
                proven |= _proven([valid[size]], atoms, units, own)
                if int(proven.sum()) - before < len(targets) // few // 50:
                    break
        return proven

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


def _unseen(cells: Ints, layers: Iterable[Layer]) -> NDArray[np.bool_]:
    """Which exchanges leave every number of every layer as it is: given and taken labels are the same, with repeats."""
    half = cells.shape[1] // 2
    unseen = np.ones(len(cells), dtype=bool)
    for layer in layers:
        at = np.flatnonzero(unseen)
        if not len(at):
            break
        given, taken = layer[cells[at, :half]], layer[cells[at, half:]]
        unseen[at] = (np.sort(given, axis=1) == np.sort(taken, axis=1)).all(axis=1)
    return unseen


def _own_units(units: Units) -> Ints:
    """Per column its units that are in no other small column; ``k`` for large ones, which no small group touches."""
    shared = np.bincount(units.pairs[:, 1]) if len(units.pairs) else np.zeros(0, dtype=np.int64)
    alone = units.pairs[shared[units.pairs[:, 1]] == 1, 0] if len(units.pairs) else np.zeros(0, dtype=np.int64)
    own = np.bincount(alone, minlength=len(units.large)).astype(np.int64)
    return np.where(units.large, units.k, own)


def _proven(exchanges: Iterable[Ints], atoms: Atoms, units: Units, own: Ints) -> Flags:
    """Small atoms whose company, by exchanges sharing no other atom, is at least ``k`` units."""
    proven = np.zeros(atoms.count, dtype=bool)
    gathered: list[tuple[Ints, Ints, Ints]] = []
    for cells in exchanges:
        for corner, others, company in _petals(atoms.of_cell[cells], own):
            enough = own[corner] + company >= units.k
            proven[corner[enough]] = True
            gathered.append((corner[~enough], others[~enough], company[~enough]))
    proven &= units.small
    for corner, others, company in gathered:
        rest = ~proven[corner] & units.small[corner] & (company > 0)
        _add_up(corner[rest], others[rest], company[rest], own, units.k, proven)
    return proven


def _petals(corners: Ints, own: Ints) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Per corner of each exchange: its atom, the exchange's atoms, and the least own units of another atom in it."""
    size = corners.shape[1]
    sign = np.where(np.arange(size) < size // 2, 1, -1)
    net = sum((corners == corners[:, [other]]) * sign[other] for other in range(size))
    for place in range(size):
        counts = np.asarray(net)[:, place] != 0
        atom = corners[counts, place]
        others = corners[counts]
        silent = (np.asarray(net)[counts] == 0) | (others == atom[:, None])
        company = np.where(silent, np.iinfo(np.int64).max // 4, own[others]).min(axis=1)
        yield atom, np.where(silent, -1, others), company


def _add_up(corner: Ints, others: Ints, company: Ints, own: Ints, k: int, proven: Flags) -> None:
    """Greedily collect exchanges of one atom that share no other atom."""
    order = np.lexsort((-company, corner))
    bounds = np.flatnonzero(np.diff(corner[order])) + 1
    for part in np.split(order, bounds):
        if not len(part):
            continue
        atom = int(corner[part[0]])
        total, used = int(own[atom]), set[int]()
        for at in part[:_PETALS]:
            petal = {other for other in others[at].tolist() if other >= 0}
            if not petal & used:
                used |= petal
                total += int(company[at])
        proven[atom] |= total >= k
