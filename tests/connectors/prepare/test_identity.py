"""Identifiers counted before they are tokens: exactly, bounded, and as what a guesser would find."""

import random
import string

import polars as pl
import pytest

from cleanroom.contracts import shipped_contracts
from cleanroom.names import ColumnName, DatasetName
from cleanroom.quality.identity import IdentifierQuality
from connectors import identity
from connectors.identity import Identities, guessable_rows

SALES = shipped_contracts()[DatasetName("sales")]
DRAWN = random.Random(7)  # noqa: S311 - test data, the same every time  # noqa: S311 - test data, the same every time


def _letters(count: int) -> str:
    return "".join(DRAWN.choice(string.ascii_uppercase + string.digits) for _ in range(count))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([f"SN{n:06}" for n in range(500)], 500),
        ([f"24{n % 12:02}{n:06}" for n in range(1200)], 1200),
        ([f"{17850 + n}@customers.example" for n in range(300)], 300),
        ([f"ann{n}@a{n}.example" for n in range(300)], 0),
        ([f"{DRAWN.randrange(10**12):012}" for _ in range(2000)], 0),
        ([f"{DRAWN.randrange(10**5):05}" for _ in range(2000)], 2000),
        ([_letters(12) for _ in range(2000)], 0),
        ([f"SN{n:06}" for n in range(19)], 0),
        ([f"SN{n:06}" for n in range(20)] * 2, 40),
        ([f"{10**17 + n}" for n in range(30)], 30),
        (["9" * 60 + f"{n:03}" for n in range(30)], 30),
        ([], 0),
    ],
    ids=[
        "a running number",
        "running within a month",
        "numbers at one domain",
        "each at a domain of its own",
        "twelve random digits",
        "five random digits are few enough to try all",
        "random letters",
        "too few to be a series",
        "repeated rows count as rows",
        "eighteen digits",
        "longer than a number",
        "nothing",
    ],
)
def test_a_guesser_finds_series_and_nothing_else(values: list[str], found: int) -> None:
    """Fewer than a thousand tries from one held number to the next; random ones are left out."""
    DRAWN.shuffle(values)
    assert guessable_rows(pl.Series("identifier", values, pl.String)) == found


def test_a_column_is_counted_over_its_frames() -> None:
    """Empty, refused and repeated cells over two frames; a repeat is one wherever the first stands."""
    counted = Identities()
    serial = SALES.by_name[ColumnName("serial")]
    counted.add(serial, "serial.plain@1", pl.Series(["a1", None, "N/A"]), pl.Series(["A1", None, None]))
    counted.add(serial, "serial.plain@1", pl.Series(["a-1", "b2"]), pl.Series(["A1", "B2"]))
    assert counted.quality() == (
        IdentifierQuality(
            column="serial",
            profile="serial.plain@1",
            rows=5,
            missing=1,
            malformed=1,
            measured=3,
            repeated=1,
            guessable=0,
        ),
    )


def test_a_long_file_is_measured_by_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, empty and refused are counted to the end; repeats and guesses are those of the first ones."""
    monkeypatch.setattr(identity, "_HASHED_ROWS", 60)
    monkeypatch.setattr(identity, "_GUESSED_ROWS", 30)
    counted = Identities()
    text = pl.Series([f"{n:05}" for n in range(50)])
    for _ in range(2):
        counted.add(SALES.by_name[ColumnName("serial")], "serial.plain@1", text, text)
    (known,) = counted.quality()
    assert (known.rows, known.measured, known.repeated, known.guessable) == (100, 60, 10, 60)
