"""A whole column through a profile: the fast form first, the scalar form for what it left."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from cleanroom.identifiers.profile import Canonical, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedColumn:
    """``canonical`` has the input's length, null where there was nothing or nothing valid.

    ``invalid`` and ``notes`` map a reason to a boolean column that marks the rows it is true of. A blank cell is not
    invalid: it is absent.
    """

    canonical: pl.Series
    invalid: Mapping[str, pl.Series]
    notes: Mapping[str, pl.Series]


def normalise_column(profile: Profile, column: pl.Series, *, region: str | None = None) -> NormalisedColumn:
    """``column`` (text) under ``profile``; equal, value by value, to the scalar form."""
    frame = column.alias("value").to_frame().lazy()  # lazy: sub-expressions that recur are computed once
    quick = frame.select(profile.fast(pl.col("value"), region).cast(pl.String).alias("quick")).collect().to_series()
    open_rows = quick.is_null() & column.is_not_null()
    if not open_rows.any():
        return NormalisedColumn(canonical=quick.alias(column.name), invalid={}, notes={})
    return _settled(profile, column, quick, open_rows, region)


def _settled(
    profile: Profile, column: pl.Series, quick: pl.Series, open_rows: pl.Series, region: str | None
) -> NormalisedColumn:
    values = column.filter(open_rows).unique().to_list()
    texts: list[str | None] = []
    reasons: list[str | None] = []
    notes: list[str | None] = []
    for value in values:
        outcome = profile.normalise(value, region)
        canonical = isinstance(outcome, Canonical)
        texts.append(outcome.text if isinstance(outcome, Canonical) else None)
        notes.append(outcome.note if isinstance(outcome, Canonical) else None)
        reasons.append(None if canonical or not value.strip() else getattr(outcome, "reason", None))
    table = pl.DataFrame(
        {"value": values, "text": texts, "reason": reasons, "note": notes},
        schema={"value": pl.String, "text": pl.String, "reason": pl.String, "note": pl.String},
    )
    open_values = pl.when(open_rows).then(column).alias("value")
    joined = pl.select(open_values).join(table, on="value", how="left", maintain_order="left")
    return NormalisedColumn(
        canonical=pl.select(pl.coalesce(quick, joined["text"])).to_series().alias(column.name),
        invalid=_marks(joined["reason"]),
        notes=_marks(joined["note"]),
    )


def _marks(reasons: pl.Series) -> dict[str, pl.Series]:
    found = sorted(reason for reason in reasons.unique().to_list() if reason is not None)
    return {reason: (reasons == reason).fill_null(value=False) for reason in found}
