"""Plan -> raw cells: run the generated queries in a locked session and read their rows by layout.

Nothing is decided here; what comes out goes to ``cleanroom.privacy`` and nowhere else.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from cleanroom.engine.comparable import require_comparable
from cleanroom.engine.control import RunControl
from cleanroom.engine.raw import Magnitude, RawCell, RawNumber, UnitCount
from cleanroom.engine.rows import mask_column
from cleanroom.engine.session import Session
from cleanroom.engine.sql import MAX_CELLS, EngineSql, MagnitudeLayout, NumberLayout, UnitLayout, aggregate_query
from cleanroom.engine.types import PhysicalTypes
from cleanroom.errors import IntegrityFailure, UsageProblem
from cleanroom.plan import Obligations, Plan
from cleanroom.released import ShownValue

Row = Sequence[object]

MAX_BOUNDED_MINIMUM = 56
"""Above this a mask of 64 bits settles too few cells to be worth the first query."""

MAX_RECOUNTED_APART = 64
"""Up to this many unsettled cells are picked out by their keys; more are counted together with all others."""


def execute(plan: Plan, session: Session, control: RunControl) -> tuple[RawCell, ...]:
    """All cells of ``plan``, counted.

    Raises:
        UsageProblem: CR-R103 more than 200,000 cells.
        IntegrityFailure: CR-R203 a result of a type no contract has, CR-R207 a plan that compares different kinds,
            CR-R208 a source without tables.
        RunCancelled, RunTimedOut, RunOutOfMemory, RunFailed: CR-R301 to CR-R304.
    """
    if not all(plan.tables) or len(plan.tables) != len(plan.shape.sources):
        raise IntegrityFailure("CR-R208", "the plan reads a dataset but pins no table of it")
    require_comparable(plan, physical_types(plan, session))
    cells = _counted(aggregate_query(plan, session.reference, masked=_masked(plan, session)), session, control)
    unsure = [cell.key for cell in cells if not _settled(cell, plan.obligations)]
    if not unsure:
        return cells
    # Below the bound is not below the minimum: what the masks do not settle is counted exactly, all of it in one query.
    only = unsure if plan.shape.dimensions and len(unsure) <= MAX_RECOUNTED_APART else None
    exact = _counted(aggregate_query(plan, session.reference, only=only), session, control)
    recounted = {cell.key: cell for cell in exact}
    return tuple(recounted.get(cell.key, cell) for cell in cells)


def physical_types(plan: Plan, session: Session) -> PhysicalTypes:
    """The physical types of each source's tables, which agree: they are made from one contract."""
    return lambda source: session.columns(plan.tables[source][0]).by_name


def _masked(plan: Plan, session: Session) -> frozenset[int]:
    """The sources whose units can be bounded: every table has the mask, and the bound can reach the minimum."""
    return frozenset(
        index
        for index, source in enumerate(plan.obligations.sources)
        if plan.shape.sources[index].per_unit is None
        and source.minimum_units <= MAX_BOUNDED_MINIMUM
        and all(mask_column(source.privacy_unit) in session.columns(table).by_name for table in plan.tables[index])
    )


def _settled(cell: RawCell, obligations: Obligations) -> bool:
    """Whether every count of the cell decides as the exact one would."""
    return all(
        units.exact or units.distinct == 0 or units.distinct >= obligations.sources[units.source].minimum_units
        for number in (cell.whole, *cell.numbers)
        for units in (*number.units, *number.multipliers)
    )


def _counted(query: EngineSql, session: Session, control: RunControl) -> tuple[RawCell, ...]:
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
