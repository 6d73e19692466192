"""The release story: a checked plan in, the answer that may leave out. Steps 7 to 12 of flow 2 that touch data.

Comes in: a ``Plan``, a locked session on its snapshots, the ledger. Goes out: a ``ReleasedTable``. Replaying an earlier
release, charging, storing and logging are the room's steps around this one. No step calls back into an earlier one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from cleanroom.engine.control import RunControl
from cleanroom.engine.counts import cell_needs
from cleanroom.engine.execute import execute, physical_types
from cleanroom.engine.raw import RawCell
from cleanroom.engine.session import Session
from cleanroom.engine.types import output_type
from cleanroom.errors import IntegrityFailure
from cleanroom.plan import Plan
from cleanroom.privacy.about_own import AboutOwn, Reasons, own_cells_kept_back, own_reasons
from cleanroom.privacy.contributors import own_sources
from cleanroom.privacy.having import holds
from cleanroom.privacy.ledger_port import LedgerPort
from cleanroom.privacy.mechanisms import require_available, shown_value
from cleanroom.privacy.ordering import ReleasedCell, ordered
from cleanroom.privacy.outputs import Cell, evaluate, shown
from cleanroom.privacy.thresholds import withheld_reason
from cleanroom.released import CellKey, Reason, ReleasedColumn, ReleasedTable, Withheld
from cleanroom.shape import DimensionValue


def release(plan: Plan, *, session: Session, ledger: LedgerPort, control: RunControl) -> ReleasedTable:
    """Answer ``plan``: every number in the result passed its thresholds and the ledger (INVARIANT I13).

    Raises:
        PolicyRefused: CR-R105, CR-R106 a mechanism that is not available.
        UsageProblem: CR-R101 to CR-R103. IntegrityFailure: CR-R2xx.
        RunCancelled, RunTimedOut, RunOutOfMemory, RunFailed: CR-R301 to CR-R304.
        CleanroomError: whatever the ledger raises. In every case nothing was released.
    """
    # 1. Refuse what this version cannot protect, before any row is read.
    require_available(plan.obligations)
    # 2. What may be told of the receivers' own rows, whatever others' rows say of them: decided before they are read.
    about = ledger.ask(plan, session=session)
    # 3. Count, in the locked engine.
    raw = execute(plan, session, control)
    # 4. Hold every cell, and every number of it, against the thresholds of every dataset it draws on. A cell that a
    #    source which its rows depend on does not carry is not even listed.
    reasons = [_reasons(plan, cell, about) for cell in raw]
    listed = [(cell, why[1:]) for cell, why in zip(raw, reasons, strict=True) if why[0] is None]
    # 5. Ask the ledger what would isolate a group together with what already left; it records what leaves.
    kept = _reviewed(plan, listed, session, ledger)
    # 6. Apply the mechanism to what passed; the rest becomes a mark.
    released = [_released(plan, cell, why) for (cell, _), why in zip(listed, kept, strict=True)]
    kept_back = own_cells_kept_back(about, len(plan.shape.dimensions))
    released += [_of_marks(plan, key) for key in kept_back.cells]
    # 7. HAVING, ORDER BY and LIMIT, on released values only.
    having = plan.shape.having
    passed = [cell for cell in released if having is None or holds(having, cell.key, cell.numbers) is True]
    chosen = ordered(passed, plan.shape.order_by, plan.shape.limit)
    # 8. The outputs, and what the reader must know about them.
    dropped = _dropped(plan, [why[0] for why in reasons], about, groups=kept_back.groups)
    return _table(plan, session, chosen, dropped=dropped)


def _reasons(plan: Plan, cell: RawCell, about: Sequence[AboutOwn]) -> Reasons:
    """Why the cell is not listed and why each of its numbers stays; what rests on own rows alone has the first word."""
    own = own_sources(plan, cell.key)
    told = own_reasons(about, cell.key, len(cell.numbers))
    return tuple(
        why if why is not None else withheld_reason(number, plan.obligations.sources, own, plan.obligations.receivers)
        for why, number in zip(told, (cell.whole, *cell.numbers), strict=True)
    )


def _reviewed(
    plan: Plan, listed: Sequence[tuple[RawCell, Reasons]], session: Session, ledger: LedgerPort
) -> list[Reasons]:
    passed = tuple(tuple(reason is None for reason in row) for _, row in listed)
    kept = ledger.review(plan, cells=[cell.key for cell, _ in listed], passed=passed, session=session)
    if [len(row) for row in kept] != [len(row) for row in passed]:
        raise IntegrityFailure("CR-R205", "the ledger's answer does not fit the question")
    return [
        # A threshold's no is final: the ledger can only withhold more.
        tuple(
            why if why is not None else (None if keep else Reason.LEDGER) for why, keep in zip(row, keeps, strict=True)
        )
        for (_, row), keeps in zip(listed, kept, strict=True)
    ]


def _released(plan: Plan, cell: RawCell, reasons: Reasons) -> ReleasedCell:
    numbers: tuple[Cell, ...] = tuple(
        shown_value(aggregate, number, plan.obligations) if reason is None else Withheld(reason)
        for aggregate, number, reason in zip(plan.shape.aggregates, cell.numbers, reasons, strict=True)
    )
    return ReleasedCell(key=cell.key, numbers=numbers)


def _of_marks(plan: Plan, key: CellKey) -> ReleasedCell:
    """A cell of the receiver's own rows of which nothing is told; that it is there, the receiver knows."""
    return ReleasedCell(key=key, numbers=(Withheld(Reason.LEDGER),) * len(plan.shape.aggregates))


