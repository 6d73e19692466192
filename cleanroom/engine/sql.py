"""Plan -> the SQL that is run: the one place where a question becomes engine text (INVARIANT I7).

Comes in: a ``Plan``. Goes out: ``EngineSql``, text and a layout that says where each count of each number stands in a
result row. Pure: no engine is imported here, so ``query check`` can show the text without one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cleanroom.engine.counts import Condition, NumberNeeds, cell_needs, number_needs
from cleanroom.engine.expressions import column_of, render_dimension, render_predicate
from cleanroom.engine.rows import TableReference, clamped, joined_rows, lake_reference, member_test
from cleanroom.names import MemberName, SnapshotId
from cleanroom.plan import Obligations, PinnedTable, Plan
from cleanroom.shape import Aggregate, ColumnRef, Fn, QueryShape

MAX_CELLS = 200_000
"""Cells of one answer before suppression; an answer with more is refused, not cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLayout:
    """Where the units of ``source`` stand: ``column`` and, if the cell mixes members, one column per member."""

    source: int
    column: int
    by_member: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MagnitudeLayout:
    """Where the magnitudes of ``source`` stand."""

    source: int
    column: int
    by_member: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLayout:
    """Where everything about one number stands in a result row."""

    value: int
    rows: int
    units: tuple[UnitLayout, ...]
    multipliers: tuple[UnitLayout, ...]
    magnitude: MagnitudeLayout | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSql:
    """Text made here and nowhere else, the only thing a session runs. Keys stand in columns ``0 .. keys - 1``."""

    text: str
    keys: int
    whole: NumberLayout | None = None
    numbers: tuple[NumberLayout, ...] = ()


class _SelectList:
    """Result columns in order; the same expression is asked for once."""

    def __init__(self) -> None:
        self.expressions: list[str] = []

    def add(self, expression: str) -> int:
        if expression not in self.expressions:
            self.expressions.append(expression)
        return self.expressions.index(expression)

    def text(self) -> str:
        return ",\n  ".join(f"{expression} AS c{index}" for index, expression in enumerate(self.expressions))


def aggregate_query(plan: Plan, reference: TableReference = lake_reference) -> EngineSql:
    """The query that counts everything about every cell of ``plan``, exactly."""
    select = _SelectList()
    # Appended, not added: two equal dimensions stay two columns, keys are positional.
    select.expressions.extend(render_dimension(dimension) for dimension in plan.shape.dimensions)
    keys = len(select.expressions)
    whole = _number(plan, select, cell_needs(plan), "count(*)")
    numbers = tuple(
        _number(plan, select, number_needs(plan, aggregate), _value(plan.obligations, aggregate))
        for aggregate in plan.shape.aggregates
    )
    tables, rest = joined_rows(plan, reference)
    group = "\nGROUP BY " + ", ".join(str(n + 1) for n in range(keys)) if keys else ""
    text = f"WITH {tables}\nSELECT\n  {select.text()}\n{rest}{group}\nLIMIT {MAX_CELLS + 1}"
    return EngineSql(text=text, keys=keys, whole=whole, numbers=numbers)


def render_preview(
    shape: QueryShape, obligations: Obligations, snapshots: Mapping[MemberName, int] | None = None
) -> str:
    """The SQL that ``shape`` would run under ``obligations``, for showing; tables at their member's snapshot or 0."""
    known = snapshots or {}
    tables = tuple(
        tuple(
            PinnedTable(member=member, dataset=source.dataset, snapshot=SnapshotId(known.get(member, 0)))
            for member in source.members
        )
        for source in obligations.sources
    )
    querier = MemberName("")
    plan = Plan(shape=shape, obligations=obligations, tables=tables, querier=querier, purpose="")
    return aggregate_query(plan).text


def _number(plan: Plan, select: _SelectList, needs: NumberNeeds, value: str) -> NumberLayout:
    rows = _filtered("count(*)", needs.condition)
    return NumberLayout(
        value=select.add(_filtered(value, needs.condition)),
        rows=select.add(rows),
        units=tuple(_units(plan, select, needs.condition, source, source in needs.mixing) for source in needs.draws),
        multipliers=tuple(_units(plan, select, needs.condition, source, False) for source in needs.multipliers),
        magnitude=_magnitude(plan, select, needs),
    )


def _units(plan: Plan, select: _SelectList, condition: Condition, source: int, mixing: bool) -> UnitLayout:
    count = f"count(DISTINCT r{source}._unit)"
    members = range(len(plan.tables[source])) if mixing else ()
    return UnitLayout(
        source=source,
        column=select.add(_filtered(count, condition)),
        by_member=tuple(select.add(_filtered(count, condition, member_test(plan, source, m))) for m in members),
    )


def _magnitude(plan: Plan, select: _SelectList, needs: NumberNeeds) -> MagnitudeLayout | None:
    source, argument = needs.magnitude_of, needs.condition.argument
    if source is None or argument is None:
        return None
    total = f"sum(abs({_clamped_argument(plan.obligations, argument)}))"
    return MagnitudeLayout(
        source=source,
        column=select.add(_filtered(total, needs.condition)),
        by_member=tuple(
            select.add(_filtered(total, needs.condition, member_test(plan, source, m)))
            for m in range(len(plan.tables[source]))
        ),
    )


def _value(obligations: Obligations, aggregate: Aggregate) -> str:
    match aggregate.fn, aggregate.column:
        case (Fn.COUNT_STAR, None) | (Fn.COUNT, ColumnRef()):
            return "count(*)"  # the condition already leaves out rows whose argument is NULL
        case Fn.COUNT_DISTINCT, ColumnRef() as column:
            return f"count(DISTINCT {column_of(column)})"
        case ((Fn.SUM | Fn.AVG), ColumnRef() as column):
            return f"sum({_clamped_argument(obligations, column)})"
        case _:
            raise AssertionError("only COUNT(*) has no argument, and it has none")


def _clamped_argument(obligations: Obligations, column: ColumnRef) -> str:
    return clamped(column_of(column), obligations.sources[column.source].clamps.get(column.column))


def _filtered(call: str, condition: Condition, *more: str) -> str:
    tests = list(more)
    if condition.filter is not None:
        tests.append(render_predicate(condition.filter))
    if condition.argument is not None:
        tests.append(f"{column_of(condition.argument)} IS NOT NULL")
    return f"{call} FILTER (WHERE {' AND '.join(tests)})" if tests else call
