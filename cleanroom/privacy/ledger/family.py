"""All numbers one receiver holds about one protected dataset, and the test of new ones against them.

In: a receiver's entries and a new result. Out: which of its numbers may be shown. A family keeps its grid, held layers
and atoms warm; a question that needs nothing finer only adds layers. ``unit`` is the privacy unit with minimum ``k``,
or ``contributor`` with the minimum of contributors, so that no remainder is fewer retailers than agreed either.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cleanroom.engine.control import RunControl
from cleanroom.engine.counts import number_needs
from cleanroom.engine.rows import row_table
from cleanroom.engine.sql import EngineSql
from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.plan import PinnedTable, Plan
from cleanroom.privacy.contributors import own_sources
from cleanroom.privacy.ledger.atoms import Atoms, Layer, one_atom
from cleanroom.privacy.ledger.entry import LedgerEntry
from cleanroom.privacy.ledger.exchanges import Exchanges
from cleanroom.privacy.ledger.grid import CONTRIBUTOR, MAX_GRID_CELLS, GridSpec, TooFine, spec_of
from cleanroom.privacy.ledger.grid_query import grid_query
from cleanroom.privacy.ledger.membership import Grid, check_cells, grid_of, layers_of
from cleanroom.privacy.ledger.reach import Reach
from cleanroom.privacy.ledger.rollups import packed_over
from cleanroom.privacy.ledger.settle import Case, Shown, settle
from cleanroom.privacy.ledger.views import Place, View, view_of
from cleanroom.shape import ColumnRef

Flags = NDArray[np.bool_]
"""Cells x aggregates: what may be, or was, shown."""


Places = frozenset[Place]
"""Where a question's sources stand, seen from the protected dataset."""


class PhysicalColumns(Protocol):
    """A pinned table's columns: name to the engine's type."""

    @property
    def by_name(self) -> Mapping[str, str]:
        """Name to type."""


class GridReader(Protocol):
    """What a family needs of a locked session."""

    def reference(self, table: PinnedTable) -> str:
        """A pinned table as spelled in FROM."""

    def changes(self, since: PinnedTable, until: PinnedTable) -> str | None:
        """What FROM reads the rows gained and lost after ``since`` and up to ``until``; None where nothing tells."""

    def columns(self, table: PinnedTable) -> PhysicalColumns:
        """A pinned table's columns."""

    def fetch(self, sql: EngineSql, control: RunControl) -> list[tuple[object, ...]]:
        """All rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What a family protects: ``k`` distinct ``unit`` values of ``dataset``.

    ``own``: for contributors, a receiver that asked for its own rows apart; here they are nobody's. ``reach``: for a
    receiver's own rows, whom they are weighed by instead of by their own ``unit``.
    """

    dataset: DatasetName
    unit: ColumnName
    k: int
    own: MemberName | None = None
    reach: Reach | None = None


