"""Plan -> the SQL that is run: the one place where a question becomes engine text (INVARIANT I7).

Comes in: a ``Plan``. Goes out: ``EngineSql``, text and a layout that says where each count of each number stands in a
result row. Pure: no engine is imported here, so ``query check`` can show the text without one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cleanroom.engine.counts import Condition, NumberNeeds, cell_needs, number_needs
from cleanroom.engine.expressions import column_of, render_dimension, render_predicate
from cleanroom.engine.literals import quote_name
from cleanroom.engine.rows import TableReference, clamped, joined_rows, lake_reference, mask_column, member_test
from cleanroom.names import MemberName, SnapshotId
from cleanroom.plan import Obligations, PinnedTable, Plan
from cleanroom.shape import Aggregate, ColumnRef, Fn, JoinKind, QueryShape

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


class SelectList:
    """Result columns in order; the same expression is asked for once."""

    def __init__(self) -> None:
        self.expressions: list[str] = []

    def add(self, expression: str) -> int:
        """Where ``expression`` stands."""
        if expression not in self.expressions:
            self.expressions.append(expression)
        return self.expressions.index(expression)

    def text(self) -> str:
        """The list, its columns named by position."""
        return ",\n  ".join(f"{expression} AS c{index}" for index, expression in enumerate(self.expressions))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is known of the pinned tables beside their rows; nothing, for a preview.

    Units of sources in ``bounded`` are only bounded from below by the first query: by their stored occupancy masks for
    those in ``masked``, else by whether there are any. ``full`` are columns without a single NULL.
    """

    bounded: frozenset[int] = frozenset()
    masked: frozenset[int] = frozenset()
    full: frozenset[ColumnRef] = frozenset()


NOTHING_KNOWN = Stored()


def aggregate_query(
    plan: Plan,
    reference: TableReference = lake_reference,
    *,
    stored: Stored = NOTHING_KNOWN,
    carried: bool = False,
) -> EngineSql:
    """The query that counts everything about every cell of ``plan``, or only about ``carried`` ones.

    Of a bounded source with a mask, bits of 64 in use are at most as many as distinct tokens. All other counts are exact.
    A cell is carried where every source that it depends on has its minimum of units in it: no other could be listed.
    """
    select = SelectList()
    # Appended, not added: two equal dimensions stay two columns, keys are positional.
    select.expressions.extend(render_dimension(dimension) for dimension in plan.shape.dimensions)
    keys = len(select.expressions)
    whole = _number(plan, select, cell_needs(plan), "count(*)", stored)
    numbers = tuple(
        _number(plan, select, number_needs(plan, aggregate), _value(plan, aggregate, stored), stored)
        for aggregate in plan.shape.aggregates
    )
    masks = [(n, plan.obligations.sources[n].privacy_unit) for n in stored.masked]
    tables, rest = joined_rows(plan, reference, masks)
    group = "\nGROUP BY " + ", ".join(str(n + 1) for n in range(keys)) if keys else ""
    having = f"\nHAVING {_carried(plan)}" if carried else ""
    text = f"WITH {tables}\nSELECT\n  {select.text()}\n{rest}{group}{having}\nLIMIT {MAX_CELLS + 1}"
    return EngineSql(text=text, keys=keys, whole=whole, numbers=numbers)


def _carried(plan: Plan) -> str:
    sources = plan.obligations.sources
    return " AND ".join(f"count(DISTINCT r{n}._unit) >= {sources[n].minimum_units}" for n in cell_needs(plan).draws)


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


def _number(plan: Plan, select: SelectList, needs: NumberNeeds, value: str, stored: Stored) -> NumberLayout:
    condition = contributing(plan, needs.condition, stored)
    return NumberLayout(
        value=select.add(filtered(value, Condition(filter=condition.filter))),
        rows=select.add(_row_count(condition)),
        units=tuple(_units(plan, select, needs, source, stored) for source in needs.draws),
        multipliers=tuple(_multiplied(plan, select, needs, stored)),
        magnitude=_magnitude(plan, select, needs, stored),
    )


def contributing(plan: Plan, condition: Condition, stored: Stored) -> Condition:
    """The same rows by the cheapest test: a column without NULL is NULL only where a LEFT JOIN found no row."""
    argument = condition.argument
    if argument is None or argument not in stored.full:
        return condition
    join = plan.shape.sources[argument.source].join
    if join is None or join.kind is JoinKind.INNER:
        return Condition(filter=condition.filter)
    # Matched rows have equal keys, and NULL equals nothing: the key is there exactly where a row was found.
    keys = (side for pair in join.pairs for side in (pair.left, pair.right) if side.source == argument.source)
    return Condition(filter=condition.filter, argument=next(keys))


