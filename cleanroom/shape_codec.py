"""Canonical bytes <-> the frozen vocabulary, an exact round trip: how questions and plans are remembered.

``canonical_json`` writes; this reads, into the types of ``cleanroom.shape`` and ``cleanroom.plan`` and no others.
Spans are not kept: they do not compare. What reads back differently than it was written is refused.
"""

import inspect
import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from cleanroom import plan as plan_module
from cleanroom import shape as shape_module
from cleanroom.canonical import canonical_json
from cleanroom.errors import IntegrityFailure
from cleanroom.plan import Plan
from cleanroom.shape import QueryShape

Decoded = TypeVar("Decoded")


def shape_from_bytes(content: bytes) -> QueryShape:
    """The shape that ``canonical_json`` wrote.

    Raises:
        IntegrityFailure: CR-R404 when the bytes are not exactly a canonical shape.
    """
    return value_from_bytes(content, QueryShape)


def plan_from_bytes(content: bytes) -> Plan:
    """The plan that ``canonical_json`` wrote.

    Raises:
        IntegrityFailure: CR-R404 when the bytes are not exactly a canonical plan.
    """
    return value_from_bytes(content, Plan)


def value_from_bytes(content: bytes, kind: type[Decoded]) -> Decoded:
    """A value of the vocabulary's type ``kind`` from its canonical bytes.

    Raises:
        IntegrityFailure: CR-R404 when the bytes are not exactly the canonical form of such a value.
    """
    try:
        value = _decoded(json.loads(content), kind)
        exact = isinstance(value, kind) and canonical_json(value) == content
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        exact = False
    if not exact:
        raise IntegrityFailure("CR-R404", "a remembered question does not read back as it was written")
    assert isinstance(value, kind)  # noqa: S101 - narrows for the type checker; checked above
    return value


@cache
def _vocabulary() -> Mapping[str, type]:
    return {
        name: item
        for module in (shape_module, plan_module)
        for name, item in inspect.getmembers(module, inspect.isclass)
        if is_dataclass(item) and item.__module__ == module.__name__
    }


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _decoded(value: object, hint: Any) -> object:
    match value:
        case dict() if set(value) == {"$decimal"}:
            return Decimal(value["$decimal"])
        case dict() if set(value) == {"$date"}:
            return date.fromisoformat(value["$date"])
        case dict() if "$" in value:
            return _dataclass(_vocabulary()[value["$"]], value, hint)
        case dict():
            of_value = get_args(hint)[1]
            return {key: _decoded(item, of_value) for key, item in value.items()}
        case list():
            return tuple(_decoded(item, of) for item, of in zip(value, _item_hints(hint, len(value)), strict=True))
        case str() if isinstance(hint, type) and issubclass(hint, Enum):
            return hint(value)
        case _:
            return value


def _dataclass(kind: type, content: Mapping[str, object], hint: Any) -> object:
    allowed = _alternatives(hint)
    if kind not in allowed:
        raise TypeError("not a value of the field's type")
    known = {field.name for field in fields(kind) if field.compare}
    if {"$", *known} != set(content):
        raise TypeError("fields differ from the vocabulary")
    # Spelling that does not compare (an alias) is not kept; it reads back empty.
    spelling = {f.name: "" for f in fields(kind) if not f.compare and f.default is MISSING}
    return kind(**spelling, **{name: _decoded(content[name], _hints(kind)[name]) for name in known})


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if isinstance(hint, types.UnionType):
        return tuple(deeper for member in get_args(hint) for deeper in _alternatives(member))
    return (*(deeper for member in get_args(hint) for deeper in _alternatives(member)), hint)


def _item_hints(hint: Any, length: int) -> tuple[Any, ...]:
    for candidate in (hint, *get_args(hint)):
        if get_origin(candidate) is tuple:
            inner = get_args(candidate)
            return (inner[0],) * length if len(inner) == 2 and inner[1] is Ellipsis else tuple(inner)
    raise TypeError("a list where none belongs")
