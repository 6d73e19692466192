"""A member's releases -> series: the answers of one question over time, as one typed table each. Pure.

A withheld number is NULL, and the column ``<name>_withheld`` beside it says why. Columns of all releases of a series
are joined by name; where two disagree about a type the wider one holds both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from cleanroom.delivery.about import REASON_TEXTS
from cleanroom.delivery.names import distinct_names
from cleanroom.names import Digest, MemberName
from cleanroom.published.names import column_name, distinct, table_name
from cleanroom.released import ReleasedTable, ShownValue, Withheld

CATALOGUE = "releases"
RELEASE, DATA_DATE, RELEASED_AT = "_release_id", "_data_date", "_released_at"
_INT64 = 2**63
_RANK = ("boolean", "date", "integer", "decimal", "double")
_NUMBERS = ("integer", "decimal", "double")

Value = ShownValue | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One release that the member may hold, in one series.

    ``series`` is equal for releases of one question asked over and over; a release may stand in several. ``name`` is
    what the series would like to be called.
    """

    release_id: str
    run_id: str
    series: str
    name: str
    template: str
    title: str
    asked_by: str
    data_date: date | None
    released_at: datetime
    plan: Digest
    content: Digest
    receivers: tuple[MemberName, ...]
    table: ReleasedTable = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """``kind`` is one of text, integer, decimal, double, boolean, date, moment."""

    name: str
    kind: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """``history`` is the table with every release's rows, ``latest`` a view of its newest release's."""

    latest: str
    history: str
    title: str
    columns: tuple[Column, ...]
    rows: Mapping[str, tuple[tuple[Value, ...], ...]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything one member may hold. ``catalogue`` has a row per release and series, in ``CATALOGUE_COLUMNS``."""

    series: tuple[Series, ...]
    catalogue: tuple[tuple[Value, ...], ...]


CATALOGUE_COLUMNS: tuple[Column, ...] = (
    Column(name="release_id", kind="text"),
    Column(name="run_id", kind="text"),
    Column(name="template", kind="text", comment="Name and version of the query, or ad hoc"),
    Column(name="title", kind="text"),
    Column(name="table_name", kind="text", comment="The table with this release's rows"),
    Column(name="latest_name", kind="text", comment="The view of the newest release of this question"),
    Column(name="is_latest", kind="boolean"),
    Column(name="asked_by", kind="text", comment="The member that asked"),
    Column(name="data_date", kind="date", comment="Up to which day every dataset is known"),
    Column(name="released_at", kind="moment"),
    Column(name="row_count", kind="integer"),
    Column(name="withheld", kind="integer", comment="How many numbers are withheld"),
    Column(name="withheld_reasons", kind="text", comment="Why, and how many of each"),
    Column(name="rows_left_out", kind="integer", comment="Rows not listed, as far as it may be told"),
    Column(name="policies", kind="text", comment="Digests of the policies it was released under"),
    Column(name="snapshots", kind="text", comment="Members' snapshots it was computed from"),
    Column(name="plan", kind="text", comment="Digest of what exactly was run"),
    Column(name="content", kind="text", comment="Digest of the release"),
    Column(name="receivers", kind="text", comment="Members that may hold it, each between commas"),
)


def lay_out(entries: Iterable[Entry]) -> Layout:
    """The layout of ``entries``, which come in the order they were released: names given once stay."""
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.series, []).append(entry)
    taken = [CATALOGUE]
    made, catalogue = [], []
    for found in grouped.values():
        latest = table_name(found[0].name, [*taken, *(f"{name}_history" for name in taken)])
        taken += [latest, f"{latest}_history"]
        series = _series(found, latest)
        made.append(series)
        catalogue += [_described(entry, series, is_latest=entry is found[-1]) for entry in found]
    return Layout(series=tuple(made), catalogue=tuple(catalogue))


def _series(entries: Sequence[Entry], latest: str) -> Series:
    kinds: dict[str, str] = {}
    comments: dict[str, str] = {}
    numbers: set[str] = set()
    for entry in entries:
        for position, (name, column) in enumerate(zip(_names(entry), entry.table.columns, strict=True)):
            cells = [row[position] for row in entry.table.rows]
            kind = _kind(column.type, cells)
            kinds[name] = _wider(kinds[name], kind) if name in kinds else kind
            comments[name] = ", ".join(part for part in (column.description, column.unit) if part)
            if column.role != "dimension":
                numbers.add(name)
    fixed = (
        Column(name=RELEASE, kind="text", comment="As in the table releases"),
        Column(name=DATA_DATE, kind="date"),
        Column(name=RELEASED_AT, kind="moment"),
    )
    columns, marks = list(fixed), {}
    for name, kind in kinds.items():
        columns.append(Column(name=distinct(column_name(name), _of(columns)), kind=kind, comment=comments[name]))
        if name in numbers:
            marks[name] = distinct(f"{column_name(name)}_withheld", [*_of(columns), *map(column_name, kinds)])
            columns.append(Column(name=marks[name], kind="text", comment="Why the number is withheld; NULL where not"))
    rows = {entry.release_id: _rows(entry, kinds, numbers) for entry in entries}
    return Series(
        latest=latest, history=f"{latest}_history", title=entries[-1].title, columns=tuple(columns), rows=rows
    )


def _rows(entry: Entry, kinds: Mapping[str, str], numbers: set[str]) -> tuple[tuple[Value, ...], ...]:
    places = {name: position for position, name in enumerate(_names(entry))}
    found = []
    for at, row in enumerate(entry.table.rows):
        data_date = entry.table.earlier_rows.get(at, entry.data_date)
        values: list[Value] = [entry.release_id, data_date, entry.released_at]
        for name, kind in kinds.items():
            cell = row[places[name]] if name in places else None
            values.append(None if isinstance(cell, Withheld) else _typed(cell, kind))
            if name in numbers:
                values.append(cell.reason.value if isinstance(cell, Withheld) else None)
        found.append(tuple(values))
    return tuple(found)


def _described(entry: Entry, series: Series, *, is_latest: bool) -> tuple[Value, ...]:
    table = entry.table
    reasons = "; ".join(f"{count}: {REASON_TEXTS[reason]}" for reason, count in table.withheld.items())
    return (
        entry.release_id,
        entry.run_id,
        entry.template,
        entry.title,
        series.history,
        series.latest,
        is_latest,
        entry.asked_by,
        entry.data_date,
        entry.released_at,
        len(table.rows),
        sum(table.withheld.values()),
        reasons,
        table.rows_dropped,
        ", ".join(table.policies),
        ", ".join(f"{member} {snapshot}" for member, snapshot in table.snapshots.items()),
        entry.plan,
        entry.content,
        f",{','.join(entry.receivers)},",
    )


def _names(entry: Entry) -> list[str]:
    """The answer's column names, distinct also where case does not count."""
    found: list[str] = []
    for name in distinct_names(entry.table):
        found.append(distinct(name, found))
    return found


def _of(columns: Iterable[Column]) -> list[str]:
    return [column.name for column in columns]


def _kind(declared: str, cells: Sequence[ShownValue | Withheld]) -> str:
    if declared == "integer":
        wide = any(isinstance(cell, int) and not -_INT64 <= cell < _INT64 for cell in cells)
        return "decimal" if wide else "integer"
    return declared if declared in _RANK else "text"


def _wider(one: str, other: str) -> str:
    if one == other:
        return one
    return max(one, other, key=_RANK.index) if one in _NUMBERS and other in _NUMBERS else "text"


def _typed(cell: ShownValue, kind: str) -> Value:
    match cell, kind:
        case None, _:
            return None
        case _, "text":
            return cell.isoformat() if isinstance(cell, date) else str(cell)
        case int() | Decimal(), "decimal":
            return Decimal(cell)
        case int() | float() | Decimal(), "double":
            return float(cell)
        case _:
            return cell
