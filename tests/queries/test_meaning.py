"""What is accepted means what was written: our answers beside plain DuckDB's, which runs the text as it stands."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from policies.model import Mode
from queries.render import render
from tests.queries.asking import ask
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
