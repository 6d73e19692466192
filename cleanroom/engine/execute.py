"""Plan -> raw cells: run the generated queries in a locked session and read their rows by layout.

Nothing is decided here; what comes out goes to ``cleanroom.privacy`` and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from cleanroom.engine.comparable import require_comparable
from cleanroom.engine.control import RunControl
from cleanroom.engine.counts import CONTRIBUTOR, Condition, NumberNeeds, cell_needs, mixing_sources, number_needs
from cleanroom.engine.raw import Magnitude, RawCell, RawNumber, UnitCount
from cleanroom.engine.rows import mask_column
from cleanroom.engine.session import Session
from cleanroom.engine.sql import (
    MAX_CELLS,
    EngineSql,
    MagnitudeLayout,
    NumberLayout,
    Stored,
    UnitLayout,
    aggregate_query,
    contributing,
)
from cleanroom.engine.types import PhysicalTypes
from cleanroom.engine.unit_pass import unit_pass
from cleanroom.errors import IntegrityFailure, UsageProblem
from cleanroom.plan import Obligations, Plan
from cleanroom.released import CellKey, ShownValue
from cleanroom.shape import ColumnRef

Row = Sequence[object]

MAX_BOUNDED_MINIMUM = 56
"""Above this a mask of 64 bits settles too few cells to be worth the first query."""

MAX_RECOUNTED_APART = 64
"""Up to this many unsettled cells are picked out by their keys; more are counted together with all others."""


def execute(plan: Plan, session: Session, control: RunControl) -> tuple[RawCell, ...]:
    """All cells of ``plan``, counted.

    Raises:
        UsageProblem: CR-R103 more than 200,000 cells that could be listed.
        IntegrityFailure: CR-R203 a result of a type no contract has, CR-R207 a plan that compares different kinds,
            CR-R208 a source without tables.
        RunCancelled, RunTimedOut, RunOutOfMemory, RunFailed: CR-R301 to CR-R304.
    """
    if not all(plan.tables) or len(plan.tables) != len(plan.shape.sources):
        raise IntegrityFailure("CR-R208", "the plan reads a dataset but pins no table of it")
    require_comparable(plan, physical_types(plan, session))
    stored = _stored(plan, session)
    cells = _counted(plan, stored, session, control)
    # What the bounds do not settle is counted exactly, one pass for each source.
    for source in sorted(stored.bounded):
        unsettled = [cell.key for cell in cells if source in unsettled_sources(cell, plan.obligations)]
        if unsettled:
            counts = _unit_counts(plan, source, unsettled, stored, session, control)
            cells = tuple(_recounted(plan, cell, counts.get(cell.key)) for cell in cells)
    return cells


def unsettled_sources(cell: RawCell, obligations: Obligations) -> frozenset[int]:
    """The sources whose exact counts could decide otherwise about ``cell`` than their bounds do."""
    return frozenset().union(*(_unsettled(number, obligations) for number in (cell.whole, *cell.numbers)))


def _unsettled(number: RawNumber, obligations: Obligations) -> frozenset[int]:
    sources = obligations.sources
    if number.rows == 0 or any(units.distinct == 0 for units in number.units):
        return frozenset()  # zeros, or rows of nobody: no other count matters
    found = {
        units.source
        for units in (*number.units, *number.multipliers)
        if not units.exact and 0 < units.distinct < sources[units.source].minimum_units
    }
    for units in number.units:
        rule = sources[units.source].contributors
        if units.exact or not units.by_member:
            continue
        # A bound is zero only where the count is: how many members take part is known.
        if rule is not None and sum(1 for count in units.by_member if count) < rule.minimum:
            break  # too few, whatever else
        # How many are not a receiver's own, and who holds how much, no bound says.
        if rule is None or rule.largest_share < 1 or set(obligations.receivers) & set(sources[units.source].members):
            found.add(units.source)
    return frozenset(found)


def _unit_counts(
    plan: Plan, source: int, keys: Sequence[CellKey], stored: Stored, session: Session, control: RunControl
) -> Mapping[CellKey, Mapping[Condition, UnitCount]]:
    """The exact units of ``source`` by cell and by the condition that numbers state."""
    stated = [needs.condition for needs in _needs(plan) if source in (*needs.draws, *needs.multipliers)]
    tested = {condition: contributing(plan, condition, stored) for condition in stated}
    conditions = tuple(dict.fromkeys(tested.values()))
    only = keys if plan.shape.dimensions and len(keys) <= MAX_RECOUNTED_APART else None
    query = unit_pass(plan, session.reference, source, conditions, only=only)
    found = {}
    for row in session.fetch(query.sql, control):
        counted = dict(zip(conditions, (_units(row, layout) for layout in query.counts), strict=True))
        key = tuple(_shown(value) for value in row[: query.sql.keys])
        found[key] = {condition: counted[test] for condition, test in tested.items()}
    return found


def _needs(plan: Plan) -> tuple[NumberNeeds, ...]:
    """What the whole cell needs, then every number."""
    return (cell_needs(plan), *(number_needs(plan, aggregate) for aggregate in plan.shape.aggregates))


def _recounted(plan: Plan, cell: RawCell, counts: Mapping[Condition, UnitCount] | None) -> RawCell:
    """``cell`` with exact counts in the place of bounds; a cell that was not counted has no unit, as its bounds say."""
    if counts is None:
        return cell
    whole, *numbers = (
        replace(
            number,
            units=tuple(_exact_count(units, needs, counts) for units in number.units),
            multipliers=tuple(_exact_count(units, needs, counts) for units in number.multipliers),
        )
        for number, needs in zip((cell.whole, *cell.numbers), _needs(plan), strict=True)
    )
    return RawCell(key=cell.key, whole=whole, numbers=tuple(numbers))


def _exact_count(units: UnitCount, needs: NumberNeeds, counts: Mapping[Condition, UnitCount]) -> UnitCount:
    exact = None if units.exact else counts.get(needs.condition)
    return exact if exact is not None and exact.source == units.source else units


def physical_types(plan: Plan, session: Session) -> PhysicalTypes:
    """The physical types of each source's tables, which agree: they are made from one contract."""
    return lambda source: session.columns(plan.tables[source][0]).by_name


