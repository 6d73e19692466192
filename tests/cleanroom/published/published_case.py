"""Releases in small for the tests of published tables."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from cleanroom.names import Digest, MemberName
from cleanroom.published import Entry
from cleanroom.released import Reason, ReleasedColumn, ReleasedTable, ShownValue, Withheld

HARBOR, SOLSTICE = MemberName("harbor"), MemberName("solstice")
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
COLUMNS = (
    ReleasedColumn(name="region", type="text", role="dimension", description="Where"),
    ReleasedColumn(name="month", type="date", role="dimension"),
    ReleasedColumn(name="units", type="integer", role="measure", unit="units"),
    ReleasedColumn(name="cost", type="decimal", role="measure", unit="EUR"),
    ReleasedColumn(name="share", type="double", role="measure"),
)
ROWS: tuple[tuple[ShownValue | Withheld, ...], ...] = (
    ("north", date(2026, 1, 1), 12, Decimal("10.50"), 0.25),
    ("south", date(2026, 1, 1), Withheld(Reason.UNITS), Withheld(Reason.LEDGER), None),
)


def released(
    rows: Sequence[tuple[ShownValue | Withheld, ...]] = ROWS, columns: Sequence[ReleasedColumn] = COLUMNS
) -> ReleasedTable:
    """A released table."""
    return ReleasedTable(
        columns=tuple(columns),
        rows=tuple(rows),
        withheld={Reason.UNITS: 1, Reason.LEDGER: 1},
        rows_dropped=3,
        contributors={"sales": 2},
        policies=(Digest("sha256:p"),),
        snapshots={"harbor": 4},
        receivers=(HARBOR, SOLSTICE),
    )


def entry(number: int, **change: object) -> Entry:
    """The release numbered so."""
    known: dict[str, object] = {
        "release_id": f"{number:032x}",
        "run_id": f"run{number}",
        "series": "s1",
        "name": "claims-by-model",
        "template": "claims-by-model@1",
        "title": "Claims, by model",
        "asked_by": "solstice",
        "data_date": date(2026, 10, number),
        "released_at": AT,
        "plan": Digest("sha256:plan"),
        "content": Digest("sha256:content"),
        "receivers": (HARBOR, SOLSTICE),
        "table": released(),
    }
    return Entry(**{**known, **change})  # type: ignore[arg-type]
