"""A table -> a Nevada chart: long form as the library's templates return it, or the wide form people print.

Long form: ``sale_month``, ``units``, and per row ``claim_month`` (or ``mis``, months in service) with ``claims``; the
units of a sale month repeat on its rows or stand on one of them. Wide form: first column the sale period, second the
units sold, every further column a claim period in order, cells the claims (empty or ``-`` for none). Where the further
columns are ages (``MIS 0``, ``MIS 1`` ..., or a triangle that is empty at its lower right), they are read as such.

Months become consecutive integers; a wide chart's periods are taken in the order of its rows and columns.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from cleanroom.released import Withheld
from queries.insights.model import SMALL, UNKNOWN_HIGH, Cell, Settings, Table
from queries.insights.refused import InsightRefused, missing_columns
from queries.insights.spellings import plain_name, spelled
from queries.statistics.counts import Count
from queries.statistics.nevada import Nevada, NevadaRow

_LONG = ("sale_month", "units", "claims")
_KNOWN = ("sale_month", "units", "claim_month", "mis", "claims")
_FORMS = (
    "%b %Y",
    "%B %Y",
    "%b-%Y",
    "%b-%y",
    "%b %y",
    "%Y/%m",
    "%m/%Y",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%Y %b",
    "%Y-%b",
)
_AGE = re.compile(r"^(mis|age|tis|months_in_service)_?\d+$")


def is_long(table: Table) -> bool:
    """Whether it has the columns of the long form, under any of their spellings."""
    known = spelled(table, _KNOWN)
    return known.has(*_LONG) and (known.has("claim_month") or known.has("mis"))


def nevada_of(table: Table, settings: Settings, *, insight: str) -> Nevada:
    """The chart in ``table``; rows whose units are withheld are left out (their number is in the notes of the insight)."""
    try:
        if is_long(table):
            return _long(spelled(table, _KNOWN), settings)
        if len(table.columns) < 3 or "sale_month" in table.columns or not _holds_claims(table):
            raise missing_columns(insight, (*_LONG, "claim_month"), table.columns)
        return _by_age(table, settings, insight) if _are_ages(table) else _wide(table, settings, insight)
    except ValueError:
        raise InsightRefused(
            "CR-B004", "a claim lies before its sale or after the last period", help="see the forms of a Nevada chart",
            place=insight,
        ) from None  # fmt: skip


def _holds_claims(table: Table) -> bool:
    """Whether every cell from the second column on is a count, withheld or empty, as in the printed form."""
    cells = [cell for row in table.rows for cell in row[1:]]
    return all(cell in (None, "-") or isinstance(cell, int | Withheld | Decimal) for cell in cells)


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
        case str():
            found = _written(cell.strip())
            if found is not None:
                return found
        case _:
            pass
    raise InsightRefused(
        "CR-B004", "a period is not a month", help="write months as YYYY-MM or dates as YYYY-MM-DD", place=insight
    )


def _written(text: str) -> int | None:
    """Months since year 0 of ``Jun 2024``, ``06/2024`` and the like."""
    for form in _FORMS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - a month has no zone
        except ValueError:
            continue
        return found.year * 12 + found.month - 1
    return None


def count_in(cell: Cell, settings: Settings, *, insight: str) -> Count:
    """A count, or its bounds where it is withheld; NULL counts as none.

    Only too few units bound a number. One withheld for its members, or by the ledger, may be of any size: the caller
    caps it by a whole it is part of, or says that it is unbounded.
    """
    match cell:
        case Withheld(reason=reason):
            return Count(0, settings.withheld_high if reason in SMALL else UNKNOWN_HIGH)
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


def _are_ages(table: Table) -> bool:
    """Whether the further columns of a wide form are ages and not claim periods."""
    heads = [plain_name(name) for name in table.columns[2:]]
    if all(_AGE.match(head) for head in heads):
        return True
    # Claim periods leave the cells before the sale empty, ages those after the last period.
    first, last = ([cell is not None and cell != "-" for cell in row[2:]] for row in (table.rows[0], table.rows[-1]))
    return len(table.rows) > 1 and len(heads) > 1 and all(first) and last[0] and not last[-1] and _shrinks(table.rows)


def _shrinks(rows: Sequence[tuple[Cell, ...]]) -> bool:
    """Whether each row's filled cells come first and are no more than the row's before."""
    lengths = []
    for row in rows:
        filled = [cell is not None and cell != "-" for cell in row[2:]]
        length = sum(filled)
        if not all(filled[:length]):
            return False
        lengths.append(length)
    return lengths == sorted(lengths, reverse=True)


def _by_age(table: Table, settings: Settings, insight: str) -> Nevada:
    """Rows are sale periods in order, columns ages; a row has been observed as long as its cells go."""
    heads = [plain_name(name) for name in table.columns[2:]]
    digits = [re.search(r"(\d+)$", head) for head in heads]
    ages = [int(found.group(1)) if found else place for place, found in enumerate(digits)]
    if not all(digits):
        ages = list(range(len(heads)))
    rows, last = [], len(table.rows) - 1
    for period, row in enumerate(table.rows):
        cells = [(age, cell) for age, cell in zip(ages, row[2:], strict=True) if cell is not None and cell != "-"]
        counts = {period + age: count_in(cell, settings, insight=insight) for age, cell in cells}
        last = max([last, *counts])
        # A column of age 0 says that claims can fall in the sale period, also where it holds none.
        claims = {when: count for when, count in counts.items() if count.high or when == period}
        rows.append(NevadaRow(period=period, sold=count_in(row[1], settings, insight=insight).low, claims=claims))
    return Nevada(rows=tuple(rows), last=last)
