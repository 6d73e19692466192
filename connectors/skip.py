"""Skip expressions: which rows of a file are no records of the contract (``StockCode in (POST, DOT)``).

A small closed language: conditions joined by ``and``. Text -> ``SkipRule``; a rule -> a polars expression. A rule that
does not parse refuses the mapping; a row that a condition cannot be asked about (an empty cell) is not skipped by it,
except by ``is empty``.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import and_

import polars as pl

from cleanroom.errors import DataRefused

_OPERATORS = (
    "is not empty", "is empty", "not in", "in", "starts with", "ends with", "contains", "matches",
    "<>", "!=", "<=", ">=", "=", "<", ">",
)  # fmt: skip
_OPERATOR = re.compile(
    r"\s*(?:(?P<symbol><>|!=|<=|>=|=|<|>)|\b(?P<word>" + "|".join(o.replace(" ", r"\s+") for o in _OPERATORS[:8])
    + r")(?![\w]))\s*",
    re.IGNORECASE,
)  # fmt: skip
_EXACT = pl.Decimal(38, 9)
_QUOTED_NAME = re.compile(r"\s*(?:\"([^\"]+)\"|`([^`]+)`)")
_ITEM = re.compile(r"\s*(?:'((?:[^']|'')*)'|([^',()]+?))\s*(,|\)|$)")
_SINGLE = re.compile(r"\s*(?:'((?:[^']|'')*)'|(.+?))\s*(?=$|\band\b)", re.IGNORECASE)
_AND = re.compile(r"\s*and\b\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """``column operator values``; ``values`` is empty for ``is empty``, one for all but the lists."""

    column: str
    operator: str
    values: tuple[str, ...] = ()

    def expression(self) -> pl.Expr:
        """True where the condition holds; null cells hold only ``is empty``."""
        cell = pl.col(self.column).str.strip_chars()
        cell = pl.when(cell != "").then(cell)
        match self.operator:
            case "is empty":
                return cell.is_null()
            case "is not empty":
                return cell.is_not_null()
            case "in":
                held = cell.is_in(self.values)
            case "not in":
                held = ~cell.is_in(self.values)
            case "=":
                held = self._same(cell)
            case "<>":
                held = ~self._same(cell)
            case "starts with":
                held = cell.str.starts_with(self.values[0])
            case "ends with":
                held = cell.str.ends_with(self.values[0])
            case "contains":
                held = cell.str.contains(self.values[0], literal=True)
            case "matches":
                held = cell.str.contains(f"^(?:{self.values[0]})$")
            case _:
                held = self._ordered(cell)
        return held.fill_null(value=False)

    def _same(self, cell: pl.Expr) -> pl.Expr:
        """Equal as text, or as a number (``0`` and ``0.00``)."""
        same, number = cell == self.values[0], _number(self.values[0])
        if number is None:
            return same
        return same | (cell.cast(_EXACT, strict=False) == pl.lit(number).cast(_EXACT)).fill_null(value=False)

    def _ordered(self, cell: pl.Expr) -> pl.Expr:
        number = _number(self.values[0])
        left = cell if number is None else cell.cast(_EXACT, strict=False)
        right = pl.lit(self.values[0]) if number is None else pl.lit(number).cast(_EXACT)
        match self.operator:
            case "<":
                return left < right
            case "<=":
                return left <= right
            case ">":
                return left > right
            case _:
                return left >= right


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipRule:
    """``text`` is the rule as written, shown in findings (it is the member's own mapping, not data)."""

    text: str
    conditions: tuple[Condition, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The outside columns it asks about."""
        return tuple(dict.fromkeys(condition.column for condition in self.conditions))

    def expression(self) -> pl.Expr:
        """True for rows to skip."""
        return reduce(and_, (condition.expression() for condition in self.conditions))


def parse_skip(text: str, *, place: str = "mapping") -> SkipRule:
    """The rule in ``text``.

    Raises:
        DataRefused: CR-D505 it does not parse.
    """
    conditions: list[Condition] = []
    at = 0
    while True:
        condition, at = _condition(text, at, place)
        conditions.append(condition)
        joined = _AND.match(text, at)
        if joined is None:
            break
        at = joined.end()
    if text[at:].strip():
        raise _refused(text, place)
    return SkipRule(text=text.strip(), conditions=tuple(conditions))


def _condition(text: str, at: int, place: str) -> tuple[Condition, int]:
    quoted = _QUOTED_NAME.match(text, at)
    found = _OPERATOR.search(text, quoted.end() if quoted else at)
    if found is None or (quoted and found.start() != quoted.end()):
        raise _refused(text, place)
    name = (quoted.group(1) or quoted.group(2)) if quoted else text[at : found.start()].strip()
    operator = " ".join((found.group("symbol") or found.group("word")).lower().split()).replace("!=", "<>")
    if not name:
        raise _refused(text, place)
    if operator in ("is empty", "is not empty"):
        return Condition(column=name, operator=operator), found.end()
    if operator in ("in", "not in"):
        values, end = _list(text, found.end(), place)
        return Condition(column=name, operator=operator, values=values), end
    value = _SINGLE.match(text, found.end())
    if value is None:
        raise _refused(text, place)
    single = _unquoted(value)
    if operator == "matches":
        _check_pattern(single, text, place)
    return Condition(column=name, operator=operator, values=(single,)), value.end()


def _list(text: str, at: int, place: str) -> tuple[tuple[str, ...], int]:
    if text[at : at + 1] != "(":
        raise _refused(text, place)
    values: list[str] = []
    at += 1
    while True:
        item = _ITEM.match(text, at)
        if item is None or item.group(3) == "":
            raise _refused(text, place)
        values.append(_unquoted(item))
        at = item.end()
        if item.group(3) == ")":
            return tuple(values), at


def _unquoted(found: re.Match[str]) -> str:
    quoted, bare = found.group(1), found.group(2)
    return quoted.replace("''", "'") if quoted is not None else bare.strip()


def _check_pattern(pattern: str, text: str, place: str) -> None:
    try:
        pl.select(pl.lit("").str.contains(f"^(?:{pattern})$"))
    except pl.exceptions.PolarsError:
        raise _refused(text, place) from None


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _refused(text: str, place: str) -> DataRefused:
    return DataRefused(
        "CR-D505",
        f"the skip expression `{text}` does not parse",
        help="write `Column in (A, B)`, `=`, `<>`, `<`, `>`, `is empty`, `starts with`, `matches`, joined by `and`",
        place=place,
    )
