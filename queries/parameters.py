"""Parameters: what a template declares, what a caller gives, and the typed literal that stands in the tree.

A value is parsed to its declared type and bound as a node; it never becomes text again (INVARIANT I7). Refusals name the
parameter and its type, never the value (I15).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from cleanroom.errors import Span, Violation
from cleanroom.shape import Literal, LiteralType, Operand, Parameter
from queries.limits import LIMITS
from queries.refusal import refusal

GivenValue = str | int | bool | Decimal | date
"""A value as callers have it: text from a command line or form, JSON scalars, or Python values."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,9})?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_EXAMPLES = {
    LiteralType.DATE: "2026-01-31",
    LiteralType.INTEGER: "12",
    LiteralType.DECIMAL: "12.5",
    LiteralType.BOOLEAN: "true or false",
    LiteralType.TEXT: "a text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declared parameter; bounds are inclusive, ``allowed`` empty means any."""

    name: str
    type: LiteralType
    description: str = ""
    allowed: tuple[Literal, ...] = ()
    minimum: Literal | None = None
    maximum: Literal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Declarations and values of one question.

    A template's parameters are ``declared``. Ad hoc text declares none: there a value takes the type of what it is
    compared with, and a parameter without a value is refused. ``complete``: the declarations are all there are, and
    each of them is used, as in a template.
    """

    declared: Mapping[str, Declared] = field(default_factory=dict)
    given: Mapping[str, GivenValue] = field(default_factory=dict)
    complete: bool = False

    def operand(self, name: str, wanted: LiteralType, span: Span | None) -> Operand:
        """The literal (or open parameter) for ``:name`` compared with something of type ``wanted``.

        Raises:
            Refusal: CR-Q170 not declared and no value, CR-Q171 its value is not of its type, CR-Q172 outside the
                declared values, CR-Q160 declared with a type that does not match what it is compared with.
        """
        declared = self.declared.get(name)
        if declared is None and (self.complete or name not in self.given):
            raise refusal(
                "CR-Q170", "parameters", f"no parameter `{name}` is declared",
                help="declare it in the template's front matter, or give it a value", span=span,
            )  # fmt: skip
        if declared is not None and not _fits(declared.type, wanted):
            raise refusal(
                "CR-Q160", "comparable_types", f"`:{name}` is declared {declared.type} and stands beside a {wanted}",
                help=f"declare it as type {wanted}", span=span,
            )  # fmt: skip
        if name not in self.given:
            return Parameter(name=name, type=wanted, span=span)
        if declared is not None:
            check_value(declared, self.given[name], span)
        # INVARIANT I15: a value has no place in the text, so that no refusal's rewrite repeats it.
        return replace(typed_value(name, wanted, self.given[name], span), span=None)


def unused(parameters: Parameters, used: frozenset[str]) -> tuple[Violation, ...]:
    """Parameters given or declared that the text does not have: a value that changes nothing misleads its giver."""
    names = sorted({*parameters.given, *parameters.declared} - used)
    return tuple(
        refusal(
            "CR-Q175", "parameters", f"no parameter `{_readable(name)}` stands in this query",
            help="parameters are written `:name`; see that the names agree",
        ).violation
        for name in names
    )  # fmt: skip


def _readable(name: str) -> str:
    return "".join(char if char.isprintable() and char != "`" else "?" for char in name)[:64]


def _fits(declared: LiteralType, wanted: LiteralType) -> bool:
    return declared is wanted or (declared is LiteralType.INTEGER and wanted is LiteralType.DECIMAL)


def typed_value(name: str, kind: LiteralType, given: GivenValue, span: Span | None = None) -> Literal:
    """``given`` as a literal of type ``kind``.

    Raises:
        Refusal: CR-Q171, naming the parameter and its type and never the value.
    """
    try:
        value = _VALUES[kind](given)
    except (ValueError, InvalidOperation, OverflowError):
        value = None
    if value is None:
        raise refusal(
            "CR-Q171", "parameters", f"the value of parameter `{name}` is not of type {kind}",
            help=f"give it like this: {name}={_EXAMPLES[kind]}", span=span,
        )  # fmt: skip
    return Literal(type=kind, value=value, span=span)


def check_value(declared: Declared, given: GivenValue, span: Span | None = None) -> None:
    """Hold ``given`` to the declared type, values and range.

    Raises:
        Refusal: CR-Q171 or CR-Q172.
    """
    literal = typed_value(declared.name, declared.type, given, span)
    outside = bool(declared.allowed) and literal not in declared.allowed
    for limit, below in ((declared.minimum, True), (declared.maximum, False)):
        if limit is not None and limit.value is not None and literal.value is not None:
            outside = outside or (literal.value < limit.value if below else literal.value > limit.value)  # type: ignore[operator]
    if outside:
        raise refusal(
            "CR-Q172", "parameters", f"the value of parameter `{declared.name}` is not one the template allows",
            help="see the template's front matter for the allowed values or range", span=span,
        )  # fmt: skip


def _text(given: GivenValue) -> str | None:
    if not isinstance(given, str) or len(given) > LIMITS.max_literal_chars or not given.isprintable():
        return None
    return given


def _integer(given: GivenValue) -> int | None:
    if isinstance(given, bool):
        return None
    if isinstance(given, int):
        return given if abs(given) < 10**LIMITS.max_digits else None
    return int(given) if isinstance(given, str) and _INTEGER.match(given) else None


def _decimal(given: GivenValue) -> Decimal | None:
    if isinstance(given, bool):
        return None
    if isinstance(given, Decimal) and not given.is_finite():
        return None
    text = format(given, "f") if isinstance(given, Decimal) else str(given)
    return _plain_decimal(Decimal(text)) if _DECIMAL.match(text) else None


def _plain_decimal(value: Decimal) -> Decimal:
    """One spelling per number: no trailing zeros, no exponent."""
    return Decimal(format(value.normalize(), "f"))


def _boolean(given: GivenValue) -> bool | None:
    if isinstance(given, bool):
        return given
    return {"true": True, "false": False}.get(given.lower()) if isinstance(given, str) else None


def _date(given: GivenValue) -> date | None:
    if isinstance(given, date):
        return given if type(given) is date else None
    return date.fromisoformat(given) if isinstance(given, str) and _DATE.match(given) else None


_VALUES = {
    LiteralType.TEXT: _text,
    LiteralType.INTEGER: _integer,
    LiteralType.DECIMAL: _decimal,
    LiteralType.BOOLEAN: _boolean,
    LiteralType.DATE: _date,
}
