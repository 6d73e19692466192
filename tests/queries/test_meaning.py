"""What is accepted means what was written: our answers beside plain DuckDB's, which runs the text as it stands."""

import re
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings

from policies.model import Mode
from queries.render import render
from tests.queries.asking import ask
from tests.queries.legal import questions
from tests.queries.plain_world import Row, plain, released

_STATEMENTS: list[str] = yaml.safe_load((Path(__file__).parent / "accepted.yaml").read_text("utf-8"))


@pytest.mark.parametrize("text", _STATEMENTS)
def test_an_accepted_statement_means_what_plain_duckdb_reads(text: str) -> None:
    """INVARIANT I7: for every spelling the numbers are those of the text, and the shape reads back as itself."""
    shape = ask(text, Mode.TEMPLATES)
    assert ask(render(shape), Mode.TEMPLATES) == shape
    names, rows = released(shape)
    cursor = plain().execute(text)
    expected = [_shown(row) for row in cursor.fetchall()]
    found = [_shown(row) for row in rows]
    assert Counter(found) == Counter(expected)
    if "ORDER BY" in text.upper():
        assert found == expected
    if " AS " in text:
        written = [column[0] for column in cursor.description or ()]
        assert [name.lower() for name, plainly in zip(names, written, strict=True) if plainly.isidentifier()] == [
            name.lower() for name in written if name.isidentifier()
        ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_a_random_question_means_what_plain_duckdb_reads(text: str) -> None:
    """The same for questions put together at random: joins, fan-out, NULLs, FILTER, HAVING and arithmetic."""
    # SUM(CASE ... ELSE 0 END) says 0 wherever nothing was added; SQL says NULL where all rows fit and all values are NULL.
    assume("THEN s.quantity ELSE 0 END)" not in text)
    # A cell that names the columns of a joined source and has none of its units is not shown, whatever k is.
    whole = re.sub(r" LIMIT \d+", "", text).replace(
        "LEFT JOIN", "JOIN"
    )  # among rows that sort alike, either may be cut off
    # DuckDB 1.5.5 takes a bare date_trunc of NULL, compared with a day that is no boundary, for false instead of unknown.
    # Its 0 / 0 is not a number and greater than all of them; ours is NULL (docs/grammar.md).
    whole = whole.replace("/ COUNT(*)", "/ NULLIF(COUNT(*), 0)")
    written = re.sub(r"date_trunc\('(\w+)', ([\w.]+)\)", r"CAST(date_trunc('\1', \2) AS DATE)", whole)
    _, rows = released(ask(whole))
    expected = [_shown(row) for row in plain().execute(written).fetchall()]
    assert Counter(_shown(row) for row in rows) == Counter(expected)


def _shown(row: Row) -> Row:
    return tuple(_cell(value) for value in row)


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float | Decimal):
        return f"{float(value) + 0.0:.9g}"  # DuckDB divides in floating point
    if isinstance(value, datetime):
        return value.date()  # its date_trunc makes a timestamp of a date
    assert value is None or isinstance(value, str | date), "a cell is withheld"
    return value
