"""What goes through the pipe between the room and its quality worker: frames, and rules as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import IO

from cleanroom.names import ColumnName
from cleanroom.quality.rules import RowRule, RuleKind, Severity

_LENGTH_BYTES = 8


def write_frame(pipe: IO[bytes], content: bytes) -> None:
    """``content`` behind its length."""
    pipe.write(len(content).to_bytes(_LENGTH_BYTES, "big"))
    pipe.write(content)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """The next frame; None when the other side is gone."""
    head = pipe.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    size = int.from_bytes(head, "big")
    content = pipe.read(size)
    return content if len(content) == size else None


def rules_to_json(rules: Sequence[RowRule]) -> bytes:
    """``rules``; arguments keep their kind."""
    return json.dumps([{**asdict(rule), "argument": _argument(rule.argument)} for rule in rules]).encode()


def rules_from_json(content: bytes) -> tuple[RowRule, ...]:
    """The rules that ``rules_to_json`` wrote."""
    return tuple(
        RowRule(
            id=plain["id"],
            kind=RuleKind(plain["kind"]),
            severity=Severity(plain["severity"]),
            columns=tuple(ColumnName(name) for name in plain["columns"]),
            words=plain["words"],
            help=plain["help"],
            violated=plain["violated"],
            argument=_from(*plain["argument"]),
        )
        for plain in json.loads(content)
    )


def _argument(value: object) -> tuple[str, object]:
    match value:
        case Decimal():
            return "decimal", str(value)
        case date():
            return "date", value.isoformat()
        case tuple() if all(isinstance(item, str) for item in value):
            return "texts", list(value)
        case int() | str():
            return "plain", value
        case _:
            return "none", None


def _from(kind: str, value: object) -> object:
    match kind, value:
        case "decimal", str():
            return Decimal(value)
        case "date", str():
            return date.fromisoformat(value)
        case "texts", list():
            return tuple(value)
        case "plain", _:
            return value
        case _:
            return None
