"""Which number of a result covers which cell of a grid: the arrow from a view and cell keys to layers.

A number over the focused dataset is the change that its rows make. Rows that a LEFT JOIN brings in may take a row of
the answer away as well as add one (``WHERE s.region IS NULL`` counts what has no sale): where the cell a row belongs to
differs from the one it would belong to without its focused row, the number it left counts it too, with a minus sign
that does not matter to a span. Plus and minus are given as layers of their own, which can only widen the span.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cleanroom.errors import IntegrityFailure
from cleanroom.privacy.ledger import evaluate
from cleanroom.privacy.ledger.atoms import Layer
from cleanroom.privacy.ledger.evaluate import TRUE, Coded, coded
from cleanroom.privacy.ledger.grid import GridSpec
from cleanroom.privacy.ledger.grid_query import GridColumns
from cleanroom.privacy.ledger.terms import Fineness, Term
from cleanroom.privacy.ledger.units import Flags, Ints, Units, units_of
from cleanroom.privacy.ledger.views import Place, View, dependants, needed_sources
from cleanroom.released import CellKey, ShownValue
from cleanroom.shape import Aggregate, ColumnRef, Fn, JoinKind

_LOOKUP = 1 << 20
"""Possible keys up to which cells are found in a table of all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A grid as read: coded terms, at which pin sets rows are there, and the units of each base cell."""

    spec: GridSpec
    cells: int
    bits: Mapping[Place, "Presence"]
    any_bits: Mapping[Place, "Presence"]
    terms: Mapping[Term, Coded]
    units: Units

    def codes(self) -> Ints:
        """Cells x terms as small integers, snapshot bits included: no two cells have the same row."""
        parts = [column.codes + 1 for column in self.terms.values()]
        parts += [bits.codes + 1 for bits in (*self.bits.values(), *self.any_bits.values())]
        return np.column_stack(parts).astype(np.int64).reshape(self.cells, -1)


def grid_of(spec: GridSpec, columns: GridColumns, rows: Sequence[Sequence[object]]) -> Grid:
    """The grid from the rows of its query."""
    taken = list(zip(*rows, strict=True)) if rows else [() for _ in range(columns.units + 1)]
    return Grid(
        spec=spec,
        cells=len(rows),
        bits={place: _presence_of(taken[at]) for place, at in columns.bits.items()},
        any_bits={place: _presence_of(taken[at]) for place, at in columns.any_bits.items()},
        terms={term: coded(taken[at]) for term, at in columns.terms.items()},
        units=units_of(taken[columns.units], k=spec.k),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Per base cell a pattern of pin sets: ``patterns[codes[i]]``, digits as text; -1 where no row is joined."""

    codes: Ints
    patterns: tuple[str, ...]

    def at(self, pin_set: int) -> Flags:
        """Where a row is that is there at ``pin_set``."""
        there = np.array([pattern[pin_set] == "1" for pattern in self.patterns] + [False])
        found: Flags = there[self.codes]
        return found


def _presence_of(values: Iterable[object]) -> Presence:
    listed = list(values)
    number: dict[object, int] = {None: -1}
    for value in dict.fromkeys(listed):
        if value is not None:
            number[value] = len(number) - 1
    codes = np.fromiter(map(number.__getitem__, listed), dtype=np.int64, count=len(listed))
    return Presence(codes=codes, patterns=tuple(str(value) for value in number if value is not None))


def layers_of(
    view: View, aggregate: Aggregate, cells: Sequence[CellKey], passed: Sequence[bool], grid: Grid
) -> Iterator[Layer]:
    """The layers of one aggregate of one result; layer entry ``i`` says which of ``cells`` covers base cell ``i``.

    Args:
        view: the result from the protected dataset.
        aggregate: one of its shape's aggregates.
        cells: the keys of the result's cells.
        passed: per cell whether this number is (to be) held; the others are no vectors.
        grid: a grid that serves the view.
    """
    with_row = _labels(view, aggregate, cells, grid, nulled=frozenset())
    lost = dependants(view.shape, view.focus)
    without = np.full(grid.cells, -1, dtype=np.int64)
    sources = view.shape.sources
    if all(_joined_left(view, source) for source in lost):
        without = _labels(view, aggregate, cells, grid, nulled=lost)
    shown = np.append(np.asarray(passed, dtype=bool), False)
    changed = with_row != without
    layers = [np.where(changed, with_row, -1), np.where(changed, without, -1)]
    if not changed.all() and aggregate.fn is not Fn.COUNT_DISTINCT and sources[view.focus].join is not None:
        layers.append(with_row)  # rows that stay where they are still multiply what is counted
    for layer in layers:
        kept = np.where(shown[layer], layer, -1).astype(np.int32)
        if (kept >= 0).any():
            yield kept


def keys_of(view: View, grid: Grid) -> tuple[CellKey, ...]:
    """The cells of ``view`` that the focused rows alone make: the distinct values of its dimensions; ``()`` without any."""
    present, exists = _presence(view, grid)
    rows = _Rows(view=view, grid=grid, present=[present[source] for source in sorted(present)])
    keys = [evaluate.dimension(dimension, rows.column) for dimension in view.shape.dimensions]
    codes = np.unique(np.column_stack([key.codes[exists] for key in keys]), axis=0) if keys else [()]
    return tuple(tuple(_value(key, code) for key, code in zip(keys, row, strict=True)) for row in codes)


def _value(key: Coded, code: int) -> ShownValue:
    value = key.values[code] if code >= 0 else None
    if not (value is None or isinstance(value, str | int | float | Decimal | bool | date)):
        raise IntegrityFailure("CR-R402", "a dimension in a plan is of a type that cannot be shown")
    return value


