"""What X12 and EDIFACT sales reports have in common: one row per product, store, period and activity.

``sale_id`` is built from what the row is about (sender, period, store, product, activity), never from control numbers,
so that the same week sent again meets its earlier self. Rows alike in all of these are numbered in their order.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

COLUMNS = (
    "sale_id",
    "store_id",
    "channel",
    "sale_date",
    "transaction_id",
    "line_no",
    "gtin",
    "sku",
    "model",
    "brand",
    "serial",
    "quantity",
    "unit_price",
    "net_amount",
    "currency",
    "activity",
    "period_start",
    "period_end",
    "sender",
    "report",
)
IDENTITY = {name: name for name in COLUMNS[:15]}
"""The default mapping: these columns are named as in the sales contract."""

_MAX_NUMBER_CHARS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """First and last day as ISO dates; either may be missing."""

    start: str | None = None
    end: str | None = None


@dataclass(slots=True, kw_only=True)
class Line:
    """One product line being read."""

    gtin: str | None = None
    sku: str | None = None
    model: str | None = None
    number: str | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    serials: list[str] = field(default_factory=list)


class Numbering:
    """Gives each row its ``sale_id``; equal keys get ``#2``, ``#3`` in the order of the file."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def next(self, *parts: str | None) -> str:
        """The id made of ``parts``."""
        key = ":".join(part or "-" for part in parts)
        self._seen[key] += 1
        return key if self._seen[key] == 1 else f"{key}#{self._seen[key]}"


def number(text: str | None) -> Decimal | None:
    """The exact number in ``text``, or None if there is none (empty, not finite, longer than 30 characters)."""
    plain = (text or "").strip()
    if not plain or len(plain) > _MAX_NUMBER_CHARS or not set(plain) <= set("0123456789.-+"):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def plain(value: Decimal | None) -> str | None:
    """The number without an exponent."""
    return None if value is None else format(value, "f")


def iso_date(text: str | None) -> str | None:
    """``CCYYMMDD`` or ``YYMMDD`` (20YY below 70) as ISO date; None if it is not a day of the calendar."""
    digits = (text or "").strip()
    if not digits.isdecimal() or not digits.isascii():
        return None
    if len(digits) == 6:
        digits = ("20" if digits < "70" else "19") + digits
    if len(digits) < 8:
        return None
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    if not (1900 <= year <= 2199 and 1 <= month <= 12 and 1 <= day <= _days(year, month)):
        return None
    return f"{year:04d}-{month:02d}-{day:02d}"


def _days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def row(
    *,
    sale_id: str,
    store: str | None,
    line: Line,
    quantity: Decimal,
    amount: Decimal | None,
    period: Period,
    activity: str,
    sender: str | None,
    report: str | None,
    currency: str | None,
    transaction: str | None = None,
    serial: str | None = None,
) -> list[str | None]:
    """Cells in the order of ``COLUMNS``."""
    return [
        sale_id,
        store,
        "store",
        period.end or period.start,
        transaction,
        line.number,
        line.gtin,
        line.sku,
        line.model,
        None,
        serial,
        plain(quantity),
        plain(line.price),
        plain(amount),
        currency,
        activity,
        period.start or period.end,
        period.end or period.start,
        sender,
        report,
    ]


def split_amount(amount: Decimal | None, parts: int) -> list[Decimal | None]:
    """Equal shares of four decimals whose sum is exactly ``amount``; the last one takes the rest."""
    if amount is None:
        return [None] * parts
    share = (amount / parts).quantize(Decimal("0.0001"))
    return [*[share] * (parts - 1), amount - share * (parts - 1)]
