"""Outside cells -> the text a contract column is made from: trimmed, joined, translated; empty is null."""

import polars as pl

from cleanroom.contracts.model import ColumnType, Role
from connectors.mapping import ColumnRule

_NUMBER_TAIL = r"^([0-9]+)\.0+$"
"""A number-like identifier that a spreadsheet or a data frame made a float of (``17850.0``)."""


def cell_text(rule: ColumnRule) -> pl.Expr:
    """The text of ``rule`` for each row; null where there is nothing."""
    parts = [_one(name, rule) for name in rule.sources]
    text = parts[0] if len(parts) == 1 else pl.concat_str(parts, separator=rule.separator, ignore_nulls=False)
    if rule.values:
        text = text.replace(dict(rule.values))
    if rule.template is not None:
        before, _, after = rule.template.partition("{}")
        text = pl.lit(before) + text + pl.lit(after)
    if rule.default is not None:
        text = text.fill_null(rule.default)
    return text


def has_number_tail(rule: ColumnRule) -> pl.Expr:
    """Rows in which a ``.0`` tail is removed."""
    return pl.any_horizontal(_trimmed(name).str.contains(_NUMBER_TAIL) for name in rule.sources).fill_null(value=False)


def is_identifying(rule: ColumnRule) -> bool:
    """Whether the column names things, so that ``17850.0`` means ``17850``."""
    column = rule.target
    named = column.role in (Role.KEY, Role.IDENTIFIER) or column.name.endswith("_id") or column.name == "sku"
    # A serial's and a GTIN's own profile settles its tail, with a note of its own.
    settled = column.normaliser is not None and rule.template is None and column.identifier_kind != "phone"
    return named and column.type is ColumnType.TEXT and not settled


def _one(name: str, rule: ColumnRule) -> pl.Expr:
    text = _trimmed(name)
    if is_identifying(rule):
        text = text.str.replace(_NUMBER_TAIL, "$1")
    nothing = text == ""
    if rule.empty:
        nothing = nothing | text.is_in(rule.empty)
    return pl.when(~nothing).then(text)


def _trimmed(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars()
