"""A place's rows at all snapshots it was read at, as one table: the SQL of rows united by content, with when they were there.

In: pin sets, columns. Out: SQL whose ``_bits`` says for each pin set whether the row was in it. A row that changed is
an old row that ended and a new one that began. What a table gained and lost between two snapshots is read off its change
feed, so that a hundred nights cost little more than one; without a feed every snapshot is read.
"""

from collections.abc import Callable, Sequence

from cleanroom.engine.literals import quote_text
from cleanroom.engine.rows import TableReference
from cleanroom.plan import PinnedTable

Pins = tuple[PinnedTable, ...]
Selected = tuple[str, str]
"""An expression over one stored row, and its alias."""

Changes = Callable[[PinnedTable, PinnedTable], str | None]
"""What FROM reads the rows gained and lost after one snapshot and up to another; None where there is no feed."""

CONTRIBUTOR_SQL = "@contributor"
"""Stands for the member's name until the member is known; ``@`` starts no name and no constant made here."""


def united(pin_sets: Sequence[Pins], columns: Sequence[Selected], reference: TableReference, changes: Changes) -> str:
    """The rows of all ``pin_sets``; ``_bits`` is a BIT, its first digit the first pin set."""
    members: dict[str, dict[PinnedTable, None]] = {}
    for table in (table for tables in pin_sets for table in tables):
        members.setdefault(table.member, {})[table] = None
    return "\nUNION ALL\n".join(
        _member_rows(sorted(tables, key=lambda table: table.snapshot), pin_sets, columns, reference, changes)
        for tables in members.values()
    )


def constant_bits(bits: str) -> str:
    """A pattern of digits as SQL."""
    return f"CAST({quote_text(bits)} AS BIT)"


def _member_rows(
    tables: Sequence[PinnedTable],
    pin_sets: Sequence[Pins],
    columns: Sequence[Selected],
    reference: TableReference,
    changes: Changes,
) -> str:
    """One member's rows: straight from a single snapshot, or united by content with multiplicities from several."""
    member = quote_text(tables[0].member)
    wanted = ", ".join(f"{expression.replace(CONTRIBUTOR_SQL, member)} AS {alias}" for expression, alias in columns)
    if len(tables) == 1:
        bits = "".join("1" if tables[0] in pins else "0" for pins in pin_sets)
        return f"SELECT {wanted}, {constant_bits(bits)} AS _bits FROM {reference(tables[0])}"
    names = ", ".join(alias for _, alias in columns)
    # Which of the tables a pin set has; -1: none of this member.
    at = [next((place for place, table in enumerate(tables) if table in pins), -1) for pins in pin_sets]
    pins = ", ".join(f"({pin}, {place})" for pin, place in enumerate(at))
    return f"""SELECT * FROM (
WITH events AS (
{_events(tables, wanted, reference, changes)}
), net AS (
SELECT {names}, _at, sum(_change) AS _change FROM events GROUP BY {names}, _at HAVING sum(_change) <> 0
), lives AS (
SELECT {names}, list({{'at': _at, 'change': _change}} ORDER BY _at) AS _life FROM net GROUP BY {names}
), counted AS (
SELECT _life, _pin, coalesce(list_sum([event.change for event in _life if event.at <= _place]), 0) AS _rows
FROM (SELECT DISTINCT _life FROM lives), (VALUES {pins}) AS pins(_pin, _place)
), copies AS (
SELECT _life, unnest(range(1, CAST(max(_rows) AS BIGINT) + 1)) AS _copy FROM counted GROUP BY _life
), present AS (
SELECT _life, _copy, CAST(string_agg(CASE WHEN _rows >= _copy THEN '1' ELSE '0' END, '' ORDER BY _pin) AS BIT) AS _bits
FROM copies JOIN counted USING (_life) GROUP BY _life, _copy
)
SELECT {names}, _bits FROM lives JOIN present USING (_life)
)"""


def _events(tables: Sequence[PinnedTable], wanted: str, reference: TableReference, changes: Changes) -> str:
    """Rows gained (1) and lost (-1), each at the first of ``tables`` that shows it."""
    feed = changes(tables[0], tables[-1])
    if feed is None:
        parts = [
            f"SELECT {wanted}, {at} AS _at, 1 AS _change FROM {reference(table)}" for at, table in enumerate(tables)
        ]
        parts += [
            f"SELECT {wanted}, {at + 1} AS _at, -1 AS _change FROM {reference(table)}"
            for at, table in enumerate(tables[:-1])
        ]
        return "\nUNION ALL\n".join(parts)
    shown = " ".join(f"WHEN snapshot_id <= {int(table.snapshot)} THEN {at}" for at, table in enumerate(tables) if at)
    return f"""SELECT {wanted}, 0 AS _at, 1 AS _change FROM {reference(tables[0])}
UNION ALL
SELECT {wanted}, CASE {shown} END AS _at,
CASE WHEN change_type IN ('insert', 'update_postimage') THEN 1 ELSE -1 END AS _change
FROM {feed}"""
