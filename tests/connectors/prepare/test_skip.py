"""Skip expressions: a closed language whose every operator does what it reads like."""

import polars as pl
import pytest

from cleanroom.errors import DataRefused
from connectors.skip import parse_skip

CELLS = pl.DataFrame(
    {"Stock Code": ["POST", " DOT ", "85123A", "C2", None, "", "a,b"], "n": ["1", "0", "-2.5", "0.00", "x", None, "10"]}
)


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        ("Stock Code in (POST, DOT)", [0, 1]),
        ("Stock Code in ('a,b', 'C2')", [3, 6]),
        ("Stock Code not in (POST, DOT)", [2, 3, 6]),
        ("Stock Code = POST", [0]),
        ("Stock Code <> POST", [1, 2, 3, 6]),
        ("Stock Code != 'POST'", [1, 2, 3, 6]),
        ("`Stock Code` is empty", [4, 5]),
        ('"Stock Code" is not empty', [0, 1, 2, 3, 6]),
        ("Stock Code starts with C", [3]),
        ("Stock Code ends with T", [0, 1]),
        ("Stock Code contains ','", [6]),
        ("Stock Code matches [0-9]+[A-Z]", [2]),
        ("n = 0", [1, 3]),
        ("n <> 0", [0, 2, 4, 6]),
        ("n < 0", [2]),
        ("n <= 0", [1, 2, 3]),
        ("n > 1", [6]),
        ("n >= 1", [0, 6]),
        ("n = 0 and Stock Code = DOT", [1]),
        ("n IS EMPTY AND Stock Code IS EMPTY", [5]),
    ],
)
def test_operators(text: str, skipped: list[int]) -> None:
    """Trimmed text, exact numbers; an empty cell holds `is empty` and nothing else."""
    marks = CELLS.select(parse_skip(text).expression().alias("skip")).to_series().to_list()
    assert [place for place, marked in enumerate(marks) if marked] == skipped


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "is empty",
        "a in POST",
        "a in (POST",
        "a in ()",
        "a in (x,)",
        "a =",
        "a ~ 3",
        "a matches [",
        "a = 1 or b = 2 and",
        "a is empty x",
        "= 3",
    ],
)
def test_what_does_not_parse_is_refused(text: str) -> None:
    """Never guessed: a rule that means something else would lose rows."""
    with pytest.raises(DataRefused, match="CR-D505"):
        parse_skip(text)
