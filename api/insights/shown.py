"""Cells as text for reading: thousands grouped, decimals without trailing zeros, NULL as a dash. Pure."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from cleanroom.delivery.about import REASON_TEXTS
from cleanroom.released import Reason, Withheld

_LONGEST = 10**15


def as_text(value: object, places: int = 0) -> str:
    """A cell for reading; a fraction with at least ``places`` decimals."""
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
            return _trimmed(f"{value:,.4f}", places) if -_LONGEST < value < _LONGEST else format(value, "f")
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


def places_of(values: Iterable[object]) -> int:
    """Decimals the longest fraction of a column is read with: all of them then line up."""
    texts = (as_text(value) for value in values if isinstance(value, float | Decimal) and -_LONGEST < value < _LONGEST)
    return max((len(text.partition(".")[2]) for text in texts), default=0)


def _trimmed(text: str, places: int) -> str:
    whole, _, fraction = text.partition(".")
    kept = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{kept}" if kept else whole
