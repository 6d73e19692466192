"""Walking a shape: every node of the vocabulary, each type's fields looked up once."""

from dataclasses import fields, is_dataclass
from functools import cache

from cleanroom import shape as vocabulary


@cache
def child_fields(kind: type) -> tuple[str, ...] | None:
    """The fields of a vocabulary type that hold content (not places); None for any other type."""
    if kind.__module__ != vocabulary.__name__ or not is_dataclass(kind):
        return None
    return tuple(item.name for item in fields(kind) if item.name != "span")
