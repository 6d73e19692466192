"""Decides which new numbers may leave, given those that left: the arrow from layers to shown flags.

In: a partition's units, held layers and new layers over the same base cells. Out: per new layer which of its numbers
may be shown. Nothing here knows a value, a name or a query.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cleanroom.privacy.ledger.atoms import Atoms, Layer
from cleanroom.privacy.ledger.exchanges import Exchanges
from cleanroom.privacy.ledger.linear import Budget, isolates
from cleanroom.privacy.ledger.reduction import Incidence, Knot, Reduced, reduced
from cleanroom.privacy.ledger.rollups import less_wholes, width
from cleanroom.privacy.ledger.splits import adds_nothing_light
from cleanroom.privacy.ledger.units import Flags, Ints, Units

Shown = NDArray[np.bool_]
MAX_SEARCH_STEPS = 500
"""Search steps (a few milliseconds each) per question put to the linear test; running out withholds."""

MAX_STEPS_PER_REVIEW = 1000
"""The same over all questions of one review."""

MAX_MATRIX_UPDATES = 60_000_000
"""Matrix entries changed per question put to the linear test (about ten nanoseconds each); more withholds."""

HARD_KNOT = 20_000_000
"""Rows x rows x columns from which on it is worth looking for company first."""

MAX_UPDATES_PER_REVIEW = 150_000_000
"""The same over all questions of one review: what a hostile pattern can cost before all of it is withheld."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be settled: ``held`` and ``new`` layers over the base cells of ``atoms`` (refined by ``held``)."""

    atoms: Atoms
    units: Units
    held: Sequence[Layer]
    new: Sequence[Layer]
    exchanges: Exchanges | None = None


@dataclass(slots=True, kw_only=True)
class _Purse:
    """What is left for one review."""

    updates: int
    steps: int


def settle(case: Case) -> tuple[Shown, ...]:
    """Which numbers of each new layer may be shown; earlier layers and lower numbers are preferred.

    INVARIANT I13: with what is answered True, no combination of held and new numbers speaks about 1 .. k-1 units.
    ``case.units`` are those of the base cells.
    """
    sizes = [width(layer) for layer in case.new]
    # A new number counts for what it adds to held ones; a plain sum of them adds nothing: it leaves, and needs no row.
    rests = [less_wholes(layer, case.held) for layer in case.new]
    if not any((rest >= 0).any() for rest in rests):
        return tuple(np.ones(size, dtype=bool) for size in sizes)
    before = case.atoms
    case = replace(case, new=rests, atoms=before.refined(rests))
    units = case.units.merged(case.atoms.of_cell, case.atoms.count)
    incidence, first_new = _incidence(case, sizes)
    shown = np.ones(incidence.numbers, dtype=bool)
    purse = _Purse(updates=MAX_UPDATES_PER_REVIEW, steps=MAX_STEPS_PER_REVIEW)
    outcome = reduced(incidence, units, held=first_new, settled=incidence.numbers)
    hard = outcome.hardest() > HARD_KNOT
    if hard and adds_nothing_light(before, case.atoms, units, case.held, rests):
        return tuple(np.ones(size, dtype=bool) for size in sizes)
    if hard and case.exchanges is not None:
        # In enough company whatever is combined: a combination that touches such an atom is harmless.
        units = units.as_large(_in_company(case.exchanges, case, outcome))
        outcome = reduced(incidence, units, held=first_new, settled=incidence.numbers)
    if any(_isolates(knot, list(range(len(knot.rows))), units.k, purse) for knot in outcome.knots()):
        # Which one of two conflicting numbers stays depends on their order only, so nothing new counts as out yet.
        outcome = reduced(incidence, units, held=first_new, settled=first_new)
        for knot in outcome.knots():
            for number in _withheld(knot, first_new, units.k, purse):
                shown[number] = False
        shown = shown[outcome.same_as]
    starts = first_new + np.cumsum([0, *sizes])
    return tuple(shown[start : start + size] for start, size in zip(starts[:-1], sizes, strict=True))


