"""``QueryShape`` -> every use of every column, flat: what the rules look at instead of walking trees themselves.

One walk for all rules: a rule cannot forget a corner of the tree (a CASE inside a FILTER inside a per-unit table), and
a node type that is not listed here raises, which refuses (INVARIANT I9).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from cleanroom.errors import Span
from cleanroom.names import ColumnName
from cleanroom.shape import (
    Aggregate,
    And,
    Case,
    Coalesced,
    ColumnRef,
    Compare,
    CompareOp,
    DateDiff,
    DatePart,
    Dimension,
    Fn,
    Grain,
    In,
    IsNull,
    Not,
    Operand,
    Or,
    PerUnitFn,
    PerUnitOutput,
    PlainColumn,
    Predicate,
    QueryShape,
    Truncated,
)


class Place(StrEnum):
    """Where a column is used: what cells are grouped by, or which rows count."""

    DIMENSION = "dimension"
    FILTER = "filter"


class Form(StrEnum):
    """How a column is used there."""

    PLAIN = "plain"
    TRUNCATED = "date_trunc"
    PART = "part"
    DIFF = "date_diff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a reference rests on: a dataset's ``column``, perhaps through a per-unit ``output``.

    ``column`` is None for the output of a per-unit COUNT(*). ``known`` is False where there is no such output.
    """

    ref: ColumnRef
    source: int
    column: ColumnName | None
    output: PerUnitOutput | None = None
    inner: bool = False
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnUse:
    """One column in one dimension or predicate; ``grain`` is set for all forms but the plain one."""

    target: Target
    place: Place
    form: Form
    grain: Grain | None
    span: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A plain column compared with constants: where a date literal may cut inside a grain.

    ``op`` is None for IN. ``negated``: it is all of what a NOT is about, so its text may hold the NOT (`NOT IN`).
    ``tied_by``: the nearest of `and` and `or` around it, empty for none; the halves of a NOT BETWEEN are tied by `or`.
    """

    target: Target
    op: CompareOp | None
    operands: tuple[Operand, ...]
    default: Operand | None
    span: Span | None
    negated: bool = False
    tied_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureUse:
    """One aggregate; ``target`` is None for COUNT(*) and ``source`` is then the source whose rows are counted."""

    fn: Fn | PerUnitFn
    source: int
    target: Target | None
    inner: bool
    span: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairUse:
    """One equality of the join of source ``joined``."""

    joined: int
    left: Target
    right: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """All uses in a shape, in the order of the text's parts: sources, WHERE, dimensions, aggregates."""

    columns: tuple[ColumnUse, ...]
    cuts: tuple[Cut, ...]
    measures: tuple[MeasureUse, ...]
    pairs: tuple[PairUse, ...]

    def targets(self) -> Iterator[Target]:
        """Every reference made anywhere."""
        yield from (use.target for use in self.columns)
        yield from (use.target for use in self.measures if use.target is not None)
        for pair in self.pairs:
            yield pair.left
            yield pair.right


def uses_of(shape: QueryShape) -> Uses:
    """Every use of every column in ``shape``.

    Raises:
        IndexError, AssertionError: the shape is not well-formed; the caller refuses.
    """
    walk = _Walk(shape)
    for index, source in enumerate(shape.sources):
        walk.source(index)
        for pair in source.join.pairs if source.join is not None else ():
            walk.pairs.append(PairUse(joined=index, left=walk.target(pair.left), right=walk.target(pair.right)))
    if shape.where is not None:
        walk.predicate(shape.where, None)
    for dimension in shape.dimensions:
        walk.dimension(dimension, Place.DIMENSION, None, None)
    for aggregate in shape.aggregates:
        walk.aggregate(aggregate)
    return Uses(
        columns=tuple(walk.columns), cuts=tuple(walk.cuts), measures=tuple(walk.measures), pairs=tuple(walk.pairs)
    )