def check_cells(view: View, cells: Sequence[CellKey], grid: Grid) -> None:
    """Hold that the grid knows every cell of a grouped result of its first source.

    Raises:
        IntegrityFailure: CR-R403 otherwise: the test would be blind to what it cannot place, so nothing may leave.
    """
    if view.focus != 0 or not view.shape.dimensions:
        return
    placed = _labels(view, Aggregate(fn=Fn.COUNT_STAR, column=None), cells, grid, nulled=frozenset())
    if len(np.unique(placed[placed >= 0])) != len(cells):
        raise IntegrityFailure("CR-R403", "the ledger's grid lacks cells of the answer", help="tell the operator")


def _joined_left(view: View, source: int) -> bool:
    join = view.shape.sources[source].join
    return join is not None and join.kind is JoinKind.LEFT


def _labels(view: View, aggregate: Aggregate, cells: Sequence[CellKey], grid: Grid, *, nulled: frozenset[int]) -> Ints:
    """Per base cell the index in ``cells`` of the cell it is counted in, with ``nulled`` sources as if unmatched."""
    present, exists = _presence(view, grid)
    rows = _Rows(view=view, grid=grid, present=[p if i not in nulled else np.zeros_like(p) for i, p in present.items()])
    shape = view.shape
    counted = exists
    fold = shape.sources[view.focus].per_unit
    if fold is not None and fold.where is not None:
        counted = counted & (evaluate.predicate(fold.where, rows.root_column) == TRUE)
    for test in (shape.where, aggregate.filter):
        if test is not None:
            counted = counted & (evaluate.predicate(test, rows.column) == TRUE)
    if aggregate.column is not None:
        counted = counted & (rows.column(aggregate.column).codes >= 0)
    elif 0 in nulled:
        counted = np.zeros_like(counted)
    keys = [evaluate.dimension(dimension, rows.column) for dimension in shape.dimensions]
    return np.where(counted, _matched(keys, cells, grid.cells), -1)


def _presence(view: View, grid: Grid) -> tuple[dict[int, NDArray[np.bool_]], NDArray[np.bool_]]:
    """Per source whether a base cell's rows have a partner there, and which base cells are rows of the answer."""
    root = grid.spec.pins[None].index(view.root_tables)
    exists = grid.bits[None].at(root)
    by_place: dict[Place, NDArray[np.bool_]] = {None: exists.copy()}
    for place in grid.spec.places:
        if place is None:
            continue
        used = [source for source, at in enumerate(view.places) if at == place]
        if not used:
            continue
        bit = 0 if place.fold else grid.spec.pins[place].index(view.plan.tables[used[0]])
        here, anywhere = grid.bits[place].at(bit), grid.any_bits[place].at(bit)
        for link in place.links:
            if link.parent is not None:
                here, anywhere = here & by_place[link.parent], anywhere & by_place[link.parent]
        exists &= here | ~anywhere  # a partner of another snapshot is no row of this answer
        by_place[place] = here
    present = {source: by_place[place] for source, place in enumerate(view.places)}
    for source in needed_sources(view.shape, view.focus):
        exists &= present[source]
    return present, exists


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """A grid read as rows of one question: a column of an unmatched source is NULL."""

    view: View
    grid: Grid
    present: Sequence[NDArray[np.bool_]]

    def column(self, reference: ColumnRef) -> Coded:
        """A column of the question."""
        at = Term(place=self.view.places[reference.source], column=reference.column)
        stored = self._stored(at)
        codes = np.where(self.present[reference.source], stored.codes, -1)
        return Coded(codes=codes, values=stored.values)

    def root_column(self, reference: ColumnRef) -> Coded:
        """A column of the focused dataset's own rows, for a fold's WHERE."""
        return self._stored(Term(place=None, column=reference.column))

    def _stored(self, term: Term) -> Coded:
        stored = self.grid.terms[term]
        if self.grid.spec.terms[term] is Fineness.PRESENCE:
            return stored.mapped(lambda value: value or None)  # "is not NULL" as a column: true or NULL
        return stored


def _matched(keys: Sequence[Coded], cells: Sequence[CellKey], size: int) -> Ints:
    """Per base cell the index in ``cells`` of its key, or -1."""
    composite = np.zeros(size, dtype=np.int64)
    wanted = np.zeros(len(cells), dtype=np.int64)
    known = np.ones(len(cells), dtype=bool)
    span = 1
    for position, key in enumerate(keys):
        code_of: dict[object, int] = {value: code for code, value in enumerate(key.values)}
        code_of[None] = -1
        codes = np.fromiter((code_of.get(cell[position], -2) for cell in cells), dtype=np.int64, count=len(cells))
        known &= codes != -2
        radix = len(key.values) + 1
        if span * radix > _LOOKUP:
            _, packed = np.unique(np.append(composite, wanted), return_inverse=True)
            composite, wanted, span = packed[:size], packed[size:], size + len(cells)
        composite = composite * radix + key.codes + 1
        wanted = wanted * radix + np.maximum(codes, -1) + 1
        span *= radix
    if span <= _LOOKUP:
        index = np.full(span, -1, dtype=np.int64)
        index[wanted[known]] = np.flatnonzero(known)
        return index[composite]
    order = np.argsort(wanted[known], kind="stable")
    sought = wanted[known][order]
    if not len(sought):
        return np.full(size, -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(sought, composite), len(sought) - 1)
    found = np.flatnonzero(known)[order][place]
    return np.where(sought[place] == composite, found, -1)
