"""The formats, in the order in which content is tried; a file's kind is told by its first bytes, then by its name."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cleanroom.errors import DataRefused, UsageProblem
from connectors.formats import edi_lines, epcis, ords, poslog
from connectors.formats.delimited import open_delimited
from connectors.formats.edifact import open_edifact
from connectors.formats.epcis import open_epcis
from connectors.formats.excel import open_excel
from connectors.formats.foreign import refuse_foreign
from connectors.formats.jsonl import open_jsonl
from connectors.formats.opening import open_file, plain_stream
from connectors.formats.ords import open_ords
from connectors.formats.parquet import open_parquet
from connectors.formats.poslog import open_poslog
from connectors.formats.source import Source, SourceOptions
from connectors.formats.x12 import open_x12

_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format: its names in a mapping, file name endings, how its first bytes look, and how it is opened.

    ``mapping`` is the default mapping of formats whose columns are already named near a contract, outside name to
    contract column; ``dataset`` is that contract. Empty for formats whose columns the file itself names.
    """

    name: str
    aliases: tuple[str, ...] = ()
    endings: tuple[str, ...]
    looks_like: Callable[[bytes], bool]
    open: Callable[[Path | BinaryIO, SourceOptions], Source]
    dataset: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)


def _is_json(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text[:1] == b"{" or (text[:1] == b"[" and text[1:].lstrip()[:1] in (b"{", b"]", b""))


def _text_head(head: bytes) -> bytes:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.replace(b"\0", b"")[2:]
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")


def _is_x12(head: bytes) -> bool:
    """An interchange, or a group or set whose envelope was cut off (which is refused with a reason)."""
    text = _text_head(head)
    return re.match(rb"ISA[^\w\s]\w\w|GS([^\w\s])[A-Z]{2}\1|ST([^\w\s])\d{3}\2", text) is not None


def _is_edifact(head: bytes) -> bool:
    return re.match(rb"UNA.{6}|UN[BH]\+|STX=|SCHEMA=", _text_head(head)) is not None


def _is_xml(*names: bytes) -> Callable[[bytes], bool]:
    def looks(head: bytes) -> bool:
        text = _text_head(head)
        return text[:1] == b"<" and any(name in text for name in names)

    return looks


def _is_epcis(head: bytes) -> bool:
    is_json = _is_json(head) and (b"EPCIS" in head or b"epcis" in head)
    return is_json or _is_xml(b"EPCIS", b"epcis")(head)


def _is_ords(head: bytes) -> bool:
    first = _text_head(head).split(b"\n", 1)[0].lower()
    return all(name in first for name in (b"repair_status", b"product_category", b"event_date", b"group_identifier"))


FORMATS: tuple[Format, ...] = (
    Format(
        name="parquet",
        endings=(".parquet", ".pq"),
        looks_like=lambda head: head[:4] in (b"PAR1", b"PARE"),
        open=open_parquet,
    ),
    Format(
        name="excel",
        aliases=("xlsx", "xls", "xlsm"),
        endings=(".xlsx", ".xls", ".xlsm"),
        looks_like=lambda head: head[:4] == b"PK\x03\x04" or head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        open=open_excel,
    ),
    Format(
        name="x12",
        aliases=("852", "867"),
        endings=(".x12", ".852", ".867"),
        looks_like=_is_x12,
        open=open_x12,
        dataset="sales",
        mapping=edi_lines.IDENTITY,
    ),
    Format(
        name="edifact",
        aliases=("eancom", "slsrpt"),
        endings=(".edi", ".edifact"),
        looks_like=_is_edifact,
        open=open_edifact,
        dataset="sales",
        mapping=edi_lines.IDENTITY,
    ),
    Format(
        name="epcis",
        endings=(".jsonld", ".epcis"),
        looks_like=_is_epcis,
        open=open_epcis,
        dataset="sales",
        mapping=epcis.IDENTITY,
    ),
    Format(
        name="poslog",
        aliases=("arts",),
        endings=(".xml", ".poslog"),
        looks_like=_is_xml(b"<"),
        open=open_poslog,
        dataset="sales",
        mapping=poslog.IDENTITY,
    ),
    Format(
        name="ords",
        looks_like=_is_ords,
        endings=(),
        open=open_ords,
        dataset="repairs",
        mapping=ords.IDENTITY,
    ),
    Format(
        name="jsonl",
        aliases=("json", "ndjson", "jsonlines"),
        endings=(".jsonl", ".ndjson", ".json"),
        looks_like=_is_json,
        open=open_jsonl,
    ),
    Format(
        name="csv",
        aliases=("delimited", "tsv", "text", "txt", "psv"),
        endings=(".csv", ".tsv", ".txt", ".psv", ".tab", ".dat"),
        looks_like=lambda head: bool(head),
        open=open_delimited,
    ),
)


def open_source(file: Path | BinaryIO, options: SourceOptions | None = None) -> Source:
    """Open ``file`` in the format that ``options`` names, or in the one its content shows (``format: auto``).

    Raises:
        UsageProblem: CR-D101 unknown format, CR-D109 bad option.
        NotFound: CR-D107 no such file.
        DataRefused: CR-D102 empty, CR-D103 over a limit, CR-D104 unreadable; and the codes of each format.
    """
    options = options or SourceOptions()
    return find_format(file, options).open(file, options)


def find_format(file: Path | BinaryIO, options: SourceOptions) -> Format:
    """The format named by ``options.format``, else the first whose look the file has."""
    if options.format != "auto":
        wanted = options.format.lower()
        for known in FORMATS:
            if wanted in (known.name, *known.aliases):
                return known
        names = ", ".join(known.name for known in FORMATS)
        raise UsageProblem("CR-D101", "`format` is not known", help=f"one of: auto, {names}")
    stream = open_file(file)
    try:
        head = plain_stream(stream, options.limits).read(_HEAD_BYTES)
    finally:
        if isinstance(file, Path):
            stream.close()
    refuse_foreign(head)
    for known in FORMATS:
        if known.looks_like(head):
            return known
    raise DataRefused("CR-D102", "the file is empty", help="check that the export ran")


def default_mapping(format_name: str) -> Mapping[str, str]:
    """Outside column -> contract column for a format that names its columns itself; empty for the others."""
    for known in FORMATS:
        if format_name.lower() in (known.name, *known.aliases):
            return known.mapping
    return {}
