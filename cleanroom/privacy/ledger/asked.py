"""What was asked of a receiver's own rows, and what of a new question may be: the arrow from an own question to verdicts.

Asked counts as held, answered or not: that an answer was withheld tells, too. Nothing here depends on others' rows but
through whom own rows reach, in steps of the minimum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain

import numpy as np

from cleanroom.plan import Plan
from cleanroom.privacy.about_own import AboutOwn, Reasons
from cleanroom.privacy.ledger.atoms import Layer
from cleanroom.privacy.ledger.entry import LedgerEntry
from cleanroom.privacy.ledger.family import Family, GridReader, views_of
from cleanroom.privacy.ledger.grid import TooFine
from cleanroom.privacy.ledger.membership import Grid, keys_of, layers_of
from cleanroom.privacy.ledger.own_rows import OwnQuestion, Parts
from cleanroom.privacy.ledger.settle import Shown
from cleanroom.privacy.ledger.views import View
from cleanroom.released import CellKey, Reason


class Verdict(Enum):
    """What a question about own rows meets; the graver one of two counts."""

    FREE = 0
    NEAR = 1  # too few own rows, or whom they reach, away from what was asked before
    FEW = 2  # about too few by itself


Verdicts = Mapping[CellKey, tuple[Verdict, ...]]
"""Per cell of own rows, per aggregate of the own question."""


@dataclass(slots=True)
class AskedOfOwn(Family):
    """One receiver's questions about own rows by the tokens of one domain; ``entries`` are what was asked."""

    def ask(self, plan: Plan, reader: GridReader, seconds: float) -> Verdicts | None:
        """The verdict on every number that ``plan`` (tokens and own rows) asks; None: it is too fine to tell.

        Raises:
            Unavailable: CR-R301 .. CR-R304 when the grid cannot be read; nothing may leave then.
        """
        views = list(views_of(plan, self.protected, reader))
        try:
            grid, atoms = self.warm(views, reader, seconds)
        except TooFine:
            return self._as_before(plan)
        keys = [key for view in views for key in keys_of(view, grid)]
        asked = [_layer(plan, views, at, keys, grid) for at in range(len(plan.shape.aggregates))]
        enough = [_enough(layer, len(keys), grid) for layer in asked]
        distinct = {layer.tobytes(): layer for layer in enough}
        free = dict(zip(distinct, self.settled(atoms, grid, list(distinct.values())), strict=True))
        by_number = [_verdicts(a, b, free[b.tobytes()], len(keys)) for a, b in zip(asked, enough, strict=True)]
        return dict(zip(keys, zip(*by_number, strict=True), strict=True))

    def _as_before(self, plan: Plan) -> Verdicts | None:
        """Without a grid only what was asked may be asked again: the same question of the same rows."""
        for entry in self.entries:
            if (entry.plan.shape, entry.plan.tables) == (plan.shape, plan.tables):
                return {
                    key: tuple(Verdict.FREE if shown else Verdict.FEW for shown in row)
                    for key, row in zip(entry.cells, entry.shown, strict=True)
                }
        return None


def _layer(plan: Plan, views: Sequence[View], at: int, keys: Sequence[CellKey], grid: Grid) -> Layer:
    """Which of the cells ``keys`` aggregate ``at`` counts a base cell in; -1: none. Own rows alone make one layer."""
    found = (layers_of(view, plan.shape.aggregates[at], keys, [True] * len(keys), grid) for view in views)
    return next(chain.from_iterable(found), np.full(grid.cells, -1, dtype=np.int32))


def _enough(layer: Layer, cells: int, grid: Grid) -> Layer:
    """``layer`` less the cells that are about too few; they would only be withheld at length."""
    large = grid.units.merged(layer.astype(np.int64), cells).large
    return np.where(np.append(large, False)[layer], layer, -1).astype(np.int32)


def _verdicts(asked: Layer, enough: Layer, free: Shown, cells: int) -> list[Verdict]:
    """Per cell. Of no own row at all the receiver knows that the number is about nobody: nothing is told."""
    counted, large = (np.bincount(layer[layer >= 0], minlength=cells) > 0 for layer in (asked, enough))
    return [
        Verdict.FREE if not counted[at] or (large[at] and free[at]) else Verdict.NEAR if large[at] else Verdict.FEW
        for at in range(cells)
    ]


def gravest(question: OwnQuestion, found: Sequence[Verdicts | None]) -> Verdicts | None:
    """The gravest verdict of the ways to others' rows that each number is about; None where one is too fine to tell."""
    by_way = {way: verdicts for way, verdicts in zip(question.reaches, found, strict=True) if verdicts is not None}
    if len(by_way) < len(found):
        return None
    nothing = (Verdict.FREE,) * len(question.reached)
    return {
        key: tuple(
            max((by_way[way].get(key, nothing)[at] for way in ways), key=lambda verdict: verdict.value)
            for at, ways in enumerate(question.reached)
        )
        for key in dict.fromkeys(key for verdicts in by_way.values() for key in verdicts)
    }


def as_asked(question: OwnQuestion, verdicts: Verdicts) -> LedgerEntry:
    """What is remembered of a question: which of its numbers were free, and so tell something."""
    return LedgerEntry(
        plan=question.plan,
        cells=tuple(verdicts),
        shown=tuple(tuple(verdict is Verdict.FREE for verdict in row) for row in verdicts.values()),
        asked_by=question.receiver,
    )


def about_own(question: OwnQuestion, verdicts: Verdicts | None) -> AboutOwn:
    """``verdicts`` on what a question's cells and numbers became, as reasons for those cells and numbers."""
    asked = (question.whole, *question.numbers)
    # A cell that no row with a token makes has no partner: that says nothing of anybody.
    elsewhere = Verdict.FREE if verdicts is not None else Verdict.NEAR
    return AboutOwn(
        dimensions=question.dimensions,
        reasons={key: _reasons(asked, row) for key, row in (verdicts or {}).items()},
        elsewhere=_reasons(asked, (elsewhere,) * len(question.reached)),
        decides_cells=question.whole != frozenset(),
    )


def _reasons(asked: Sequence[Parts], row: Sequence[Verdict]) -> Reasons:
    return tuple(_REASON[_gravest_of(parts, row)] for parts in asked)


def _gravest_of(parts: Parts, row: Sequence[Verdict]) -> Verdict:
    if parts is None:
        return Verdict.NEAR
    return max((row[part] for part in parts), key=lambda verdict: verdict.value, default=Verdict.FREE)


_REASON = {Verdict.FREE: None, Verdict.NEAR: Reason.LEDGER, Verdict.FEW: Reason.UNITS}
