"""Outside cells -> the text a contract column is made from: trimmed, joined, translated; empty is null."""

import polars as pl

from cleanroom.contracts.model import ColumnType, Role
from connectors.coded import Coded, constant
from connectors.mapping import ColumnRule
from connectors.rows import Frame

_NUMBER_TAIL = r"^([0-9]+)\.0$"
"""A number-like identifier that a spreadsheet or a data frame made a float of (``17850.0``)."""


def cell_text(frame: Frame, rule: ColumnRule) -> Coded:
    """The text of ``rule`` for each row; null where there is nothing. A rule without sources is a constant."""
    if not rule.sources:
        return constant(rule.default, frame.height)
    parts = [frame.columns[name].map(lambda cells: _one(cells, rule)) for name in rule.sources]
    text = parts[0]
    if len(parts) > 1:
        joined = pl.concat_str([pl.lit(part.rows()) for part in parts], separator=rule.separator)
        text = Coded(pl.select(joined).to_series())
    text = text.map(lambda cells: _worded(cells, rule))
    return Coded(text.rows().fill_null(rule.default)) if rule.default is not None and text.null_count else text


def number_tails(frame: Frame, rule: ColumnRule) -> pl.Series | None:
    """Rows in which a ``.0`` tail is removed, None if there is none."""
    found: pl.Series | None = None
    for name in rule.sources if is_identifying(rule) else ():
        column = frame.columns[name]
        if column.values.str.ends_with(".0").any():
            rows = column.marked(column.values.str.contains(_NUMBER_TAIL))
            found = rows if found is None else found | rows
    return found


def is_identifying(rule: ColumnRule) -> bool:
    """Whether the column names things, so that ``17850.0`` means ``17850``."""
    column = rule.target
    named = column.role in (Role.KEY, Role.IDENTIFIER) or column.name.endswith("_id") or column.name == "sku"
    # A serial's own profile settles its tail, with a note of its own.
    settled = column.identifier_kind == "serial" and rule.template is None
    return named and column.type is ColumnType.TEXT and not settled


def _worded(cells: pl.Series, rule: ColumnRule) -> pl.Series:
    text = cells.replace(dict(rule.values)) if rule.values else cells
    if rule.template is not None:
        before, _, after = rule.template.partition("{}")
        text = before + text + after
    return text


def _one(cells: pl.Series, rule: ColumnRule) -> pl.Series:
    text = cells.str.strip_chars()
    # Looked for before it is replaced: most columns have none, and a regular expression costs more than the read.
    if is_identifying(rule) and text.str.ends_with(".0").any():
        text = text.str.replace(_NUMBER_TAIL, "$1")
    nothing = text == ""
    if rule.empty:
        nothing = nothing | text.is_in(rule.empty)
    return text.set(nothing.fill_null(value=False), None) if nothing.any() else text
