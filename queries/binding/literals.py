"""Constants to typed literals: everything that could fail at run time fails here (no cast is ever executed)."""

import re
from datetime import date
from decimal import Decimal

from sqlglot import exp

from cleanroom.contracts.model import ColumnType
from cleanroom.errors import Span
from cleanroom.shape import Literal, LiteralType, Operand
from queries.binding.context import Context, bare
from queries.limits import LIMITS
from queries.parameters import typed_value
from queries.refusal import Refusal, refusal

TYPE_OF_COLUMN = {
    ColumnType.TEXT: LiteralType.TEXT,
    ColumnType.INTEGER: LiteralType.INTEGER,
    ColumnType.DECIMAL: LiteralType.DECIMAL,
    ColumnType.BOOLEAN: LiteralType.BOOLEAN,
    ColumnType.DATE: LiteralType.DATE,
    ColumnType.TIMESTAMP: LiteralType.DATE,
}
"""What a column is compared with. A timestamp acts like its date; a token is compared with no literal at all."""

_NUMBER = re.compile(r"[0-9]{0,18}(?:\.[0-9]{0,18})?(?:[eE][+-]?[0-9]{1,2})?\Z")


_LOOSE_DAY = re.compile(r"\s*([0-9]{4})[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2})(?:[ T][0-9:.,Z+-]*)?)?\s*\Z")
_DAY_FIRST = re.compile(r"\s*([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})\s*\Z")
_MOMENTS = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.DATETIME, exp.DType.TIMESTAMPNTZ)


def is_constant(node: exp.Expr) -> bool:
    """Whether ``node`` is a literal, perhaps cast, or a parameter."""
    node = bare(node)
    if isinstance(node, exp.Neg):
        return is_constant(node.this)
    if isinstance(node, exp.Cast):
        return isinstance(node.this, exp.Literal)
    return isinstance(node, exp.Literal | exp.Boolean | exp.Null | exp.Placeholder)


def operand(node: exp.Expr, wanted: LiteralType, context: Context) -> Operand:
    """The constant ``node`` as an operand beside something of type ``wanted``.

    Raises:
        Refusal: CR-Q160 another type, CR-Q162 not a constant, CR-Q163 NULL, CR-Q164 not a date, CR-Q165 out of range,
            CR-Q126 a cast to something else, CR-Q17x parameters.
    """
    node = bare(node)
    span = context.span(node)
    if not is_constant(node):
        raise _not_constant(node, span)
    if isinstance(node, exp.Null):
        raise refusal(
            "CR-Q163", "null_comparison", "a comparison with NULL is never true", help="write IS NULL or IS NOT NULL",
            span=span,
        )  # fmt: skip
    if isinstance(node, exp.Placeholder):
        return context.parameters.operand(str(node.this or ""), wanted, span)
    literal = _literal(node, span)
    return _fitted(literal, wanted, span, context.text(node))


def _not_constant(node: exp.Expr, span: Span) -> Refusal:
    name = node.this if isinstance(node, exp.Column) and not node.table else None
    if isinstance(name, exp.Identifier) and name.args.get("quoted"):
        text = str(name.this).replace("'", "''")
        return refusal(
            "CR-Q162", "literal_operands", "a name in double quotes is a column, and a column is compared with literals",
            help="a text stands in single quotes", span=span, rewrite=f"'{text}'",
        )  # fmt: skip
    return refusal(
        "CR-Q162", "literal_operands", "a column is compared with literals and parameters only",
        help="compare a column with a value; columns of two datasets meet in ON or in date_diff", span=span,
    )  # fmt: skip


def number(node: exp.Expr, context: Context) -> Decimal:
    """The numeric constant ``node``, exact.

    Raises:
        Refusal: as ``operand``.
    """
    found = operand(node, LiteralType.DECIMAL, context)
    if isinstance(found, Literal) and isinstance(found.value, Decimal):
        return found.value
    raise refusal(
        "CR-Q174", "parameters", "a parameter stands in filters, not among the numbers of an output",
        help="write the number itself", span=context.span(node),
    )  # fmt: skip


def literal_of(node: exp.Expr, context: Context) -> Literal:
    """A constant with its own type, for the results of CASE.

    Raises:
        Refusal: as ``operand``; CR-Q169 for a parameter, which has no type of its own here.
    """
    node = bare(node)
    if not is_constant(node) or isinstance(node, exp.Placeholder):
        raise refusal(
            "CR-Q169", "case_results", "the results of CASE are literals",
            help="write THEN 'text' or a number; a column with a word for NULL is coalesce(column, 'none')",
            span=context.span(node),
        )  # fmt: skip
    return _literal(node, context.span(node))


