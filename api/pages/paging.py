"""Long lists on pages: so many at a time, and where the older ones begin."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

PAGE_SIZE = 50


def older(found: Sequence[Item], key: Callable[[Item], object]) -> str:
    """The cursor of the next page of ``found``, which was asked for with one more than a page; empty on the last."""
    return str(key(found[PAGE_SIZE - 1])) if len(found) > PAGE_SIZE else ""
