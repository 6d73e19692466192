"""No row can make a generated query fail: every expression is total over every value a column can hold."""

from datetime import date

import duckdb
import pytest

from cleanroom.engine.expressions import render_dimension
from cleanroom.names import ColumnName
from cleanroom.shape import ColumnRef, DateDiff, DatePart, Dimension, Grain, Truncated

DATES = ("NULL", "'infinity'", "'-infinity'", "'5881580-07-10'", "'5877642-06-25 (BC)'", "'9999-12-31'", "'0001-01-01'")
START, END = (ColumnRef(source=0, column=ColumnName(name)) for name in ("start", "end"))
DIMENSIONS: list[Dimension] = [
    *(Truncated(grain=grain, column=START) for grain in Grain),
    *(DatePart(part=grain, column=START) for grain in Grain),
    *(DateDiff(grain=grain, start=START, end=END) for grain in Grain),
]


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=repr)
@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP"])
def test_date_expressions_never_raise(dimension: Dimension, kind: str) -> None:
    """The ends of the calendar and infinity give a value or NULL, never an error, in any pair."""
    connection = duckdb.connect()
    values = [value for value in DATES if kind == "DATE" or "58" not in value]
    rows = ", ".join(f"(CAST({a} AS {kind}), CAST({b} AS {kind}))" for a in values for b in values)
    found = connection.execute(
        f'SELECT {render_dimension(dimension)} FROM (VALUES {rows}) AS r0("start", "end")'
    ).fetchall()
    assert len(found) == len(values) ** 2


def test_truncation_is_the_first_day() -> None:
    """date_trunc as a date, month, quarter and year."""
    connection = duckdb.connect()
    text = ", ".join(
        render_dimension(Truncated(grain=grain, column=START)) for grain in (Grain.MONTH, Grain.QUARTER, Grain.YEAR)
    )
    found = connection.execute(f"SELECT {text} FROM (VALUES (DATE '2026-05-31')) AS r0(\"start\")").fetchall()
    assert found == [(date(2026, 5, 1), date(2026, 4, 1), date(2026, 1, 1))]
