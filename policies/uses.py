"""Every use of every column of a question, flat: what the rules look at instead of walking trees themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cleanroom.errors import Span
from cleanroom.names import ColumnName
from cleanroom.shape import (
    ColumnRef,
    CompareOp,
    Fn,
    Grain,
    Operand,
    PerUnitFn,
    PerUnitOutput,
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
