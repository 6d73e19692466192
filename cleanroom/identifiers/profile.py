"""What a normaliser profile is: a named, versioned rule from what people type to one canonical text.

A profile has a scalar form, which is the rule, and a ``fast`` form, a polars expression that either gives exactly
what the scalar form gives or null ("ask the scalar form"). ``normalise_column`` joins the two; property tests hold
``fast(x) in (null, scalar(x))``. A published profile never changes: a better rule is a new version.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Canonical:
    """The canonical text. ``note`` is set when something was repaired on the way, in words without the value."""

    text: str
    note: str | None = None

    def __repr__(self) -> str:
        """Without the text: a canonical identifier is still an identifier (INVARIANT I15)."""
        return f"Canonical(note={self.note!r})"


@dataclass(frozen=True, slots=True)
class Invalid:
    """Not an identifier of this kind; ``reason`` is in words, without the value."""

    reason: str


Outcome = Canonical | Invalid
Normalise = Callable[[str, str | None], Outcome]
"""(text, region) -> outcome; ``region`` is an ISO 3166 alpha-2 code or None."""
Fast = Callable[[pl.Expr, str | None], pl.Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """``name`` is ``<rule>@<version>``; ``title`` says the rule in one line."""

    name: str
    title: str
    normalise: Normalise
    fast: Fast


ASCII_SPACE = " \t\n\r\f\v"
EMPTY = Invalid("empty")


def never(column: pl.Expr, region: str | None) -> pl.Expr:  # noqa: ARG001 - the shape of a fast form
    """A fast form that always asks the scalar form."""
    return pl.when(column.is_null() & column.is_not_null()).then(column)
