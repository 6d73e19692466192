"""Document -> CSV: its first table, through the same writer as any released answer (formulas defused there)."""

from datetime import date
from decimal import Decimal

from api.insights.document import Document, head
from cleanroom.delivery import About
from cleanroom.delivery.csv_text import CsvOptions, render_csv
from cleanroom.released import ReleasedColumn, ReleasedTable
from queries.insights.model import Cell, ShownTable


def write_csv(document: Document, options: CsvOptions | None = None) -> bytes:
    """The first table with its heads and units; a withheld number is an empty field."""
    return render_csv(_as_released(document.tables[0]), About(), options)


def _as_released(shown: ShownTable) -> ReleasedTable:
    columns = tuple(
        ReleasedColumn(name=head(c.title, c.unit), type=_type(shown, at), role="measure")
        for at, c in enumerate(shown.columns)
    )
    return ReleasedTable(
        columns=columns,
        rows=tuple(tuple(_exact(cell) for cell in row) for row in shown.rows),
        withheld={},
        rows_dropped=0,
        contributors={},
        policies=(),
        snapshots={},
        receivers=(),
    )


def _exact(cell: Cell) -> Cell:
    # A float's shortest decimal spelling, so that a decimal comma reaches it like any other number.
    if not isinstance(cell, float):
        return cell
    return int(cell) if cell.is_integer() else Decimal(repr(cell))


def _type(shown: ShownTable, at: int) -> str:
    values = [row[at] for row in shown.rows]
    if any(isinstance(value, date) for value in values):
        return "date"
    return "decimal" if any(isinstance(value, int | float | Decimal) for value in values) else "text"
