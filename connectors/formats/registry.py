"""The formats, in the order in which content is tried; a file's kind is told by its first bytes, then by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cleanroom.errors import DataRefused, UsageProblem
from connectors.formats.delimited import open_delimited
from connectors.formats.excel import open_excel
from connectors.formats.jsonl import open_jsonl
from connectors.formats.opening import open_file, plain_stream
from connectors.formats.parquet import open_parquet
from connectors.formats.source import Source, SourceOptions

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
