"""What a file's identifiers are like, counted before they become tokens: on the member's machine, never a value out.

Comes in: each identifier column, frame by frame, as read and as made canonical. Goes out: ``IdentifierQuality``.
Bounded: repeats are looked for among the first million identifiers of a file (8 bytes each), guessing among the first
hundred thousand.
"""

from dataclasses import dataclass, field

import polars as pl

from cleanroom.contracts.model import Column
from cleanroom.names import ColumnName
from cleanroom.quality.identity import IdentifierQuality

_HASHED_ROWS = 1_000_000
_GUESSED_ROWS = 100_000
GUESSES = 1_000
"""Attack: whoever has the collaboration key and one serial tries the numbers around it. Fewer tries than this to the next
serial held, and all of them can be listed in minutes on one core."""

_FEWEST_NUMBERED = 20
"""Numbers that differ only in their digits, from which on they are a series and not a coincidence."""

# Everything but the last run of digits names the series; of an e-mail the address before the @ is looked at.
_NUMBERED = r"^(?<before>.*?)(?<number>[0-9]{1,18})(?<after>[^0-9@]*)(?<domain>@.*)?$"


@dataclass(slots=True, kw_only=True)
class _Column:
    """What is known of one column so far; ``hashes`` and ``first`` are of valid identifiers, in the file's order."""

    profile: str
    rows: int = 0
    missing: int = 0
    malformed: int = 0
    hashed: int = 0
    hashes: list[pl.Series] = field(default_factory=list, repr=False)
    kept: int = 0
    first: list[pl.Series] = field(default_factory=list, repr=False)


class Identities:
    """``add`` each frame's identifier columns, in any order of columns; ``quality`` at the end."""

    def __init__(self) -> None:
        self._columns: dict[ColumnName, _Column] = {}

    def add(self, column: Column, profile: str, text: pl.Series, canonical: pl.Series) -> None:
        """One frame of ``column``: its cells, and what ``profile`` made of them (null where nothing)."""
        known = self._columns.setdefault(column.name, _Column(profile=profile))
        missing = text.null_count()
        known.rows += text.len()
        known.missing += missing
        known.malformed += canonical.null_count() - missing
        if known.hashed >= _HASHED_ROWS:
            return
        present = canonical.drop_nulls().head(_HASHED_ROWS - known.hashed)
        known.hashes.append(present.hash())
        known.hashed += present.len()
        if known.kept < _GUESSED_ROWS:
            known.first.append(present.head(_GUESSED_ROWS - known.kept))
            known.kept += known.first[-1].len()

    def quality(self) -> tuple[IdentifierQuality, ...]:
        """By column name."""
        return tuple(_quality(name, known) for name, known in sorted(self._columns.items()))


def _quality(name: ColumnName, known: _Column) -> IdentifierQuality:
    measured = known.hashed
    looked_at = pl.concat(known.first).rename("identifier") if known.first else pl.Series("identifier", [], pl.String)
    # Counted over the beginning of a long file, told for all that was measured.
    guessable = guessable_rows(looked_at) * measured // max(1, looked_at.len())
    return IdentifierQuality(
        column=str(name),
        profile=known.profile,
        rows=known.rows,
        missing=known.missing,
        malformed=known.malformed,
        measured=measured,
        repeated=measured - (pl.concat(known.hashes).n_unique() if known.hashes else 0),
        guessable=guessable,
    )


def guessable_rows(identifiers: pl.Series) -> int:
    """How many rows hold an identifier with another one of its series fewer than ``GUESSES`` numbers away.

    A series is what is equal but for the last run of digits, of equal length; ``identifiers`` has no nulls.
    """
    parts = (
        identifiers.alias("identifier")
        .to_frame()
        .select(pl.col("identifier").str.extract_groups(_NUMBERED).struct.unnest())
    )
    numbers = (
        parts.filter(pl.col("number").is_not_null())
        .select(
            pl.struct("before", "after", "domain", pl.col("number").str.len_bytes()).hash().alias("series"),
            pl.col("number").cast(pl.Int64),
        )
        .group_by("series", "number")
        .agg(pl.len().alias("rows"))
        .filter(pl.len().over("series") >= _FEWEST_NUMBERED)
        .sort("series", "number")
    )
    is_next = (pl.col("series") == pl.col("series").shift(1)) & (pl.col("number").diff() < GUESSES)
    near = is_next.fill_null(value=False) | is_next.shift(-1).fill_null(value=False)
    return int(numbers.filter(near)["rows"].sum())