def _literal(node: exp.Expr, span: Span | None) -> Literal:
    if isinstance(node, exp.Neg):
        inner = _literal(bare(node.this), span)
        if isinstance(inner.value, bool) or not isinstance(inner.value, int | Decimal):
            raise _mismatch(LiteralType.DECIMAL, inner.type, span)
        return Literal(type=inner.type, value=-inner.value, span=span)
    if isinstance(node, exp.Boolean):
        return Literal(type=LiteralType.BOOLEAN, value=bool(node.this), span=span)
    if isinstance(node, exp.Cast):
        if not (isinstance(node.to, exp.DataType) and node.to.this is exp.DType.DATE and node.this.is_string):
            raise refusal(
                "CR-Q126", "no_cast", "a cast is not part of the language, but for a literal to DATE",
                help="write DATE '2026-01-31'; a timestamp acts like its date", span=span,
                rewrite=_day_text(str(node.this.this)) if _is_moment(node) else None,
            )  # fmt: skip
        return _date(str(node.this.this), span)
    if isinstance(node, exp.Literal):
        return _text(str(node.this), span) if node.is_string else _number(str(node.this), span)
    raise refusal("CR-Q163", "null_comparison", "NULL has no place here", help="leave it out", span=span)


def _text(value: str, span: Span | None) -> Literal:
    return Literal(type=LiteralType.TEXT, value=value, span=span)


def _number(text: str, span: Span | None) -> Literal:
    value = Decimal(text) if _NUMBER.match(text) and text not in (".", "") else None
    if value is None or (value and not -9 <= value.adjusted() < LIMITS.max_digits):
        raise refusal(
            "CR-Q165", "literal_range", f"numbers have at most {LIMITS.max_digits} digits",
            help="write a shorter number", span=span,
        )  # fmt: skip
    if value == value.to_integral_value():
        return Literal(type=LiteralType.INTEGER, value=int(value), span=span)
    return Literal(type=LiteralType.DECIMAL, value=Decimal(format(value.normalize(), "f")), span=span)


def _date(text: str, span: Span | None) -> Literal:
    try:
        return typed_value("", LiteralType.DATE, text, span)
    except Refusal:
        raise refusal(
            "CR-Q164", "date_literals", "this is not a day of the calendar, written yyyy-mm-dd",
            help="write DATE '2026-01-31'", span=span, rewrite=_day_text(text),
        ) from None  # fmt: skip


def _is_moment(node: exp.Cast) -> bool:
    return isinstance(node.to, exp.DataType) and node.to.this in _MOMENTS and bool(node.this.is_string)


def _day_text(text: str) -> str | None:
    """``DATE '...'`` for a day written in another of the usual ways; a month alone is its first day."""
    written, turned = _LOOSE_DAY.match(text), _DAY_FIRST.match(text)
    if turned is not None:
        first, second = int(turned[1]), int(turned[2])
        # Which of the two is the month is known where the other cannot be one.
        month, day = (second, first) if first > 12 or first == second else (first, second)
        if month > 12 or (day <= 12 and day != month):
            return None
        return _day_text(f"{turned[3]}-{month}-{day}")
    if written is None:
        return None
    try:
        return f"DATE '{date(int(written[1]), int(written[2]), int(written[3] or 1)).isoformat()}'"
    except ValueError:
        return None


def _fitted(literal: Literal, wanted: LiteralType, span: Span | None, written: str) -> Literal:
    value = literal.value
    if wanted is LiteralType.DATE and isinstance(value, str):
        return _date(value, span)
    if wanted is LiteralType.DECIMAL and isinstance(value, int) and not isinstance(value, bool):
        return Literal(type=LiteralType.DECIMAL, value=Decimal(value), span=span)
    if literal.type is wanted:
        return literal
    raise _mismatch(wanted, literal.type, span, written)


def _a(kind: LiteralType) -> str:
    return f"an {kind}" if kind is LiteralType.INTEGER else f"a {kind}"


def _mismatch(wanted: LiteralType, found: LiteralType, span: Span | None, written: str = "") -> Refusal:
    rewrite = f"'{written}'" if wanted is LiteralType.TEXT and found is LiteralType.INTEGER and written else None
    return refusal(
        "CR-Q160", "comparable_types", f"{_a(wanted)} is compared with {_a(found)}",
        help=f"write {_a(wanted)} literal", span=span, rewrite=rewrite,
    )  # fmt: skip
