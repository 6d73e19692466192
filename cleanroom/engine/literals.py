"""Typed constants and names -> DuckDB SQL that means exactly them, whatever they hold.

Attack stopped: text that ends its own quotes; numbers that DuckDB would read as inexact DOUBLE, or that could overflow
a comparison on some rows and so turn an error into an oracle.
"""

import re
from datetime import date
from decimal import Decimal

from cleanroom.errors import IntegrityFailure, UsageProblem
from cleanroom.released import ShownValue
from cleanroom.shape import Literal, LiteralType, Operand

MAX_WHOLE_DIGITS = 18
"""Digits before the point: a comparison with any stored column then fits DECIMAL(38) and cannot fail."""

MAX_FRACTION_DIGITS = 18
"""Digits after the point, for the same reason."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}\Z")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*\Z")
_SQL_TYPES = {
    LiteralType.TEXT: "VARCHAR",
    LiteralType.INTEGER: "BIGINT",
    LiteralType.DECIMAL: "DECIMAL(36, 18)",
    LiteralType.BOOLEAN: "BOOLEAN",
    LiteralType.DATE: "DATE",
}


def quote_name(name: str) -> str:
    """``name`` as a quoted identifier.

    Raises:
        IntegrityFailure: CR-R201 when it is not a plain name; a bound name always is one.
    """
    if _NAME.match(name) is None:
        raise IntegrityFailure("CR-R201", "a name in the plan is not a plain identifier")
    return f'"{name}"'


def quote_text(text: str) -> str:
    """``text`` as a VARCHAR constant.

    Raises:
        UsageProblem: CR-R101 when it cannot be UTF-8 (a lone surrogate).
    """
    if _PLAIN.match(text):
        return "'" + text.replace("'", "''") + "'"
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise UsageProblem("CR-R101", "a text constant is not valid Unicode", help="remove the character") from None
    # Control characters travel as hex: no byte of theirs reaches the engine's lexer.
    return f"decode(unhex('{encoded.hex()}'))"


def quote_number(value: Decimal | int) -> str:
    """``value`` as an exact constant.

    Raises:
        UsageProblem: CR-R102 when it is not finite or has more than 18 digits before or after the point.
    """
    number = Decimal(value)
    if not number.is_finite():
        raise UsageProblem("CR-R102", "a number constant is not finite", help="use a plain number")
    text = format(number, "f")
    whole, _, fraction = text.lstrip("-").partition(".")
    fraction = fraction.rstrip("0")
    if len(whole.lstrip("0")) > MAX_WHOLE_DIGITS or len(fraction) > MAX_FRACTION_DIGITS:
        raise UsageProblem(
            "CR-R102",
            "a number constant has more than 18 digits before or after the point",
            help="use fewer digits",
        )
    body = f"{whole}.{fraction}" if fraction else whole
    return f"(-{body})" if number < 0 else body


def quote_date(value: date) -> str:
    """``value`` as a DATE constant."""
    return f"DATE '{value.isoformat()}'"


def quote_shown(value: ShownValue) -> str:
    """A cell's key value as a constant.

    Raises:
        IntegrityFailure: CR-R202 a kind of value that no key has.
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | Decimal():
            return f"({value:f})" if isinstance(value, Decimal) else f"({value})"
        case str():
            return quote_text(value)
        case date():
            return quote_date(value)
        case _:
            raise IntegrityFailure("CR-R202", "a cell key is of a type that has no constant")


def render_literal(operand: Operand) -> str:
    """A literal of a plan as a typed constant.

    Raises:
        IntegrityFailure: CR-R202 for a parameter without a value, or a value that is not of the literal's type.
        UsageProblem: CR-R101, CR-R102.
    """
    if not isinstance(operand, Literal):
        raise IntegrityFailure("CR-R202", "a plan holds a parameter without a value")
    match operand.type, operand.value:
        case kind, None:
            return f"CAST(NULL AS {_SQL_TYPES[kind]})"
        case LiteralType.TEXT, str(value):
            return quote_text(value)
        case LiteralType.BOOLEAN, bool(value):
            return "TRUE" if value else "FALSE"
        case LiteralType.INTEGER, int(value) if not isinstance(value, bool):
            return quote_number(value)
        case LiteralType.DECIMAL, Decimal() | int() as value if not isinstance(value, bool):
            return quote_number(value)
        case LiteralType.DATE, date() as value:
            return quote_date(value)
        case _:
            raise IntegrityFailure("CR-R202", "a constant's value is not of its stated type")
