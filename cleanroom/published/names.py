"""Identifiers for tables and columns: distinct however a reader compares them, short enough that none is cut. Pure.

Attacks stopped: two names that become one where case does not count or where 63 bytes are all that is kept
(PostgreSQL cuts silently), and characters that do not print.
"""

import hashlib
import re
from collections.abc import Collection, Iterable

MAX_BYTES = 63
_BASE_BYTES = 44
"""Leaves room for ``_withheld`` or ``_history`` and a number within ``MAX_BYTES``."""
_NOT_PLAIN = re.compile(r"[^a-z0-9_]+")


def table_name(wished: str, taken: Collection[str]) -> str:
    """A plain name, ``[a-z][a-z0-9_]*``, that none of ``taken`` is."""
    plain = _NOT_PLAIN.sub("_", wished.lower()).strip("_")
    if not plain[:1].isalpha():
        plain = f"answer_{plain}".rstrip("_")
    return distinct(plain[:_BASE_BYTES], taken)


def column_name(wished: str) -> str:
    """``wished`` as it is written, without what does not print, cut to a length that nothing cuts further."""
    clean = "".join(char if char.isprintable() else "_" for char in wished)
    return clean.encode()[:_BASE_BYTES].decode(errors="ignore") or "column"


def distinct(name: str, taken: Iterable[str]) -> str:
    """``name``, or with ``_2``, ``_3`` and so on behind it; upper and lower case count as one."""
    known = {other.casefold() for other in taken}
    number, found = 1, name
    while found.casefold() in known:
        number += 1
        found = f"{name}_{number}"
    return found


def joined(*parts: str) -> str:
    """``parts`` as one identifier of at most 63 bytes; a longer one ends in a digest of all of it."""
    whole = "_".join(_NOT_PLAIN.sub("_", part.lower()) for part in parts)
    if len(whole) <= MAX_BYTES:
        return whole
    return f"{whole[: MAX_BYTES - 13]}_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"


def quoted(name: str) -> str:
    """``name`` as SQL's delimited identifier."""
    return '"' + name.replace('"', '""') + '"'
