"""``email.uid2@1``: Unified ID 2.0's rule, as its public operator applies it.

ASCII letters to lower case; spaces around and inside the local part removed; at gmail.com, and only there, dots and
everything from the first plus removed. Exactly one ``@`` with something on both sides. Source: uid2-operator's
documented behaviour and its published cases. Ours on top: tabs and line ends around are trimmed too, and control
characters inside are refused (the operator would hash them).
"""

import polars as pl

from cleanroom.identifiers.email_shape import SIMPLE, parts
from cleanroom.identifiers.profile import Canonical, Invalid, Outcome, Profile

_AT_GMAIL = "@gmail.com"
_UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def normalise(text: str, region: str | None = None) -> Outcome:  # noqa: ARG001 - e-mail has no region
    """The canonical address, or why there is none."""
    found = parts(text.translate(_UPPER))
    if isinstance(found, Invalid):
        return found
    local, domain = found[0].replace(" ", ""), found[1]
    if domain == "gmail.com":
        local = local.partition("+")[0].replace(".", "")
    if not local:
        return Invalid("nothing before the @")
    return Canonical(f"{local}@{domain}")


def fast(column: pl.Expr, region: str | None) -> pl.Expr:  # noqa: ARG001 - e-mail has no region
    """Plain ASCII addresses without spaces inside."""
    plain = pl.when(column.str.contains(SIMPLE)).then(column.str.strip_chars(" ").str.to_lowercase())
    at_gmail = plain.str.ends_with(_AT_GMAIL)
    # Null everywhere else, and string kernels pass over nulls: only Gmail's share pays for the rewriting.
    local = pl.when(at_gmail).then(plain).str.strip_suffix(_AT_GMAIL).str.replace(r"\+.*", "")
    local = local.str.replace_all(".", "", literal=True)
    return pl.when(at_gmail).then(pl.when(local != "").then(local + _AT_GMAIL)).otherwise(plain)


PROFILE = Profile(
    name="email.uid2@1",
    title="lower case; at gmail.com dots and +suffix removed (Unified ID 2.0)",
    normalise=normalise,
    fast=fast,
)
