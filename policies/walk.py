"""``QueryShape`` -> ``Uses``: the one walk over a shape that all rules share.

A rule cannot forget a corner of the tree (a CASE inside a FILTER inside a per-unit table), and a node type that is not
listed here raises, which refuses (INVARIANT I9).
"""

from dataclasses import replace
from typing import assert_never

from cleanroom.errors import Span
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
    Grain,
    In,
    IsNull,
    Not,
    Operand,
    Or,
    PlainColumn,
    Predicate,
    QueryShape,
    Truncated,
)
from policies.uses import ColumnUse, Cut, Form, MeasureUse, PairUse, Place, Target, Uses


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
