"""The language as a whole: what is rendered reads back, canonical form keeps the meaning, one step outside is refused."""

import re
from datetime import date, datetime
from decimal import Decimal

import duckdb
from hypothesis import HealthCheck, given, settings

from cleanroom.canonical import canonical_json
from queries.render import render
from tests.queries.asking import CONTRACTS, ask, refusals
from tests.queries.legal import just_outside, predicates, questions

_ROWS = [
    (region, channel, day, moment, line, quantity, Decimal("1.50"), care_plan)
    for region, channel, day, moment, line, quantity, care_plan in (
        ("n", "s", date(2025, 1, 1), datetime.fromisoformat("2025-01-01 00:00"), 1, Decimal(2), True),
        ("s", "n", date(2024, 12, 31), datetime.fromisoformat("2024-12-31 23:59"), 2, Decimal("0.50"), False),
        (None, "it's", date(2025, 3, 1), datetime.fromisoformat("2025-03-31 12:00"), None, None, None),
        ("", None, None, None, -5, Decimal(-3), True),
        ("NULL", "--", date(2024, 2, 29), None, 0, Decimal(5), None),
        ("n", "n", date(1, 1, 1), datetime.fromisoformat("2025-04-01 00:00"), 5, Decimal("9.00"), False),
    )
]  # fmt: skip
_QUIET = settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _table() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE sales (region VARCHAR, channel VARCHAR, sale_date DATE, sold_at TIMESTAMP, line_no INTEGER, "
        "quantity DECIMAL(18,4), net_amount DECIMAL(18,4), care_plan BOOLEAN)"
    )
    con.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _ROWS)
    return con


_CON = _table()


@_QUIET
@given(questions())
def test_a_rendered_question_reads_back_as_itself(text: str) -> None:
    """INVARIANT I7: nothing is lost or added between text and shape: bind(parse(render(x))) == x."""
    shape = ask(text)
    again = ask(render(shape))
    assert again == shape
    assert canonical_json(again) == canonical_json(shape)
    assert render(again) == render(shape)


@_QUIET
@given(predicates)
def test_the_canonical_condition_means_what_was_written(text: str) -> None:
    """Run both in DuckDB over rows with NULLs: true, false and unknown fall the same way."""
    # A timestamp acts like its date in the language, so the written text is run over dates.
    written = text.replace("s.sold_at", "CAST(s.sold_at AS DATE)")
    shape = ask(f"SELECT COUNT(*) AS n FROM sales s WHERE {text}")
    canonical = render(shape).split("WHERE ", 1)[1].replace("sales.", "s.")
    # As the engine writes it: DuckDB 1.5.5 takes a bare date_trunc of a NULL timestamp, compared with a date that is no
    # boundary, for false instead of unknown.
    canonical = re.sub(r"date_trunc\('(\w+)', s\.sold_at\)", r"CAST(date_trunc('\1', s.sold_at) AS DATE)", canonical)
    sql = "SELECT ({}) FROM sales AS s ORDER BY rowid"
    assert _CON.execute(sql.format(written)).fetchall() == _CON.execute(sql.format(canonical)).fetchall()


@_QUIET
@given(just_outside())
def test_one_step_outside_is_refused(text: str) -> None:
    """INVARIANT I7: a legal question with one construct too much is refused, whatever else it holds."""
    assert refusals(text)


@_QUIET
@given(questions())
def test_a_column_of_the_shape_is_a_column_of_its_contract(text: str) -> None:
    """INVARIANT I8: every reference names a stored column of the dataset of its source."""
    from queries.reads import reads_of

    for read in reads_of(ask(text), None):
        assert set(read.columns) <= {column.name for column in CONTRACTS[read.dataset].stored}
