"""``email.meta@1``: Meta's rule: trimmed, lower case, nothing else. White space inside is refused."""

import polars as pl

from cleanroom.identifiers.email_shape import SIMPLE, parts
from cleanroom.identifiers.profile import Canonical, Invalid, Outcome, Profile


def normalise(text: str, region: str | None = None) -> Outcome:  # noqa: ARG001 - e-mail has no region
    """The canonical address, or why there is none."""
    lowered = text.strip().lower()
    found = parts(lowered)
    if isinstance(found, Invalid):
        return found
    if any(char.isspace() for char in lowered):
        return Invalid("white space inside")
    return Canonical(lowered)


def fast(column: pl.Expr, region: str | None) -> pl.Expr:  # noqa: ARG001 - e-mail has no region
    """Plain ASCII addresses."""
    return pl.when(column.str.contains(SIMPLE)).then(column.str.strip_chars(" ").str.to_lowercase())


PROFILE = Profile(name="email.meta@1", title="trimmed, lower case (Meta)", normalise=normalise, fast=fast)
