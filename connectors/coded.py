"""A column of text as its distinct values and where each stands: what repeats is worked on once.

Shops, regions, articles and days repeat all over a file. ``Coded`` holds a column either row by row (``places`` is None)
or as ``values`` and the ``places`` in them of each row, null for none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

_SAMPLE = 2_048
_OFTEN = 4
"""A column is coded when its first rows hold each value at least this often."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One column; ``values`` may also hold nulls and, after a change, a value twice."""

    values: pl.Series = field(repr=False)
    places: pl.Series | None = field(default=None, repr=False)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.values.len() if self.places is None else self.places.len()

    @property
    def null_count(self) -> int:
        """How many rows hold nothing."""
        if self.places is None or self.values.null_count():
            return self.rows().null_count()
        return self.places.null_count()

    def map(self, change: Callable[[pl.Series], pl.Series]) -> "Coded":
        """The column after ``change``, a function of single values."""
        return Coded(change(self.values), self.places)

    def rows(self, of: pl.Series | None = None) -> pl.Series:
        """Row by row: the values, or what ``of`` says of each of them."""
        told = self.values if of is None else of
        return told if self.places is None else told.gather(self.places)

    def marked(self, marks: pl.Series) -> pl.Series:
        """The rows (true) whose value ``marks`` is true of; false where there is none."""
        return self.rows(marks.fill_null(value=False)).fill_null(value=False)

    def head(self, count: int) -> pl.Series:
        """The first ``count`` rows."""
        return Coded(self.values, None if self.places is None else self.places.head(count)).rows().head(count)

    def filter(self, keep: pl.Series) -> "Coded":
        """The rows that ``keep`` marks, and no value that only others had."""
        if self.places is None:
            return Coded(self.values.filter(keep))
        places = self.places.filter(keep)
        return Coded(self.values.gather(places.drop_nulls().unique().sort()), places.rank("dense").cast(pl.UInt32) - 1)

    def to_arrow(self, kind: pa.DataType) -> pa.Array:
        """The rows in Arrow, as ``kind``; text also with long offsets or as a dictionary, which Parquet stores alike."""
        if self.places is not None and self.values.dtype == pl.String:
            return _dictionary(self.values, self.places)
        array = self.rows().to_arrow(compat_level=pl.CompatLevel.oldest())
        # Casting long offsets would copy every string once more.
        return array if pa.types.is_large_string(array.type) else array.cast(kind)


def _dictionary(values: pl.Series, places: pl.Series) -> pa.DictionaryArray:
    """Each value once and none of them null, as Parquet's dictionaries want it."""
    distinct = values.drop_nulls().unique(maintain_order=True)
    if distinct.len() != values.len():
        places = values.cast(pl.Enum(distinct)).to_physical().cast(pl.UInt32).gather(places)
    indices = places.cast(pl.Int32).to_arrow()
    return pa.DictionaryArray.from_arrays(indices, distinct.to_arrow(compat_level=pl.CompatLevel.oldest()))


def coded(texts: pa.Array) -> Coded:
    """``texts`` coded, if its first rows repeat themselves."""
    sample = texts.slice(0, _SAMPLE)
    if len(pc.unique(sample)) * _OFTEN > len(sample):
        return Coded(pl.Series(pl.from_arrow(texts)))
    encoded = pc.dictionary_encode(texts)
    return Coded(
        pl.Series(pl.from_arrow(encoded.dictionary)), pl.Series(pl.from_arrow(encoded.indices)).cast(pl.UInt32)
    )


def constant(text: str | None, height: int) -> Coded:
    """``text`` in every row."""
    return Coded(pl.Series([text], dtype=pl.String), pl.repeat(0, height, dtype=pl.UInt32, eager=True))
