"""Shrinks the incidence of numbers and atoms to the small part where anything can still be isolated.

In: all numbers held and new, over atoms. Out: ``Knot``s: connected groups of numbers that must be settled by linear
algebra, with which numbers are copies of which. Each step keeps the span vectors that live on small atoms:

* atoms about nobody are left out;
* equal numbers are one number (a copy of what is held adds nothing);
* atoms that the remaining numbers do not tell apart always appear together: they merge, and perhaps become large;
* a large atom that is itself a number can be subtracted from any other: its column goes, and the number with it;
* a number with a large atom of its own can be in no combination about small atoms: it goes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleanroom.privacy.ledger.units import Flags, Ints, Units, sorted_distinct

MAX_MATRIX_ENTRIES = 100_000_000
"""Rows x columns of one knot (8 bytes each)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidence:
    """Which number covers which atom, as parallel arrays; ``numbers`` and ``columns`` bound the indexes."""

    row: Ints
    column: Ints
    numbers: int
    columns: int

    def only(self, kept: NDArray[np.bool_]) -> "Incidence":
        """The incidences where ``kept``."""
        return Incidence(row=self.row[kept], column=self.column[kept], numbers=self.numbers, columns=self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """Numbers that hang together through small and unexplained large atoms.

    ``rows`` are number indexes, ascending; ``matrix`` is 0/1, its first ``len(small)`` columns the small atoms. It is
    None where it would be larger than may be laid out: such a knot cannot be settled, only withheld.
    """

    rows: tuple[int, ...]
    matrix: Ints | None
    small: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """What is left to settle. ``same_as[i]`` is the number whose fate number ``i`` shares (its lowest equal).

    ``column_of`` is, per atom, its column among ``units`` (-1: no light combination touches it; -2: it is
    about nobody).
    """

    incidence: Incidence
    units: Units
    column_of: Ints
    same_as: Ints

    def knots(self) -> tuple[Knot, ...]:
        """The groups of numbers that hang together, laid out."""
        return _knots(self.incidence, self.units) if len(self.incidence.row) else ()

    def hardest(self) -> int:
        """Rows x rows x columns of the largest group: what elimination costs at most."""
        return _hardest(self.incidence) if len(self.incidence.row) else 0


def reduced(incidence: Incidence, units: Units, *, held: int, settled: int) -> Reduced:
    """Drop everything that cannot take part in isolating a small group, and what new numbers take no part in.

    Args:
        incidence: numbers over atoms, held numbers first, then new ones in the order they are to be preferred.
        units: of the atoms.
        held: numbers below this are held, and cannot isolate anything by themselves: they were tested when they left.
        settled: numbers below this are certain to be out; only they are subtracted from others beforehand.
    """
    same_as = np.arange(incidence.numbers, dtype=np.int64)
    # A row speaks of something new if it is new, or if something new was subtracted from it.
    newly = same_as >= held
    populated = units.large | units.small
    incidence = incidence.only(populated[incidence.column])
    column_of = np.where(populated, np.arange(incidence.columns), -1)
    before = -1
    while len(incidence.row) != before and units.small[incidence.column].any():
        before = len(incidence.row)
        incidence = _without_copies(incidence, same_as)
        incidence, units, merged_of = _columns_merged(incidence, units)
        column_of = np.where(column_of < 0, -1, merged_of[column_of])
        incidence = _without_known(incidence, units, settled, newly)
        incidence = _without_private(incidence, units)
    incidence = _with_news(incidence, units, newly)
    left = np.bincount(incidence.column, minlength=incidence.columns) > 0
    column_of = np.where((column_of >= 0) & np.append(left, False)[column_of], column_of, -1)
    column_of[~populated] = -2
    # No light combination touches the others, so their units count nowhere.
    return Reduced(incidence=incidence, units=units.as_large(~left), column_of=column_of, same_as=_settled(same_as))


def _with_news(incidence: Incidence, units: Units, newly: Flags) -> Incidence:
    """Only the groups in which something new and something small is."""
    if not units.small[incidence.column].any():
        return incidence.only(np.zeros(len(incidence.row), dtype=bool))
    component = _components(incidence)
    news, small = np.zeros(incidence.numbers, dtype=bool), np.zeros(incidence.numbers, dtype=bool)
    news[component[newly]] = True
    small[component[incidence.row[units.small[incidence.column]]]] = True
    return incidence.only((news & small)[component[incidence.row]])


def _settled(same_as: Ints) -> Ints:
    while True:
        further = same_as[same_as]
        if (further == same_as).all():
            return same_as
        same_as = further


def _fingerprints(groups: Ints, members: Ints, size: int, seed: int) -> Ints:
    """One 62-bit key per group that is equal for groups with the same members (a sum of random numbers)."""
    random = np.random.default_rng(seed)
    top = int(members.max(initial=0)) + 1
    high, low = (random.integers(1, 1 << 31, size=top).astype(np.float64)[members] for _ in range(2))
    upper = np.bincount(groups, weights=high, minlength=size).astype(np.uint64)
    lower = np.bincount(groups, weights=low, minlength=size).astype(np.uint64)
    mixed: Ints = (upper * np.uint64(0x9E3779B97F4A7C15) ^ (lower * np.uint64(0xC2B2AE3D27D4EB4F))).view(np.int64)
    return mixed


def _without_copies(incidence: Incidence, same_as: Ints) -> Incidence:
    present = np.flatnonzero(np.bincount(incidence.row, minlength=incidence.numbers))
    keys = _fingerprints(incidence.row, incidence.column, incidence.numbers, seed=1)[present]
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    lowest = present[first][group]
    same_as[present] = lowest
    is_first = np.zeros(incidence.numbers, dtype=bool)
    is_first[lowest] = True
    return incidence.only(is_first[incidence.row])


def _columns_merged(incidence: Incidence, units: Units) -> tuple[Incidence, Units, Ints]:
    present = np.flatnonzero(np.bincount(incidence.column, minlength=incidence.columns))
    keys = _fingerprints(incidence.column, incidence.row, incidence.columns, seed=2)[present]
    _, group = np.unique(keys, return_inverse=True)
    merged_of = np.full(incidence.columns, -1, dtype=np.int64)
    merged_of[present] = group
    count = int(group.max(initial=-1)) + 1
    pairs = sorted_distinct(incidence.row * max(count, 1) + merged_of[incidence.column])
    merged = Incidence(
        row=pairs // max(count, 1), column=pairs % max(count, 1), numbers=incidence.numbers, columns=count
    )
    return merged, units.merged(merged_of, count), merged_of


def _without_known(incidence: Incidence, units: Units, settled: int, newly: Flags) -> Incidence:
    """Subtract large atoms that are numbers by themselves; notes in ``newly`` from what a new one was subtracted."""
    alone = np.bincount(incidence.row, minlength=incidence.numbers) == 1
    alone[settled:] = False
    at = np.flatnonzero(alone[incidence.row] & units.large[incidence.column])
    known = np.zeros(incidence.columns, dtype=bool)
    known[incidence.column[at]] = True
    by_new = known.copy()
    by_new[incidence.column[at[~newly[incidence.row[at]]]]] = False
    newly[incidence.row[by_new[incidence.column]]] = True
    return incidence.only(~known[incidence.column])


def _without_private(incidence: Incidence, units: Units) -> Incidence:
    """Leave out numbers with a large atom that no other number covers."""
    once = (np.bincount(incidence.column, minlength=incidence.columns) == 1) & units.large
    harmless = np.zeros(incidence.numbers, dtype=bool)
    harmless[incidence.row[once[incidence.column]]] = True
    return incidence.only(~harmless[incidence.row])


def _hardest(incidence: Incidence) -> int:
    component = _components(incidence)
    rows = np.bincount(component[np.unique(incidence.row)], minlength=incidence.numbers)
    group_of_column = np.full(incidence.columns, -1, dtype=np.int64)
    group_of_column[incidence.column] = component[incidence.row]
    columns = np.bincount(group_of_column[group_of_column >= 0], minlength=incidence.numbers)
    return int((rows * rows * columns).max())


def _knots(incidence: Incidence, units: Units) -> tuple[Knot, ...]:
    component = _components(incidence)
    members = units.members(among=sorted_distinct(incidence.column))
    of_incidence = component[incidence.row]
    order = np.argsort(of_incidence, kind="stable")
    bounds = np.flatnonzero(np.diff(of_incidence[order])) + 1
    knots = []
    for part in np.split(order, bounds):
        rows, row_at = np.unique(incidence.row[part], return_inverse=True)
        columns, column_at = np.unique(incidence.column[part], return_inverse=True)
        small = units.small[columns]
        if len(rows) * len(columns) > MAX_MATRIX_ENTRIES:
            knots.append(Knot(rows=tuple(rows.tolist()), matrix=None, small=()))
            continue
        place = np.empty(len(columns), dtype=np.int64)
        place[np.argsort(~small, kind="stable")] = np.arange(len(columns))
        matrix = np.zeros((len(rows), len(columns)), dtype=np.int64)
        matrix[row_at, place[column_at]] = 1
        groups = tuple(members[int(column)] for column in columns[small])
        knots.append(Knot(rows=tuple(rows.tolist()), matrix=matrix, small=groups))
    return tuple(knots)


def _components(incidence: Incidence) -> Ints:
    """Per number the lowest number it hangs together with: labels spread over shared columns until they rest."""
    label = np.arange(incidence.numbers, dtype=np.int64)
    while True:
        by_column = np.full(incidence.columns, incidence.numbers, dtype=np.int64)
        np.minimum.at(by_column, incidence.column, label[incidence.row])
        spread = label.copy()
        np.minimum.at(spread, incidence.row, by_column[incidence.column])
        spread = spread[spread]
        if (spread == label).all():
            return label
        label = spread