def _stored(plan: Plan, session: Session) -> Stored:
    masked = _masked(plan, session)
    return Stored(masked=masked, bounded=masked | mixing_sources(plan), full=_full(plan, session))


def _full(plan: Plan, session: Session) -> frozenset[ColumnRef]:
    """The aggregates' arguments that hold no NULL in any table; outputs of a fold are not looked into."""
    arguments = {aggregate.column for aggregate in plan.shape.aggregates if aggregate.column is not None}
    return frozenset(
        column
        for column in arguments
        if plan.shape.sources[column.source].per_unit is None
        and column.column != CONTRIBUTOR
        and all(session.is_full(table, column.column) for table in plan.tables[column.source])
    )


def _masked(plan: Plan, session: Session) -> frozenset[int]:
    """The sources whose units can be bounded: every table has the mask, and the bound can reach the minimum."""
    return frozenset(
        index
        for index, source in enumerate(plan.obligations.sources)
        if plan.shape.sources[index].per_unit is None
        and source.minimum_units <= MAX_BOUNDED_MINIMUM
        and all(mask_column(source.privacy_unit) in session.columns(table).by_name for table in plan.tables[index])
    )


def _counted(plan: Plan, stored: Stored, session: Session, control: RunControl) -> tuple[RawCell, ...]:
    query = aggregate_query(plan, session.reference, stored=stored)
    rows = session.fetch(query, control)
    if len(rows) > MAX_CELLS:
        # Attack stopped: 200,001 own rows with one token make that many cells only if the token is known. So it is the
        # cells that could be listed that are too many.
        query = aggregate_query(plan, session.reference, stored=stored, carried=True)
        rows = session.fetch(query, control)
    if len(rows) > MAX_CELLS:
        raise UsageProblem("CR-R103", f"the answer has more than {MAX_CELLS} cells", help="group by fewer dimensions")
    return tuple(_cell(row, query) for row in rows)


def _cell(row: Row, query: EngineSql) -> RawCell:
    if query.whole is None:
        raise AssertionError("an aggregate query has the layout of its cells")
    return RawCell(
        key=tuple(_shown(value) for value in row[: query.keys]),
        whole=_number(row, query.whole),
        numbers=tuple(_number(row, layout) for layout in query.numbers),
    )


def _number(row: Row, layout: NumberLayout) -> RawNumber:
    value = row[layout.value]
    return RawNumber(
        value=None if value is None else _exact(value),
        rows=_count(row[layout.rows]),
        units=tuple(_units(row, units) for units in layout.units),
        multipliers=tuple(_units(row, units) for units in layout.multipliers),
        magnitude=None if layout.magnitude is None else _magnitude(row, layout.magnitude),
    )


def _units(row: Row, layout: UnitLayout) -> UnitCount:
    return UnitCount(
        source=layout.source,
        distinct=_count(row[layout.column]),
        exact=layout.exact,
        by_member=tuple(_count(row[column]) for column in layout.by_member),
    )


def _magnitude(row: Row, layout: MagnitudeLayout) -> Magnitude:
    return Magnitude(
        source=layout.source,
        whole=Decimal(_exact(row[layout.column] or 0)),
        by_member=tuple(Decimal(_exact(row[column] or 0)) for column in layout.by_member),
    )


def _count(value: object) -> int:
    if not isinstance(value, int):
        raise IntegrityFailure("CR-R203", "the engine gave a count that is not an integer")
    return value


def _exact(value: object) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        # A DOUBLE here would be inexact and could be NaN or infinite: no contract type is one.
        raise IntegrityFailure("CR-R203", "the engine gave a number that is not exact")
    return value


def _shown(value: object) -> ShownValue:
    match value:
        case None | str() | bool() | int() | Decimal():
            return value
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value
        case _:
            raise IntegrityFailure("CR-R203", "the engine gave a cell key of a type that cannot be shown")
