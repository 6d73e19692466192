"""One canonical byte form for everything that is digested or signed, and the digest itself.

JSON with sorted keys, no white space, UTF-8, as RFC 8785 for the values used here: text, integers, booleans, null,
lists, mappings. Floats are refused: exact numbers travel as text.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cleanroom.names import Digest


def canonical_json(value: object) -> bytes:
    """The canonical bytes of ``value``.

    Dataclasses become mappings with ``$`` naming their type (fields with ``compare=False`` are left out), enums and
    dates their text, decimals their exact text without trailing zeros.

    Raises:
        TypeError: for a float or any other type; a canonical form is never guessed.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(content: bytes) -> Digest:
    """``sha256:`` + hex over ``content``."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def _plain(value: object) -> object:
    match value:
        case None | bool() | int():
            return value
        case StrEnum():
            return str(value)
        case str():
            return value
        case Decimal():
            return {"$decimal": format(value.normalize(), "f")}
        case date():
            return {"$date": value.isoformat()}
        case Mapping():
            return {_key(key): _plain(item) for key, item in value.items()}
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return [_plain(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            content = {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.compare}
            return {"$": type(value).__name__, **content}
        case _:
            raise TypeError(f"no canonical form for {type(value).__name__}")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError("mapping keys are text in a canonical form")
    return str(key)