@dataclass(slots=True)
class Family:
    """One receiver's held numbers about ``protected``; ``views`` and ``layers`` grow together with ``entries``."""

    protected: Protected
    entries: list[LedgerEntry] = field(default_factory=list)
    _grid: Grid | None = None
    _held: list[Layer] = field(default_factory=list)
    _known: set[bytes] = field(default_factory=set)
    _atoms: Atoms | None = None
    _absorbed: int = 0
    _exchanges: Exchanges | None = None
    _is_part: bool = False
    _is_split: bool = False
    _parts: "dict[Places, Family]" = field(default_factory=dict)
    _places: "list[Places]" = field(default_factory=list)

    def review(self, new: LedgerEntry, reader: GridReader, seconds: float) -> Flags:
        """Which of the numbers of ``new`` (its ``shown``: those that passed everything else) may be shown.

        Raises:
            Unavailable: CR-R301 .. CR-R304 when the grid cannot be read; nothing may leave then.
            IntegrityFailure: CR-R403.
        """
        flags = np.array(new.shown, dtype=bool).reshape(len(new.cells), len(new.plan.shape.aggregates))
        views = list(views_of(new.plan, self.protected, reader))
        if not views or not flags.any():
            return flags
        try:
            warm = None if self._is_split else self.warm(views, reader, seconds)
        except TooFine:
            warm = None
        if warm is None:
            if self._is_part:
                return flags & self._repeated(new)
            self._is_split = True  # for good: what parts let out is in no grid of the whole
            return flags & self._in_parts(new, reader, seconds)
        grid, atoms = warm
        for view in views if self.protected.own is None else ():  # cells of others' rows alone are in no other grid
            check_cells(view, new.cells, grid)
        found = list(_layers(new, views, self.protected, grid))
        distinct = {layer.tobytes(): layer for _, layer in found}
        layers = list(distinct.values())
        shown = dict(zip(distinct, self.settled(atoms, grid, layers), strict=True))
        for aggregate, layer in found:
            allowed = shown[layer.tobytes()]
            flags[: len(allowed), aggregate] &= allowed
        return flags

    def warm(self, views: Sequence[View], reader: GridReader, seconds: float) -> tuple[Grid, Atoms]:
        """A grid that serves ``views`` and all entries, with the atoms of what is held placed on it.

        Raises:
            TooFine: no such grid is built. Unavailable: CR-R301 .. CR-R304.
        """
        # What was recorded since for another test may need terms that this grid lacks.
        fresh = [
            view for entry in self.entries[self._absorbed :] for view in views_of(entry.plan, self.protected, reader)
        ]
        wanted = self._spec([*fresh, *views], reader)
        if self._grid is None or not self._grid.spec.serves(wanted):
            everything = [*(v for entry in self.entries for v in views_of(entry.plan, self.protected, reader)), *views]
            spec = self._spec(everything, reader)
            grid = _read(spec, reader, seconds)
            exchanges = Exchanges(grid.codes())
            # All at once: an error above must not leave a grid beside what was held on another.
            self._grid, self._exchanges, self._atoms = grid, exchanges, one_atom(grid.cells)
            self._held, self._known, self._absorbed = [], set(), 0
        atoms = self._atoms or one_atom(self._grid.cells)
        found: dict[bytes, Layer] = {}
        for entry in self.entries[self._absorbed :]:
            seen_as = list(views_of(entry.plan, self.protected, reader))
            for _, layer in _layers(entry, seen_as, self.protected, self._grid):
                found.setdefault(sha256(layer.tobytes()).digest(), layer)
        # Nothing is noted as absorbed before all of it is at hand: an error on the way must not lose a held number.
        layers = [layer for digest, layer in found.items() if digest not in self._known]
        atoms = atoms.refined(layers)
        held = packed_over(atoms, self._held, layers)
        if self._exchanges is not None:
            self._exchanges.absorb(layers)
        self._held, self._atoms, self._absorbed = held, atoms, len(self.entries)
        self._known |= found.keys()
        return self._grid, atoms

    def settled(self, atoms: Atoms, grid: Grid, new: Sequence[Layer]) -> tuple[Shown, ...]:
        """Which numbers of ``new`` may be shown beside what is held."""
        return settle(Case(atoms=atoms, units=grid.units, held=self._held, new=new, exchanges=self._exchanges))

    def _spec(self, views: Sequence[View], reader: GridReader) -> GridSpec:
        return spec_of(
            views,
            unit=self.protected.unit,
            k=self.protected.k,
            own=self.protected.own,
            reach=self.protected.reach,
            whole_days=lambda view, ref: _is_date(view, ref, reader),
        )

    def _in_parts(self, new: LedgerEntry, reader: GridReader, seconds: float) -> Flags:
        """Too much for one grid: the new numbers meet those about the same partners, or fewer, or those that more have.

        A part for the partners of the new question, and one for those of each held question that looked at all of them
        and more. What is not tested: combinations of numbers about different partners that no question looked at
        together (docs/ledger.md says so).
        """
        self._places += [_places(entry, self.protected, reader) for entry in self.entries[len(self._places) :]]
        own = _places(new, self.protected, reader)
        flags = np.ones((len(new.cells), len(new.plan.shape.aggregates)), dtype=bool)
        for universe in sorted({own, *(places for places in self._places if own < places)}, key=_place_order):
            part = self._parts.setdefault(universe, Family(self.protected, _is_part=True))
            part.entries = [e for e, places in zip(self.entries, self._places, strict=True) if places <= universe]
            flags &= part.review(new, reader, seconds)
        return flags

    def _repeated(self, new: LedgerEntry) -> Flags:
        """Without a grid only what is already held may leave again: the same number of the same question."""
        held = np.zeros((len(new.cells), len(new.plan.shape.aggregates)), dtype=bool)
        place = {key: index for index, key in enumerate(new.cells)}
        for entry in self.entries:
            if (entry.plan.shape, entry.plan.tables) == (new.plan.shape, new.plan.tables):
                for key, shown in zip(entry.cells, entry.shown, strict=True):
                    if key in place:
                        held[place[key]] |= np.array(shown, dtype=bool)
        return held