def _dropped(
    plan: Plan, cells: Sequence[Reason | None], about: Sequence[AboutOwn], *, groups: int
) -> Mapping[Reason, int]:
    """How many cells are not listed, by reason; those with too few units only where all owners release zeros.

    Attack stopped: a filter that fits one unit and a count of dropped cells that is 1 or 0 would tell whether the
    unit exists. Where all owners of what the cell rests on release zeros, absence is public already, but not which of a
    receiver's own rows are known. A cell dropped for its members has enough units to be seen; its count says what the
    rule says, and readers must know that such a cell may be large. For the ledger's reason it is ``groups`` of own rows.
    """
    reasons = Counter(cells)
    reasons[Reason.LEDGER] = groups
    zeros = all(plan.obligations.sources[source].zeros for source in cell_needs(plan).draws)
    if not zeros or any(one.decides_cells for one in about):
        del reasons[Reason.UNITS]
    return {reason: reasons[reason] for reason in Reason if reasons[reason]}


def _table(
    plan: Plan, session: Session, cells: Sequence[ReleasedCell], *, dropped: Mapping[Reason, int]
) -> ReleasedTable:
    columns = _columns(plan, session)
    rows = tuple(
        tuple(
            _typed(shown(evaluate(output.value, cell.key, cell.numbers)), column.type)
            for output, column in zip(plan.shape.outputs, columns, strict=True)
        )
        for cell in cells
    )
    marks = Counter(value.reason for row in rows for value in row if isinstance(value, Withheld))
    tables = [table for source in plan.tables for table in source]
    return ReleasedTable(
        columns=columns,
        rows=rows,
        withheld={reason: marks[reason] for reason in Reason if marks[reason]},
        rows_dropped=sum(dropped.values()),
        dropped=dropped,
        contributors=_contributors(plan),
        policies=tuple(sorted({policy for source in plan.obligations.sources for policy in source.policies})),
        snapshots=dict(sorted((str(t.member), int(t.snapshot)) for t in tables)),
        receivers=plan.obligations.receivers,
    )


def _contributors(plan: Plan) -> Mapping[str, int]:
    members: dict[str, set[str]] = {}
    for source in plan.tables:
        for table in source:
            members.setdefault(table.dataset, set()).add(table.member)
    return {dataset: len(names) for dataset, names in sorted(members.items())}


def _columns(plan: Plan, session: Session) -> tuple[ReleasedColumn, ...]:
    physical = physical_types(plan, session)
    return tuple(
        ReleasedColumn(
            name=output.name,
            type=output_type(output.value, plan, physical),
            role="dimension" if isinstance(output.value, DimensionValue) else "measure",
        )
        for output in plan.shape.outputs
    )


def _typed(value: Cell, column_type: str) -> Cell:
    if column_type == "date" and not isinstance(value, date | Withheld):
        return None  # the engine spells a date beyond year 9999 as text; no reader has such a date
    whole = column_type == "integer" and isinstance(value, Decimal) and value == value.to_integral_value()
    return int(value) if whole and isinstance(value, Decimal) else value
