"""What is remembered of a released result: the question as pinned, its cells' keys, and which numbers were shown.

No released value is kept: which rows a number is about is all that subtraction needs. Cell keys are what the receiver
holds already; entries are still stored encrypted. Encoding is canonical and versioned.
"""

import json
import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cleanroom.canonical import canonical_json
from cleanroom.errors import IntegrityFailure
from cleanroom.names import DatasetName, MemberName
from cleanroom.plan import Plan
from cleanroom.released import CellKey, ShownValue
from cleanroom.shape_codec import plan_from_bytes

FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A released result as held by every receiver of ``plan``.

    ``shown`` is parallel to ``cells``, each a tuple parallel to ``plan.shape.aggregates``. With ``asked_by`` it is no
    result but what was asked of that receiver's own rows (``own_rows.py``), whatever was answered.
    """

    plan: Plan
    cells: tuple[CellKey, ...]
    shown: tuple[tuple[bool, ...], ...]
    asked_by: MemberName | None = None

    @property
    def datasets(self) -> frozenset[DatasetName]:
        """Every dataset the result reads."""
        read = zip(self.plan.shape.sources, self.plan.tables, strict=True)
        return frozenset(source.dataset for source, tables in read if tables)


def key_order(key: CellKey) -> tuple[tuple[bool, str, object], ...]:
    """Sorts cell keys: NULL last, values of one type in their own order, never comparing two types."""
    return tuple((value is None, type(value).__name__, _comparable(value)) for value in key)


def _comparable(value: ShownValue) -> object:
    if isinstance(value, float):
        return (math.isnan(value), 0.0 if math.isnan(value) else value)
    return 0 if value is None else value


def encode_entry(entry: LedgerEntry) -> bytes:
    """The entry's canonical bytes."""
    return canonical_json(
        {
            "format": FORMAT,
            "plan": entry.plan,
            "cells": [[_plain(value) for value in key] for key in entry.cells],
            "shown": ["".join("1" if flag else "0" for flag in flags) for flags in entry.shown],
            "asked_by": entry.asked_by,
        }
    )


def decode_entry(content: bytes) -> LedgerEntry:
    """The entry that ``encode_entry`` wrote.

    Raises:
        IntegrityFailure: CR-R401 when the bytes are not an entry of a known format, CR-R404 when its plan is none.
    """
    try:
        raw = _of_known_format(json.loads(content))
        cells = tuple(tuple(_value(item) for item in key) for key in raw["cells"])
        shown = tuple(tuple(_flag(mark) for mark in marks) for marks in raw["shown"])
        plan_bytes = canonical_json(raw["plan"])
        asked_by = None if raw.get("asked_by") is None else MemberName(str(raw["asked_by"]))
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        raise IntegrityFailure("CR-R401", "a ledger entry does not read back as it was written") from None
    return LedgerEntry(plan=plan_from_bytes(plan_bytes), cells=cells, shown=shown, asked_by=asked_by)


def _of_known_format(raw: dict[str, Any]) -> dict[str, Any]:
    names = {"format", "plan", "cells", "shown"}  # format 1 had results alone
    if (raw["format"], set(raw)) not in ((FORMAT, names | {"asked_by"}), (1, names)):
        raise ValueError("not an entry of a known format")
    return raw


def _plain(value: ShownValue) -> object:
    return {"$float": value.hex()} if isinstance(value, float) else value


def _value(item: object) -> ShownValue:
    match item:
        case {"$float": str(text)}:
            return float.fromhex(text)
        case {"$decimal": str(text)}:
            return Decimal(text)
        case {"$date": str(text)}:
            return date.fromisoformat(text)
        case None | bool() | int() | str():
            return item
        case _:
            raise ValueError("not a cell key")


def _flag(mark: str) -> bool:
    if mark not in ("0", "1"):
        raise ValueError("not a flag")
    return mark == "1"
