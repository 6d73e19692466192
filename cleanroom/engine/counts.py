"""Shape and obligations -> for each number, what it draws on and which rows contribute: pure, no SQL, no data.

A number draws on (design 3, "What a cell must pass")

* the source of its argument, COUNT(*) on the first source;
* every source that its cell's dimensions, WHERE or its own FILTER mention;
* every source its rows depend on through a join: an INNER-joined source is needed by every row, and a source is needed
  by whatever is joined *to* it. So ``COUNT(c.claim_id)`` over ``sales LEFT JOIN claims`` draws on both: it is the same
  number as over the INNER JOIN, and the same number must pass the same thresholds in every spelling.

Beyond the design's list, a number that counts rows (anything but COUNT DISTINCT) is multiplied by LEFT-joined sources
it does not draw on: ``COUNT(*) - COUNT(DISTINCT sale_id)`` would give the claims beyond each sale's first. Those
sources are its ``multipliers``: they must contribute at least the minimum, and multiply as many units of what the number
draws on. None at all is enough only where the owners show zeros.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cleanroom.engine.expressions import dimension_columns, predicate_columns
from cleanroom.plan import Plan
from cleanroom.shape import Aggregate, ColumnRef, Fn, JoinKind, Predicate, QueryShape

CONTRIBUTOR = "contributor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The rows of a cell that contribute: those passing ``filter`` whose ``argument`` is not NULL."""

    filter: Predicate | None = None
    argument: ColumnRef | None = None


WHOLE_CELL = Condition()


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberNeeds:
    """What has to be counted to decide about one number. All tuples hold source indices, ascending."""

    condition: Condition
    draws: tuple[int, ...]
    multipliers: tuple[int, ...]
    mixing: tuple[int, ...]
    magnitude_of: int | None


def cell_needs(plan: Plan) -> NumberNeeds:
    """What decides whether the cell is listed at all: its first source and all that its rows or key depend on.

    Attack stopped: ten own rows with one other member's token, INNER JOINed or split by that member's column. A cell
    that only the first source carried would be listed, its numbers withheld and its key told: that the token is known,
    and where. Every number of the cell draws on at least these sources, so none that may leave is lost.
    """
    draws = joined_sources(plan.shape, {0})
    return NumberNeeds(
        condition=WHOLE_CELL,
        draws=tuple(sorted(draws)),
        multipliers=(),
        mixing=tuple(sorted(draws & mixing_sources(plan))),
        magnitude_of=None,
    )


def number_needs(plan: Plan, aggregate: Aggregate) -> NumberNeeds:
    """What decides about ``aggregate``."""
    shape = plan.shape
    draws = drawn_sources(shape, aggregate)
    mixed = mixing_sources(plan)
    condition = Condition(filter=aggregate.filter, argument=aggregate.column)
    multipliers: tuple[int, ...] = ()
    if aggregate.fn is not Fn.COUNT_DISTINCT:
        multipliers = tuple(index for index in range(len(shape.sources)) if index not in draws)
    argument = aggregate.column.source if aggregate.column is not None else 0
    sums = aggregate.fn in (Fn.SUM, Fn.AVG)
    return NumberNeeds(
        condition=condition,
        draws=tuple(sorted(draws)),
        multipliers=multipliers,
        mixing=tuple(sorted(draws & mixed)),
        magnitude_of=argument if sums and argument in mixed else None,
    )


def drawn_sources(shape: QueryShape, aggregate: Aggregate) -> frozenset[int]:
    """The sources whose units stand behind ``aggregate``."""
    argument = aggregate.column.source if aggregate.column is not None else 0
    filtered = {reference.source for reference in predicate_columns(aggregate.filter)}
    return joined_sources(shape, {argument, *filtered})


def joined_sources(shape: QueryShape, mentioned: Iterable[int]) -> frozenset[int]:
    """The sources that ``mentioned`` ones and the cells' rows depend on; any other is LEFT-joined and drops no row."""
    cells = {reference.source for dimension in shape.dimensions for reference in dimension_columns(dimension)}
    cells |= {reference.source for reference in predicate_columns(shape.where)}
    inner = {i for i, source in enumerate(shape.sources) if source.join and source.join.kind is JoinKind.INNER}
    return _with_join_parents(shape, {*mentioned, *cells, *inner})


def _with_join_parents(shape: QueryShape, sources: Iterable[int]) -> frozenset[int]:
    reached = set(sources)
    # A source is joined to earlier ones only, so one pass from the last to the first closes the set.
    for index in range(len(shape.sources) - 1, 0, -1):
        join = shape.sources[index].join
        if index in reached and join is not None:
            reached |= {pair.left.source for pair in join.pairs}
    return frozenset(reached)


def mixing_sources(plan: Plan) -> frozenset[int]:
    """The sources whose units are counted by member: several members' rows are read from them, and their policies set
    contributor rules or a receiver's own rows are among them.

    A cell split by ``contributor``, or a filter that fixes it to one member, holds one member's rows: it must meet the
    rules all the more. What may be shown of one member alone is decided in ``privacy.contributors``.
    """
    receivers = set(plan.obligations.receivers)
    return frozenset(
        index
        for index, source in enumerate(plan.obligations.sources)
        if len(plan.tables[index]) > 1 and (source.contributors is not None or receivers & set(source.members))
    )
