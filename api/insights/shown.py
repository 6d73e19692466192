"""Cells as text for reading: thousands grouped, decimals without trailing zeros, NULL as a dash. Pure."""

from datetime import date
from decimal import Decimal

from cleanroom.delivery.about import REASON_TEXTS
from cleanroom.released import Reason, Withheld

_LONGEST = 10**15


def as_text(value: object) -> str:
    """A cell for reading."""
    match value:
        case None:
            return "\N{EN DASH}"
        case Withheld():
            return "withheld"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float() | Decimal():
            return _trimmed(f"{value:,.4f}") if -_LONGEST < value < _LONGEST else format(value, "f")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def reason_text(reason: Reason | str) -> str:
    """Why a number is withheld."""
    return REASON_TEXTS[Reason(reason)]


def is_numeric(value: object) -> bool:
    """Whether it is read from the right."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_withheld(value: object) -> bool:
    """Whether it did not leave."""
    return isinstance(value, Withheld)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