def _read(spec: GridSpec, reader: GridReader, seconds: float) -> Grid:
    sql, columns = grid_query(spec, reader.reference, reader.changes)
    control = RunControl(limit_seconds=seconds)
    try:
        rows = reader.fetch(sql, control)
    finally:
        control.close()
    if len(rows) > MAX_GRID_CELLS:
        raise TooFine
    return grid_of(spec, columns, rows)


def concerned(plan: Plan, protected: Protected, focus: int) -> tuple[int, ...]:
    """The aggregates whose numbers speak about ``protected`` through source ``focus``."""
    if plan.shape.sources[focus].dataset != protected.dataset:
        return ()
    found = []
    for index, aggregate in enumerate(plan.shape.aggregates):
        needs = number_needs(plan, aggregate)
        about = needs.mixing if protected.unit == CONTRIBUTOR else (*needs.draws, *needs.multipliers)
        if focus in about:
            found.append(index)
    return tuple(found)


def views_of(plan: Plan, protected: Protected, reader: GridReader) -> Iterator[View]:
    """``plan`` from each of its sources through which its numbers speak about ``protected``."""
    folds = tuple(
        row_table(plan, index, reader.reference) if source.per_unit is not None else ""
        for index, source in enumerate(plan.shape.sources)
    )
    for focus in range(len(plan.shape.sources)):
        if concerned(plan, protected, focus):
            yield view_of(plan, focus, folds)


def _places(entry: LedgerEntry, protected: Protected, reader: GridReader) -> Places:
    return frozenset(place for view in views_of(entry.plan, protected, reader) for place in view.places)


def _place_order(places: Places) -> tuple[int, str]:
    return len(places), repr(sorted(map(repr, places)))


def _layers(entry: LedgerEntry, views: Sequence[View], protected: Protected, grid: Grid) -> Iterator[tuple[int, Layer]]:
    flags = np.array(entry.shown, dtype=bool).reshape(len(entry.cells), len(entry.plan.shape.aggregates))
    for view in views:
        for index in concerned(entry.plan, protected, view.focus):
            aggregate = replace(entry.plan.shape.aggregates[index], span=None)
            held = flags[:, index] & counted(entry, protected, view.focus)
            for layer in layers_of(view, aggregate, entry.cells, held.tolist(), grid):
                yield index, layer


def counted(entry: LedgerEntry, protected: Protected, focus: int) -> Flags:
    """The cells whose numbers are held against contributors: one's own rows apart are about nobody else."""
    if protected.unit != CONTRIBUTOR or protected.own is not None:
        return np.ones(len(entry.cells), dtype=bool)
    return np.array([focus not in own_sources(entry.plan, key) for key in entry.cells], dtype=bool)


def _is_date(view: View, reference: ColumnRef, reader: GridReader) -> bool:
    if view.shape.sources[reference.source].per_unit is not None:
        return False
    tables = view.plan.tables[reference.source]
    return all(reader.columns(table).by_name.get(reference.column) == "DATE" for table in tables)
