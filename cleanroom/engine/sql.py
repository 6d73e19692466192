"""Plan -> the SQL that is run: the one place where a question becomes engine text (INVARIANT I7).

Comes in: a ``Plan``. Goes out: ``EngineSql``, text and a layout that says where each count of each number stands in a
result row. Pure: no engine is imported here, so ``query check`` can show the text without one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cleanroom.engine.counts import Condition, NumberNeeds, cell_needs, number_needs
from cleanroom.engine.expressions import column_of, render_dimension, render_predicate
from cleanroom.engine.literals import quote_name, quote_shown
from cleanroom.engine.rows import TableReference, clamped, joined_rows, lake_reference, mask_column, member_test
from cleanroom.names import MemberName, SnapshotId
from cleanroom.plan import Obligations, PinnedTable, Plan
from cleanroom.released import ShownValue
from cleanroom.shape import Aggregate, ColumnRef, Fn, QueryShape

CellKey = tuple[ShownValue, ...]

MAX_CELLS = 200_000
"""Cells of one answer before suppression; an answer with more is refused, not cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLayout:
    """Where the units of ``source`` stand: ``column`` and, if the cell mixes members, one column per member.

    A count that is not ``exact`` is a lower bound, and zero only where the count is.
    """

    source: int
    column: int
    exact: bool
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


def aggregate_query(
    plan: Plan,
    reference: TableReference = lake_reference,
    *,
    masked: frozenset[int] = frozenset(),
    only: Sequence[CellKey] | None = None,
) -> EngineSql:
    """The query that counts everything about every cell of ``plan``, or of the cells ``only``.

    Units of the sources in ``masked`` are bounded from below by their stored occupancy masks: bits of 64 in use are at
    most as many as distinct tokens. All other counts, and units of sources whose cells mix members, are exact.
    """
    select = _SelectList()
    # Appended, not added: two equal dimensions stay two columns, keys are positional.
    select.expressions.extend(render_dimension(dimension) for dimension in plan.shape.dimensions)
    keys = len(select.expressions)
    whole = _number(plan, select, cell_needs(plan), "count(*)", masked)
    numbers = tuple(
        _number(plan, select, number_needs(plan, aggregate), _value(plan.obligations, aggregate), masked)
        for aggregate in plan.shape.aggregates
    )
    tables, rest = joined_rows(plan, reference, [(n, plan.obligations.sources[n].privacy_unit) for n in masked])
    if only is not None:
        rest = _restricted(plan, rest, only)
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


def _restricted(plan: Plan, rest: str, only: Sequence[CellKey]) -> str:
    expressions = [render_dimension(dimension) for dimension in plan.shape.dimensions]
    cells = " OR ".join(
        "("
        + " AND ".join(
            f"{expression} IS NOT DISTINCT FROM {quote_shown(value)}"
            for expression, value in zip(expressions, key, strict=True)
        )
        + ")"
        for key in only
    )
    return f"{rest}\n{'WHERE' if plan.shape.where is None else 'AND'} ({cells})"


def _number(plan: Plan, select: _SelectList, needs: NumberNeeds, value: str, masked: frozenset[int]) -> NumberLayout:
    condition = needs.condition
    return NumberLayout(
        value=select.add(_filtered(value, Condition(filter=condition.filter))),
        rows=select.add(_row_count(condition)),
        units=tuple(_units(plan, select, needs, source, masked) for source in needs.draws),
        multipliers=tuple(_units(plan, select, needs, source, masked) for source in needs.multipliers),
        magnitude=_magnitude(plan, select, needs),
    )


def _units(plan: Plan, select: _SelectList, needs: NumberNeeds, source: int, masked: frozenset[int]) -> UnitLayout:
    count, condition = f"count(DISTINCT r{source}._unit)", needs.condition
    mixing = source in needs.mixing
    if source in masked and not mixing:
        mask = f"r{source}.{quote_name(mask_column(plan.obligations.sources[source].privacy_unit))}"
        bound = f"bit_count(coalesce({_filtered(f'bit_or({mask})', condition)}, 0::UBIGINT))"
        return UnitLayout(source=source, column=select.add(bound), exact=False)
    members = range(len(plan.tables[source])) if mixing else ()
    return UnitLayout(
        source=source,
        column=select.add(_filtered(count, condition)),
        exact=True,
        by_member=tuple(select.add(_filtered(count, condition, member_test(plan, source, m))) for m in members),
    )


def _magnitude(plan: Plan, select: _SelectList, needs: NumberNeeds) -> MagnitudeLayout | None:
    source, argument = needs.magnitude_of, needs.condition.argument
    if source is None or argument is None:
        return None
    total = f"sum(abs({_clamped_argument(plan.obligations, argument)}))"
    condition = Condition(filter=needs.condition.filter)
    return MagnitudeLayout(
        source=source,
        column=select.add(_filtered(total, condition)),
        by_member=tuple(
            select.add(_filtered(total, condition, member_test(plan, source, m)))
            for m in range(len(plan.tables[source]))
        ),
    )


def _value(obligations: Obligations, aggregate: Aggregate) -> str:
    match aggregate.fn, aggregate.column:
        case Fn.COUNT_STAR, None:
            return "count(*)"
        case Fn.COUNT, ColumnRef() as column:
            return f"count({column_of(column)})"
        case Fn.COUNT_DISTINCT, ColumnRef() as column:
            return f"count(DISTINCT {column_of(column)})"
        case ((Fn.SUM | Fn.AVG), ColumnRef() as column):
            return f"sum({_clamped_argument(obligations, column)})"
        case _:
            raise AssertionError("only COUNT(*) has no argument, and it has none")


def _row_count(condition: Condition) -> str:
    argument = "*" if condition.argument is None else column_of(condition.argument)
    return _filtered(f"count({argument})", Condition(filter=condition.filter))


def _clamped_argument(obligations: Obligations, column: ColumnRef) -> str:
    return clamped(column_of(column), obligations.sources[column.source].clamps.get(column.column))


def _filtered(call: str, condition: Condition, *more: str) -> str:
    tests = list(more)
    if condition.filter is not None:
        tests.append(render_predicate(condition.filter))
    if condition.argument is not None:
        tests.append(f"{column_of(condition.argument)} IS NOT NULL")
    return f"{call} FILTER (WHERE {' AND '.join(tests)})" if tests else call