def _units(plan: Plan, select: SelectList, needs: NumberNeeds, source: int, stored: Stored) -> UnitLayout:
    condition = contributing(plan, needs.condition, stored)
    tests = [member_test(source, m) for m in range(len(plan.tables[source]))] if source in needs.mixing else []
    if source not in stored.bounded:
        count = f"count(DISTINCT r{source}._unit)"
        return UnitLayout(
            source=source,
            column=select.add(filtered(count, condition)),
            exact=True,
            by_member=tuple(select.add(filtered(count, condition, test)) for test in tests),
        )
    by_member = [_bound(plan, source, condition, (test,), stored) for test in tests]
    # Every row is one member's, so what the members have together is what there is.
    together = by_member or [_bound(plan, source, condition, (), stored)]
    return UnitLayout(
        source=source,
        column=select.add(f"bit_count({' | '.join(together)})"),
        exact=False,
        by_member=tuple(select.add(f"bit_count({mask})") for mask in by_member),
    )


def _multiplied(plan: Plan, select: SelectList, needs: NumberNeeds, stored: Stored) -> Iterator[UnitLayout]:
    """The units of each source that multiplies the number, and of what the number draws on those that it multiplies.

    Attack stopped: ten own rows LEFT JOINed to one unit of another member's. Enough of one's own multiply the count,
    and by how much they do tells whether that one unit is there.
    """
    for source in needs.multipliers:
        yield _units(plan, select, needs, source, stored)
        join = plan.shape.sources[source].join
        keys = (side for pair in join.pairs for side in (pair.left, pair.right)) if join is not None else ()
        matched = f"{column_of(next(key for key in keys if key.source == source))} IS NOT NULL"
        for drawn in needs.draws:
            column = select.add(filtered(f"count(DISTINCT r{drawn}._unit)", needs.condition, matched))
            yield UnitLayout(source=drawn, column=column, exact=True)


def _bound(plan: Plan, source: int, condition: Condition, tests: tuple[str, ...], stored: Stored) -> str:
    """Bits of which at most as many are set as units contribute, and none only where none does."""
    if source not in stored.masked:
        return f"CAST({filtered(f'count(r{source}._unit)', condition, *tests)} > 0 AS UBIGINT)"
    mask = f"r{source}.{quote_name(mask_column(plan.obligations.sources[source].privacy_unit))}"
    return f"coalesce({filtered(f'bit_or({mask})', condition, *tests)}, 0::UBIGINT)"


def _magnitude(plan: Plan, select: SelectList, needs: NumberNeeds, stored: Stored) -> MagnitudeLayout | None:
    source, argument = needs.magnitude_of, needs.condition.argument
    if source is None or argument is None:
        return None
    total = f"sum(abs({_clamped_argument(plan, argument, stored)}))"
    condition = Condition(filter=needs.condition.filter)
    return MagnitudeLayout(
        source=source,
        column=select.add(filtered(total, condition)),
        by_member=tuple(
            select.add(filtered(total, condition, member_test(source, m))) for m in range(len(plan.tables[source]))
        ),
    )


def _value(plan: Plan, aggregate: Aggregate, stored: Stored) -> str:
    match aggregate.fn, aggregate.column:
        case Fn.COUNT_STAR, None:
            return "count(*)"
        case Fn.COUNT, ColumnRef() as column:
            return _counted(contributing(plan, Condition(argument=column), stored))
        case Fn.COUNT_DISTINCT, ColumnRef() as column:
            return f"count(DISTINCT {column_of(column)})"
        case ((Fn.SUM | Fn.AVG), ColumnRef() as column):
            return f"sum({_clamped_argument(plan, column, stored)})"
        case _:
            raise AssertionError("only COUNT(*) has no argument, and it has none")


def _row_count(condition: Condition) -> str:
    return filtered(_counted(condition), Condition(filter=condition.filter))


def _counted(condition: Condition) -> str:
    return f"count({'*' if condition.argument is None else column_of(condition.argument)})"


def _clamped_argument(plan: Plan, column: ColumnRef, stored: Stored) -> str:
    null = contributing(plan, Condition(argument=column), stored).argument is not None
    return clamped(column_of(column), plan.obligations.sources[column.source].clamps.get(column.column), null=null)


def filtered(call: str, condition: Condition, *more: str) -> str:
    """An aggregate over the rows that meet ``condition`` and every one of ``more``."""
    tests = list(more)
    if condition.filter is not None:
        tests.append(render_predicate(condition.filter))
    if condition.argument is not None:
        tests.append(f"{column_of(condition.argument)} IS NOT NULL")
    return f"{call} FILTER (WHERE {' AND '.join(tests)})" if tests else call