class _Walk:
    """Collects uses; ``inner`` is the source whose per-unit table is being walked, None outside."""

    def __init__(self, shape: QueryShape) -> None:
        self.shape = shape
        self.columns: list[ColumnUse] = []
        self.cuts: list[Cut] = []
        self.measures: list[MeasureUse] = []
        self.pairs: list[PairUse] = []

    def target(self, ref: ColumnRef, inner: int | None = None) -> Target:
        if inner is not None:
            return Target(ref=ref, source=inner, column=ref.column, inner=True)
        if ref.source < 0:
            raise IndexError("a source's index is not negative")
        per_unit = self.shape.sources[ref.source].per_unit
        if per_unit is None or ref.column == per_unit.key:
            return Target(ref=ref, source=ref.source, column=ref.column)
        for output in per_unit.outputs:
            if output.name == ref.column:
                column = output.column.column if output.column is not None else None
                return Target(ref=ref, source=ref.source, column=column, output=output)
        return Target(ref=ref, source=ref.source, column=ref.column, known=False)

    def source(self, index: int) -> None:
        per_unit = self.shape.sources[index].per_unit
        if per_unit is None:
            return
        if per_unit.where is not None:
            self.predicate(per_unit.where, index)
        for output in per_unit.outputs:
            target = self.target(output.column, index) if output.column is not None else None
            span = output.column.span if output.column is not None else self.shape.sources[index].span
            self.measures.append(MeasureUse(fn=output.fn, source=index, target=target, inner=True, span=span))
            if output.filter is not None:
                self.predicate(output.filter, index)

    def aggregate(self, aggregate: Aggregate) -> None:
        target = self.target(aggregate.column) if aggregate.column is not None else None
        source = target.source if target is not None else 0
        self.measures.append(
            MeasureUse(fn=aggregate.fn, source=source, target=target, inner=False, span=aggregate.span)
        )
        if aggregate.filter is not None:
            self.predicate(aggregate.filter, None)

    def dimension(self, dimension: Dimension, place: Place, inner: int | None, span: Span | None) -> None:
        match dimension:
            case PlainColumn(column=ref):
                self._column(ref, place, Form.PLAIN, None, inner, span)
            case Truncated(grain=grain, column=ref):
                self._column(ref, place, Form.TRUNCATED, grain, inner, span)
            case DatePart(part=grain, column=ref):
                self._column(ref, place, Form.PART, grain, inner, span)
            case DateDiff(grain=grain, start=start, end=end):
                self._column(start, place, Form.DIFF, grain, inner, span)
                self._column(end, place, Form.DIFF, grain, inner, span)
            case Case(branches=branches):
                for branch in branches:
                    self.predicate(branch.when, inner)
            case Coalesced(dimension=wrapped):
                self.dimension(wrapped, place, inner, span)
            case _:
                assert_never(dimension)

    def predicate(self, predicate: Predicate, inner: int | None) -> None:
        match predicate:
            case And(terms=terms) | Or(terms=terms):
                known = len(self.cuts)
                for term in terms:
                    self.predicate(term, inner)
                tied_by = "or" if isinstance(predicate, Or) else "and"
                self.cuts[known:] = [replace(cut, tied_by=cut.tied_by or tied_by) for cut in self.cuts[known:]]
            case Not(term=term):
                known = len(self.cuts)
                self.predicate(term, inner)
                self.cuts[known:] = [replace(cut, negated=True) for cut in self.cuts[known:]]
            case Compare(op=op, left=left, right=right, span=span):
                self._compared(left, op, (right,), inner, span)
            case In(left=left, options=options, span=span):
                self._compared(left, None, options, inner, span)
            case IsNull(left=left, span=span):
                self.dimension(left, Place.FILTER, inner, span)
            case _:
                assert_never(predicate)

    def _compared(
        self, left: Dimension, op: CompareOp | None, operands: tuple[Operand, ...], inner: int | None, span: Span | None
    ) -> None:
        self.dimension(left, Place.FILTER, inner, span)
        core: Dimension = left
        default: Operand | None = None
        while isinstance(core, Coalesced):
            default, core = core.default, core.dimension
        if isinstance(core, PlainColumn):
            target = self.target(core.column, inner)
            self.cuts.append(Cut(target=target, op=op, operands=operands, default=default, span=span))

    def _column(
        self, ref: ColumnRef, place: Place, form: Form, grain: Grain | None, inner: int | None, span: Span | None
    ) -> None:
        target = self.target(ref, inner)
        self.columns.append(ColumnUse(target=target, place=place, form=form, grain=grain, span=span or ref.span))
