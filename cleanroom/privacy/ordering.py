"""ORDER BY and LIMIT over released values: withheld last, ties by the cell's key, so one answer has one order (pure).

Attack stopped: a sort that still knew the withheld numbers would show them as places. Withheld values all compare
equal, stand last in either direction, and LIMIT cuts after that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cmp_to_key, partial

from cleanroom.privacy.outputs import Cell, evaluate
from cleanroom.released import ShownValue, Withheld
from cleanroom.shape import OrderItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedCell:
    """A cell's key and what may be shown of its numbers."""

    key: tuple[ShownValue, ...]
    numbers: tuple[Cell, ...]


def ordered(cells: Sequence[ReleasedCell], items: Sequence[OrderItem], limit: int | None) -> list[ReleasedCell]:
    """``cells`` in the asked order, at most ``limit`` of them; by key where nothing else decides."""
    result = sorted(cells, key=cmp_to_key(_by_key))
    for item in reversed(items):
        result.sort(key=cmp_to_key(partial(_by_item, item)))
    return result if limit is None else result[:limit]


def _by_key(a: ReleasedCell, b: ReleasedCell) -> int:
    for left, right in zip(a.key, b.key, strict=True):
        order = _shown_order(left, right, nulls_first=False)
        if order:
            return order
    return 0


def _by_item(item: OrderItem, a: ReleasedCell, b: ReleasedCell) -> int:
    left, right = evaluate(item.value, a.key, a.numbers), evaluate(item.value, b.key, b.numbers)
    if isinstance(left, Withheld) or isinstance(right, Withheld):
        return isinstance(left, Withheld) - isinstance(right, Withheld)
    order = _shown_order(left, right, nulls_first=item.nulls_first)
    nulls_decide = left is None or right is None
    return -order if item.descending and not nulls_decide else order


def _shown_order(left: ShownValue, right: ShownValue, *, nulls_first: bool) -> int:
    if left is None or right is None:
        order = (left is None) - (right is None)
        return -order if nulls_first else order
    a, b = (_rank(left), left), (_rank(right), right)
    return (a > b) - (a < b)


def _rank(value: ShownValue) -> int:
    match value:
        case bool():
            return 0
        case int() | Decimal() | float():
            return 1
        case date():
            return 2
        case _:
            return 3
