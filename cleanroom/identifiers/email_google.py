"""``email.google@1``: Google's customer-match rule as first published with the Data Manager client.

Trimmed, lower case; at gmail.com and googlemail.com dots removed, ``+suffix`` kept (later releases of Google's client
drop it: that would be ``@2``). White space inside is refused. Source: Google's published formatter cases.
"""

import polars as pl

from cleanroom.identifiers.email_shape import SIMPLE, parts
from cleanroom.identifiers.profile import Canonical, Invalid, Outcome, Profile

_DOTLESS = ("gmail.com", "googlemail.com")


def normalise(text: str, region: str | None = None) -> Outcome:  # noqa: ARG001 - e-mail has no region
    """The canonical address, or why there is none."""
    lowered = text.strip().lower()
    found = parts(lowered)
    if isinstance(found, Invalid):
        return found
    if any(char.isspace() for char in lowered):
        return Invalid("white space inside")
    local, domain = found
    if domain in _DOTLESS:
        local = local.replace(".", "")
    if not local:
        return Invalid("nothing before the @")
    return Canonical(f"{local}@{domain}")


def fast(column: pl.Expr, region: str | None) -> pl.Expr:  # noqa: ARG001 - e-mail has no region
    """Plain ASCII addresses."""
    plain = pl.when(column.str.contains(SIMPLE)).then(column.str.strip_chars(" ").str.to_lowercase())
    result: pl.Expr = plain
    for domain in _DOTLESS:
        suffix = f"@{domain}"
        there = plain.str.ends_with(suffix)
        local = pl.when(there).then(plain).str.strip_suffix(suffix).str.replace_all(".", "", literal=True)
        result = pl.when(there).then(pl.when(local != "").then(local + suffix)).otherwise(result)
    return result


PROFILE = Profile(
    name="email.google@1",
    title="trimmed, lower case; at gmail.com and googlemail.com dots removed, +suffix kept (Google)",
    normalise=normalise,
    fast=fast,
)
