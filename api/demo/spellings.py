"""Canonical e-mails, phones and serials -> what people type: the same thing in other spellings.

Every spelling made here means the same person or unit under the contracts' profiles; the demo's answers show that the
tokens agree although the texts do not.
"""

import numpy as np
import polars as pl


def typed_emails(draw: np.random.Generator, column: pl.Expr, rows: int) -> pl.Expr:
    """Upper case, stray spaces, dots dropped and ``+tags`` added at gmail.com (UID2's rules undo these)."""
    way = pl.Series(draw.choice(6, rows, p=[0.6, 0.12, 0.1, 0.06, 0.06, 0.06]))
    gmail = column.str.ends_with("@gmail.com")
    local, domain = column.str.split("@").list.get(0), column.str.split("@").list.get(1)
    return (
        pl.when(way == 1)
        .then(column.str.to_titlecase())
        .when(way == 2)
        .then(pl.lit(" ") + column + pl.lit(" "))
        .when((way == 3) & gmail)
        .then(local.str.replace_all(".", "", literal=True) + pl.lit("@") + domain)
        .when((way == 4) & gmail)
        .then(local + pl.lit("+shop@") + domain)
        .when(way == 5)
        .then(column.str.to_uppercase())
        .otherwise(column)
    )


def typed_phones(draw: np.random.Generator, column: pl.Expr, rows: int) -> pl.Expr:
    """``+447700900123`` as ``+44 7700 900123``, ``07700 900123``, ``(07700) 900-123`` ... with region GB."""
    way = pl.Series(draw.choice(5, rows))
    rest = column.str.slice(3)
    area, first, last = rest.str.slice(0, 4), rest.str.slice(4, 3), rest.str.slice(7)
    return (
        pl.when(way == 1)
        .then(pl.format("+44 {} {}{}", area, first, last))
        .when(way == 2)
        .then(pl.format("0{} {}{}", area, first, last))
        .when(way == 3)
        .then(pl.format("(0{}) {}-{}", area, first, last))
        .when(way == 4)
        .then(pl.format("0{}{}{}", area, first, last))
        .otherwise(column)
    )


def typed_serials(draw: np.random.Generator, column: pl.Expr, rows: int) -> pl.Expr:
    """Lower case and stray spaces around."""
    way = pl.Series(draw.choice(3, rows, p=[0.8, 0.12, 0.08]))
    return (
        pl.when(way == 1)
        .then(column.str.to_lowercase())
        .when(way == 2)
        .then(pl.lit("  ") + column + pl.lit(" "))
        .otherwise(column)
    )
