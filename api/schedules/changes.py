"""Two released answers of one question -> what is different between them, in words and as a table.

Pure, and safe by post-processing: only what the receiver already holds comes in, so nothing new can go out (I13).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from api.insights.shown import as_text
from cleanroom.delivery.names import distinct_names
from cleanroom.released import ReleasedTable, ShownValue, Withheld

MAX_ROWS = 40
"""How many changed cells a message lists; the words count all of them."""

Cell = ShownValue | Withheld
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An answer the receiver holds, with what is needed to speak of it."""

    title: str
    release_id: str
    table: ReleasedTable
    data_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One number that is not what it was; ``cell`` names its row by the dimensions' values, ``before`` and ``after`` for reading."""

    cell: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is different: ``words`` a line each, ``rows`` the first ``MAX_ROWS`` numbers that moved, of ``moved``."""

    title: str
    words: tuple[str, ...]
    rows: tuple[Changed, ...]
    moved: int


def changes(before: Held | None, after: Held) -> Changes:
    """What ``after`` says that ``before`` did not."""
    if before is None:
        return _only(after, "This is the first one.")
    if before.release_id == after.release_id:
        return _only(after, "Nothing is different: no dataset it reads has changed.")
    if _heads(before.table) != _heads(after.table):
        return _only(after, "Its columns are not those of the one before, so the two are not compared.")
    old, new = _by_key(before.table), _by_key(after.table)
    moved = [one for key, cells in new.items() if key in old for one in _moved(after.table, key, old[key], cells)]
    words = [
        *_data_dates(before, after),
        *_counted(len(new.keys() - old.keys()), "row is new", "rows are new"),
        *_counted(len(old.keys() - new.keys()), "row is no longer listed", "rows are no longer listed"),
        *_counted(len(moved), "number moved", "numbers moved"),
        *_withheld(before.table, after.table),
    ]
    rows = (*_appeared(after.table, new, old), *_vanished(before.table, old, new), *moved)
    return Changes(
        title=after.title,
        words=tuple(words) or ("The numbers are the same as before.",),
        rows=rows[:MAX_ROWS],
        moved=len(rows),
    )


def _only(held: Held, said: str) -> Changes:
    dates = (f"The data reach to {held.data_date.isoformat()}.",) if held.data_date else ()
    return Changes(title=held.title, words=(said, *dates), rows=(), moved=0)


def _data_dates(before: Held, after: Held) -> Iterator[str]:
    if after.data_date and before.data_date != after.data_date:
        since = f", before to {before.data_date.isoformat()}" if before.data_date else ""
        yield f"The data reach to {after.data_date.isoformat()}{since}."


def _counted(count: int, one: str, many: str) -> Iterator[str]:
    if count:
        yield f"{count:,} {one if count == 1 else many}."


def _withheld(before: ReleasedTable, after: ReleasedTable) -> Iterator[str]:
    for one, many, old, new in (
        ("number is withheld", "numbers are withheld", sum(before.withheld.values()), sum(after.withheld.values())),
        ("row is left out", "rows are left out", before.rows_dropped, after.rows_dropped),
    ):
        if old != new:
            yield f"{new:,} {one if new == 1 else many}, before {old:,}."


def _heads(table: ReleasedTable) -> tuple[tuple[str, str], ...]:
    return tuple((name, column.role) for name, column in zip(distinct_names(table), table.columns, strict=True))


def _by_key(table: ReleasedTable) -> Mapping[_Key, Sequence[Cell]]:
    """Rows by their dimensions; the same key twice (a dimension left out of the answer) is numbered."""
    found: dict[_Key, Sequence[Cell]] = {}
    for row in table.rows:
        key = tuple(
            as_text(cell) for cell, column in zip(row, table.columns, strict=True) if column.role == "dimension"
        )
        number = 1
        numbered = key
        while numbered in found:
            number += 1
            numbered = (*key, f"({number})")
        found[numbered] = row
    return found


def _moved(table: ReleasedTable, key: _Key, old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[Changed]:
    for name, column, was, now in zip(distinct_names(table), table.columns, old, new, strict=True):
        if column.role != "dimension" and was != now:
            yield Changed(cell=_cell(key), column=name, before=as_text(was), after=as_text(now))


def _appeared(table: ReleasedTable, new: Mapping[_Key, Sequence[Cell]], old: Mapping[_Key, object]) -> list[Changed]:
    return [
        Changed(cell=_cell(key), column=name, before="not listed", after=as_text(value))
        for key, cells in new.items()
        if key not in old
        for name, value in _numbers(table, cells)
    ]


def _vanished(table: ReleasedTable, old: Mapping[_Key, Sequence[Cell]], new: Mapping[_Key, object]) -> list[Changed]:
    return [
        Changed(cell=_cell(key), column=name, before=as_text(value), after="not listed")
        for key, cells in old.items()
        if key not in new
        for name, value in _numbers(table, cells)
    ]


def _numbers(table: ReleasedTable, cells: Sequence[Cell]) -> Iterator[tuple[str, Cell]]:
    for name, column, value in zip(distinct_names(table), table.columns, cells, strict=True):
        if column.role != "dimension":
            yield name, value


def _cell(key: _Key) -> str:
    return ", ".join(key) or "all"
