"""A renewed answer's gaps -> the receivers' own earlier numbers in their place, each row whole and marked (pure).

A cell that differs from the held one by fewer units than the minimum is withheld by the ledger. Where every receiver of
the new answer was given that very row before, the row is served again as it was, with the date of its data. Nothing new
is told: the row is theirs, and that it stands here says what the ledger's mark said. No row mixes dates.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from cleanroom.released import Reason, ReleasedTable, ShownValue, Withheld
from cleanroom.shape import DimensionValue, QueryShape

Row = tuple[ShownValue | Withheld, ...]
Key = tuple[ShownValue | Withheld, ...]

_SERVED = frozenset({Reason.LEDGER, Reason.DERIVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRelease:
    """A release that every receiver of the new answer holds; ``data_date`` is up to when its data is known."""

    table: ReleasedTable
    data_date: date


def has_gaps(table: ReleasedTable) -> bool:
    """Whether an earlier release could stand in for any row, or for all of them."""
    return _is_kept_back(table) or any(_is_gap(row) for row in table.rows)


def serve_earlier(table: ReleasedTable, shape: QueryShape, earlier: Iterable[EarlierRelease]) -> ReleasedTable:
    """``table`` with rows that only the ledger keeps back taken from ``earlier``, which is newest first.

    An earlier release counts only if it answers the same question under the same policies: numbers that left under
    weaker rules are not served again. Rows in which a threshold keeps a number back stay as they are.
    """
    if _is_kept_back(table):
        given = (one for one in earlier if one.table.rows and _is_same_question(table, one.table))
        return next((_as_it_was(table, one) for one in given), table)
    places = _key_places(shape)
    if places is None:
        return table
    rows, dates = list(table.rows), dict(table.earlier_rows)
    waiting = {at for at, row in enumerate(rows) if _is_gap(row)}
    for release in earlier:
        if not waiting:
            break
        if not _is_same_question(table, release.table):
            continue
        held = {_key(row, places): (at, row) for at, row in enumerate(release.table.rows)}
        for at in sorted(waiting):
            found = held.get(_key(rows[at], places))
            if found is not None and not any(isinstance(value, Withheld) for value in found[1]):
                rows[at] = found[1]
                dates[at] = release.table.earlier_rows.get(found[0], release.data_date)
                waiting.discard(at)
    return replace(table, rows=tuple(rows), earlier_rows=dates, withheld=_withheld(rows))


def of_one_date(table: ReleasedTable) -> ReleasedTable:
    """``table`` without its earlier rows' numbers: for whoever adds rows up or compares them."""
    if not table.earlier_rows:
        return table
    rows = [
        tuple(
            Withheld(Reason.LEDGER) if at in table.earlier_rows and column.role != "dimension" else value
            for value, column in zip(row, table.columns, strict=True)
        )
        for at, row in enumerate(table.rows)
    ]
    return replace(table, rows=tuple(rows), earlier_rows={}, withheld=_withheld(rows))


def _is_kept_back(table: ReleasedTable) -> bool:
    """Whether nothing is listed because too few of the receiver's own rows changed, or were asked apart."""
    return not table.rows and Reason.LEDGER in table.dropped


def _as_it_was(table: ReleasedTable, earlier: EarlierRelease) -> ReleasedTable:
    """``table`` with all rows of ``earlier``, marks included: they say what they said."""
    dates = {at: earlier.table.earlier_rows.get(at, earlier.data_date) for at in range(len(earlier.table.rows))}
    return replace(table, rows=earlier.table.rows, earlier_rows=dates, withheld=earlier.table.withheld)


def _key_places(shape: QueryShape) -> tuple[int, ...] | None:
    """Where a row's key stands; None where a dimension is not shown, so that rows cannot be told apart."""
    places = {
        output.value.index: at for at, output in enumerate(shape.outputs) if isinstance(output.value, DimensionValue)
    }
    return tuple(places.values()) if len(places) == len(shape.dimensions) else None


def _key(row: Row, places: tuple[int, ...]) -> Key:
    return tuple(row[at] for at in places)


def _is_gap(row: Row) -> bool:
    reasons = {value.reason for value in row if isinstance(value, Withheld)}
    return Reason.LEDGER in reasons and reasons <= _SERVED


def _is_same_question(table: ReleasedTable, earlier: ReleasedTable) -> bool:
    return (
        bool(table.question)
        and (earlier.question, earlier.policies) == (table.question, table.policies)
        and set(earlier.receivers) >= set(table.receivers)
        and [(c.name, c.type, c.role) for c in earlier.columns] == [(c.name, c.type, c.role) for c in table.columns]
    )


def _withheld(rows: Iterable[Row]) -> Mapping[Reason, int]:
    marks = Counter(value.reason for row in rows for value in row if isinstance(value, Withheld))
    return {reason: marks[reason] for reason in Reason if marks[reason]}
