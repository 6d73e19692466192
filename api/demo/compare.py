"""A released answer beside the true one: every shown number must be equal; what is not shown is counted."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cleanroom.released import ReleasedTable, Withheld
from queries.insights.model import Cell, Table

_TOLERANCE = Decimal("0.005")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Numbers by what became of them. ``unexplained`` are released rows the truth does not have at all."""

    shown: int
    equal: int
    wrong: int
    withheld: int
    unexplained: int


def compare(released: ReleasedTable, truth: Table) -> Comparison:
    """Match rows by their dimensions and numbers by their column."""
    keys = [place for place, column in enumerate(released.columns) if column.role == "dimension"]
    names = [column.name for column in released.columns]
    places = [truth.columns.index(name) for name in names]
    known = {tuple(_key(row[places[k]]) for k in keys): row for row in truth.rows}
    shown = equal = withheld = unexplained = 0
    for row in released.rows:
        true_row = known.get(tuple(_key(row[k]) for k in keys))
        if true_row is None:
            unexplained += 1
            continue
        for place, cell in enumerate(row):
            if place in keys:
                continue
            if isinstance(cell, Withheld):
                withheld += 1
                continue
            shown += 1
            equal += _same(cell, true_row[places[place]])
    return Comparison(shown=shown, equal=equal, wrong=shown - equal, withheld=withheld, unexplained=unexplained)


def _key(cell: Cell) -> object:
    match cell:
        case date():
            return cell.isoformat()[:10]
        case bool() | None:
            return cell
        case int() | float() | Decimal():
            return Decimal(str(cell))
        case _:
            return str(cell)


def _same(one: Cell, other: Cell) -> bool:
    if one is None or other is None:
        return one is None and other is None
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return abs(Decimal(str(one)) - Decimal(str(other))) <= _TOLERANCE
    return str(one) == str(other)
