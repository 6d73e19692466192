"""Cursor pagination: a page, and where the next one begins.

A cursor is the last id or number of a page; ids are not secret to who may list them, so it needs no sealing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query

Item = TypeVar("Item")

Cursor = Annotated[str | None, Query(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""A route's parameter: where to go on."""

Limit = Annotated[int, Query(ge=1, le=500)]
"""A route's parameter: how many at most."""

DEFAULT_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """``next_cursor`` is None on the last page."""

    items: list[Item]
    next_cursor: str | None


def page_of(items: Sequence[Item], *, limit: int, key: Callable[[Item], object]) -> Page[Item]:
    """A page of ``items``, which were asked for with ``limit + 1``."""
    shown = list(items[:limit])
    return Page(items=shown, next_cursor=str(key(shown[-1])) if len(items) > limit else None)
