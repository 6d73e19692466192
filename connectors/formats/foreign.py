"""Files of kinds that are not read here -> a refusal that says what the file is and what to do instead.

A PDF, an archive, or a web page that an old system saved under ``.xls`` would otherwise be read as text or fail with words
about another format.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from cleanroom.errors import DataRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKind:
    """What a kind of file is called, how its first bytes look, and what its owner can do."""

    name: str
    looks_like: Callable[[bytes], bool]
    help: str


def _is_archive(head: bytes) -> bool:
    """A zip whose first member is no part of a workbook."""
    if head[:4] in (b"7z\xbc\xaf", b"Rar!"):
        return True
    length = int.from_bytes(head[26:28], "little")
    first = head[30 : 30 + length]
    parts = (b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/", b"mimetype", b"customXml/", b"META-INF/")
    return head[:4] == b"PK\x03\x04" and bool(first.strip(b"\0")) and not first.startswith(parts)


def _is_page(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:400].lower()
    return re.match(rb"<(!doctype html|html|table|meta|head)\b", text) is not None


FOREIGN_KINDS: tuple[ForeignKind, ...] = (
    ForeignKind(
        name="a PDF document",
        looks_like=lambda head: head.startswith(b"%PDF-"),
        help="ask for the export as CSV or Excel; a PDF holds no rows",
    ),
    ForeignKind(name="an archive", looks_like=_is_archive, help="unpack it and send the files in it"),
    ForeignKind(
        name="a web page saved as a spreadsheet",
        looks_like=_is_page,
        help="open it in a spreadsheet and save it as .xlsx or CSV",
    ),
    ForeignKind(
        name="a database file",
        looks_like=lambda head: head.startswith(b"SQLite format 3\0"),
        help="read it by query instead, as a database place: see docs/formats-in",
    ),
)


def refuse_foreign(head: bytes) -> None:
    """Refuse a file whose first bytes are those of a kind that is not read.

    Raises:
        DataRefused: CR-D104, with the name of the kind.
    """
    for kind in FOREIGN_KINDS:
        if kind.looks_like(head):
            raise DataRefused("CR-D104", f"the file is {kind.name}", help=kind.help)
