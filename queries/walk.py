"""Walking a shape: every node of the vocabulary, each type's fields looked up once."""

from dataclasses import fields, is_dataclass

from cleanroom import shape as vocabulary

_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(item.name for item in fields(kind) if item.name != "span")
    for kind in vars(vocabulary).values()
    if isinstance(kind, type) and kind.__module__ == vocabulary.__name__ and is_dataclass(kind)
}


def child_fields(kind: type) -> tuple[str, ...] | None:
    """The fields of a vocabulary type that hold content (not places); None for any other type."""
    return _FIELDS.get(kind)