def _in_company(exchanges: Exchanges, case: Case, outcome: Reduced) -> Flags:
    """The atoms that no light combination touches, as far as exchanges show."""
    column_of = outcome.column_of
    proven = exchanges.companions(column_of[case.atoms.of_cell], outcome.units, case.held, case.new)
    return np.append(proven, [False, True])[column_of]


def _incidence(case: Case, sizes: Sequence[int]) -> tuple[Incidence, int]:
    rows: list[Ints] = []
    columns: list[Ints] = []
    offset = first_new = 0
    for position, layer in enumerate((*case.held, *case.new)):
        if position == len(case.held):
            first_new = offset
        over_atoms = layer[case.atoms.first]
        covered = np.flatnonzero(over_atoms >= 0)
        rows.append(over_atoms[covered].astype(np.int64) + offset)
        columns.append(covered)
        offset += width(layer) if position < len(case.held) else sizes[position - len(case.held)]
    if not case.new:
        first_new = offset
    incidence = Incidence(
        row=np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64),
        column=np.concatenate(columns) if columns else np.zeros(0, dtype=np.int64),
        numbers=offset,
        columns=case.atoms.count,
    )
    return incidence, first_new


def _withheld(knot: Knot, first_new: int, k: int, purse: _Purse) -> list[int]:
    """The new numbers of a knot that must stay: those that, added in order to the admitted ones, isolate a group."""
    new = [place for place, number in enumerate(knot.rows) if number >= first_new]
    if not new or not _isolates(knot, list(range(len(knot.rows))), k, purse):
        return []
    held = [place for place, number in enumerate(knot.rows) if number < first_new]
    refused: list[int] = []
    # What isolates at first sight goes first; most often the rest is safe, and one thorough test shows it.
    _admit(knot, new, list(held), refused, k, purse, _seen_to_isolate)
    rest = [place for place in new if place not in refused]
    if rest and _isolates(knot, [*held, *rest], k, purse):
        refused = []
        _admit(knot, new, held, refused, k, purse, _isolates)
    return [knot.rows[place] for place in refused]


Test = Callable[[Knot, list[int], int, _Purse], bool]


def _admit(
    knot: Knot, candidates: list[int], admitted: list[int], refused: list[int], k: int, purse: _Purse, test: Test
) -> None:
    """One by one in order, by halves: a safe whole has only safe parts."""
    if not test(knot, [*admitted, *candidates], k, purse):
        admitted.extend(candidates)
    elif len(candidates) == 1:
        refused.extend(candidates)
    else:
        half = len(candidates) // 2
        _admit(knot, candidates[:half], admitted, refused, k, purse, test)
        _admit(knot, candidates[half:], admitted, refused, k, purse, test)


def _isolates(knot: Knot, places: list[int], k: int, purse: _Purse) -> bool:
    """Whether the numbers at ``places`` isolate a group; True also where that is too hard to tell."""
    return _tested(knot, places, k, purse, steps=min(MAX_SEARCH_STEPS, purse.steps), in_doubt=True)


def _seen_to_isolate(knot: Knot, places: list[int], k: int, purse: _Purse) -> bool:
    """Whether they do so at first sight; False proves nothing."""
    return _tested(knot, places, k, purse, steps=1, in_doubt=purse.updates <= 0)


def _tested(knot: Knot, places: list[int], k: int, purse: _Purse, *, steps: int, in_doubt: bool) -> bool:
    if knot.matrix is None:
        return True
    matrix = knot.matrix[places]
    covered = np.flatnonzero(matrix.any(axis=0))
    small = [knot.small[column] for column in covered if column < len(knot.small)]
    large = list(range(len(small), len(covered)))
    budget = Budget(steps=steps, updates=min(purse.updates, MAX_MATRIX_UPDATES))
    before = replace(budget)
    found = isolates(matrix[:, covered], large, small, k=k, budget=budget, in_doubt=in_doubt)
    purse.updates -= before.updates - max(budget.updates, 0)
    purse.steps -= before.steps - max(budget.steps, 0)
    return found
