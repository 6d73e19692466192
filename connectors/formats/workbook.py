"""The raw XML of an .xlsx -> what the fast reader hides: formulas never calculated, and a size that is safe to load.

Attacks stopped here (INVARIANT I1): zip bombs (declared and real sizes), and one cell at the far corner of the sheet,
which makes dense readers allocate billions of cells. No XML parser runs, so entities cannot expand.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from posixpath import join, normpath
from typing import BinaryIO

from connectors.formats.opening import unreadable
from connectors.formats.tally import over_limit
from connectors.limits import CHUNK_BYTES, MEBIBYTE, Limits

_MAX_PARTS = 10_000
_MAX_CELLS = 60_000_000
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\b([^>]*\bt="e"[^>]*)>')
_REF = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_FORMULA_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(.*?)</(?:\w+:)?c>", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)</")
_SHEET = re.compile(r"<(?:\w+:)?sheet\b([^>]*)/?>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b([^>]*)/?>")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFacts:
    """Cells as (0-based row, 0-based column); ``first_column`` is the leftmost one that holds a value.

    ``uncalculated`` are formulas without a value of their own, ``errors`` are failed ones such as a lost lookup.
    """

    uncalculated: frozenset[tuple[int, int]]
    errors: frozenset[tuple[int, int]]
    first_column: int
    has_hidden: bool


def sheet_facts(stream: BinaryIO, sheet: str, limits: Limits) -> SheetFacts:
    """Look through the parts of one worksheet.

    Raises:
        DataRefused: CR-D103 over a limit, CR-D104 not a workbook.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            _check_sizes(archive, limits)
            book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
            part = _part_of(archive, book, sheet)
            return _scan(archive, part, "fullCalcOnLoad" in book)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, ValueError, zlib.error, NotImplementedError, RuntimeError):
        raise unreadable("an Excel workbook") from None


def _check_sizes(archive: zipfile.ZipFile, limits: Limits) -> None:
    parts = archive.infolist()
    total, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > _MAX_PARTS:
        raise over_limit("parts", _MAX_PARTS)
    if total > limits.max_document_bytes:
        raise over_limit("bytes", limits.max_document_bytes)
    if total > MEBIBYTE and total > packed * limits.max_expansion_ratio:
        raise over_limit("times its packed size", limits.max_expansion_ratio)


def _part_of(archive: zipfile.ZipFile, book: str, sheet: str) -> str:
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    targets = {a.get("Id"): a.get("Target", "") for a in map(_attributes, _RELATION.findall(relations))}
    for found in map(_attributes, _SHEET.findall(book)):
        if unescape(found.get("name", "")) == sheet:
            target = targets.get(found.get("r:id") or next((v for k, v in found.items() if k.endswith(":id")), ""), "")
            return target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    raise KeyError(0)


def _attributes(text: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(text))


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part in pieces that end at the end of a row."""
    carry = b""
    with archive.open(part) as file:
        while data := file.read(CHUNK_BYTES):
            head, mark, carry = (carry + data).rpartition(b"</row>")
            yield head + mark
    yield carry


def _scan(archive: zipfile.ZipFile, part: str, never_saved: bool) -> SheetFacts:
    uncalculated: set[tuple[int, int]] = set()
    errors: set[tuple[int, int]] = set()
    letters: set[bytes] = set()
    last_row, has_hidden, first = 0, False, b"XFE"
    for piece in _pieces(archive, part):
        for columns, row in _REF.findall(piece):
            letters.add(columns)
            last_row = max(last_row, int(row))
        # calamine allocates a dense grid: refuse before it does
        if last_row * max(map(_column, letters), default=0) > _MAX_CELLS:
            raise over_limit("cells in the sheet", _MAX_CELLS)
        has_hidden = has_hidden or b'hidden="1"' in piece
        first = _leftmost(piece, letters, first)
        if b'="e"' in piece:
            errors.update(_place(cell) for cell in _ERROR_CELL.findall(piece))
        if b"<f" in piece or b":f" in piece:
            uncalculated.update(_without_value(piece, never_saved))
    return SheetFacts(
        uncalculated=frozenset(uncalculated),
        errors=frozenset(errors),
        first_column=_column(first) - 1,
        has_hidden=has_hidden,
    )


def _leftmost(piece: bytes, letters: set[bytes], known: bytes) -> bytes:
    """The leftmost column with a value, as the fast reader sees it: it starts its grid there."""
    for candidate in sorted((c for c in letters if _column(c) < _column(known)), key=_column):
        cell = (
            rb'<(?:\w+:)?c\b[^>]*\br="' + candidate + rb'\d+"[^>/]*>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?(?:v>[^<]|is\b)'
        )
        if re.search(cell, piece, re.DOTALL):
            return candidate
    return known


def _place(attributes: bytes) -> tuple[int, int]:
    found = _REF.search(attributes)
    return (int(found[2]) - 1, _column(found[1]) - 1) if found else (-1, -1)


def _without_value(piece: bytes, never_saved: bool) -> Iterator[tuple[int, int]]:
    for attributes, body in _FORMULA_CELL.findall(piece):
        if _REF.search(attributes) is None:
            continue
        value = _VALUE.search(body)
        # Writers that cannot calculate leave no value, or 0 and a flag that asks Excel to calculate on load.
        if value is None or not value[1] or (never_saved and value[1] == b"0"):
            yield _place(attributes)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
