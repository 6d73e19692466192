"""A table -> a Nevada chart: long form as the library's templates return it, or the wide form people print.

Long form: ``sale_month``, ``units``, and per row ``claim_month`` (or ``mis``, months in service) with ``claims``; the
units of a sale month repeat on its rows or stand on one of them. Wide form: first column the sale period, second the
units sold, every further column a claim period in order, cells the claims (empty or ``-`` for none).

Months become consecutive integers; a wide chart's periods are taken in the order of its rows and columns.
"""

from collections.abc import Mapping
from datetime import date

from cleanroom.released import Withheld
from queries.insights.model import Cell, Settings, Table
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.counts import Count
from queries.statistics.nevada import Nevada, NevadaRow

_LONG = ("sale_month", "units", "claims")


def nevada_of(table: Table, settings: Settings, *, insight: str) -> Nevada:
    """The chart in ``table``; rows whose units are withheld are left out (their number is in the notes of the insight)."""
    if table.has(*_LONG) and (table.has("claim_month") or table.has("mis")):
        return _long(table, settings)
    if len(table.columns) < 3 or "sale_month" in table.columns:
        raise missing_columns(insight, (*_LONG, "claim_month"), table.columns)
    return _wide(table, settings, insight)


def month_number(cell: Cell, *, insight: str) -> int:
    """Months since year 0 of a date or a ``YYYY-MM[-DD]`` text; plain integers stay as they are."""
    match cell:
        case date():
            return cell.year * 12 + cell.month - 1
        case bool() | Withheld() | None:
            pass
        case int():
            return cell
        case str() if len(cell) >= 7 and cell[4] == "-" and cell[:4].isdigit() and cell[5:7].isdigit():
            return int(cell[:4]) * 12 + int(cell[5:7]) - 1
        case str() if cell.isdigit():
            return int(cell)
        case _:
            pass
    raise InsightRefused(
        "CR-B004", "a period is not a month", help="write months as YYYY-MM or dates as YYYY-MM-DD", place=insight
    )


def count_in(cell: Cell, settings: Settings, *, insight: str) -> Count:
    """A count, or its bounds where it is withheld; NULL counts as none."""
    match cell:
        case Withheld():
            return Count(0, settings.withheld_high)
        case None:
            return Count.exact(0)
        case bool():
            pass
        case int() if cell >= 0:
            return Count.exact(cell)
        case _ if not isinstance(cell, str | date) and cell == int(cell) and cell >= 0:
            return Count.exact(int(cell))
        case _:
            pass
    raise InsightRefused("CR-B004", "a count is not a whole number of at least 0", place=insight)


def _long(table: Table, settings: Settings) -> Nevada:
    name = "nevada-chart"
    sold: dict[int, int] = {}
    claims: dict[int, dict[int, Count]] = {}
    last = 0
    for record in table.records():
        period = month_number(record["sale_month"], insight=name)
        units = record["units"]
        if not isinstance(units, Withheld) and units is not None:
            sold[period] = max(sold.get(period, 0), count_in(units, settings, insight=name).low)
        when = _claim_period(record, period)
        last = max(last, period, when if when is not None else period)
        if when is not None:
            row = claims.setdefault(period, {})
            row[when] = row.get(when, Count.exact(0)) + count_in(record["claims"], settings, insight=name)
    if settings.as_of is not None:
        last = settings.as_of.year * 12 + settings.as_of.month - 1
    rows = tuple(
        NevadaRow(period=p, sold=units, claims={k: c for k, c in claims.get(p, {}).items() if c.high and k <= last})
        for p, units in sorted(sold.items())
        if p <= last
    )
    return Nevada(rows=rows, last=last)


def _claim_period(record: Mapping[str, Cell], period: int) -> int | None:
    if "claim_month" in record:
        cell = record["claim_month"]
        return None if cell is None or isinstance(cell, Withheld) else month_number(cell, insight="nevada-chart")
    age = record["mis"]
    return None if age is None or isinstance(age, Withheld) else period + month_number(age, insight="nevada-chart")


def _wide(table: Table, settings: Settings, insight: str) -> Nevada:
    """Rows and claim columns in printed order. Where the columns start with the first row's own period, age 0 exists."""
    labels = [str(row[0]).strip().casefold() for row in table.rows]
    heads = [name.strip().casefold() for name in table.columns[2:]]
    start = heads.index(labels[0]) if labels and labels[0] in heads else None
    offset = 0 if start is not None else 1  # the first claim column is the sale period itself, or the one after
    rows = []
    for number, row in enumerate(table.rows):
        cells = {
            offset + place: count_in(None if cell == "-" else cell, settings, insight=insight)
            for place, cell in enumerate(row[2:])
        }
        claims = {period: count for period, count in cells.items() if count.high}
        if any(period < number for period in claims):
            raise InsightRefused("CR-B004", "a claim is earlier than its sale", place=insight)
        rows.append(NevadaRow(period=number, sold=count_in(row[1], settings, insight=insight).low, claims=claims))
    last = max(offset + len(heads) - 1, len(rows) - 1)
    return Nevada(rows=tuple(rows), last=last)
