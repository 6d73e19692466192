"""Bytes -> the encoding they are in, with the evidence; and decoding that never fails but marks what was not text."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cleanroom.errors import UsageProblem
from connectors.limits import CHUNK_BYTES

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
UNREADABLE = "\ufffd"
"""What stands for damaged bytes in 16- and 32-bit encodings; in the others they become lone surrogates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """A codec name, how many bytes of byte-order mark precede the text, and why we think so."""

    name: str
    bom_bytes: int
    evidence: str
    is_guess: bool


def find_encoding(stream: BinaryIO, declared: str | None) -> Encoding:
    """The encoding of the text in ``stream``; reads all of it only if nothing is declared and there is no mark.

    Raises:
        UsageProblem: CR-D109 the declared encoding is not known.
    """
    head = stream.read(4096)
    mark = next(((bom, name) for bom, name in _BOMS if head.startswith(bom)), None)
    if declared is not None:
        return _declared(declared, mark)
    if mark is not None:
        return Encoding(name=mark[1], bom_bytes=len(mark[0]), evidence="byte-order mark", is_guess=False)
    wide = _wide_without_mark(head)
    if wide is not None:
        return Encoding(name=wide, bom_bytes=0, evidence="every other byte is NUL", is_guess=True)
    return _by_validity(head, stream)


def _declared(declared: str, mark: tuple[bytes, str] | None) -> Encoding:
    try:
        name = codecs.lookup(declared).name
        "".encode(name)
    except (LookupError, TypeError):
        raise UsageProblem(
            "CR-D109", "`encoding` is not known", help="for example utf-8, cp1252, latin-1, utf-16"
        ) from None
    if name in ("utf-16", "utf-8-sig"):
        name = mark[1] if mark else {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}[name]
    bom_bytes = len(mark[0]) if mark and mark[1] == name else 0
    return Encoding(name=name, bom_bytes=bom_bytes, evidence="declared", is_guess=False)


def _wide_without_mark(head: bytes) -> str | None:
    even, odd = head[0::2], head[1::2]
    if len(odd) < 4:
        return None
    if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _by_validity(head: bytes, stream: BinaryIO) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")()
    data = head
    high: set[int] = set()
    bad = good = 0
    while data:
        if not data.isascii():
            good += 1
            try:
                decoder.decode(data)
            except UnicodeDecodeError:
                bad += 1
                decoder.reset()
                high.update(byte for byte in data if byte >= 0x80)
        data = stream.read(CHUNK_BYTES)
    if bad == 0:
        return Encoding(name="utf-8", bom_bytes=0, evidence="all bytes are valid UTF-8", is_guess=False)
    if high & _NOT_CP1252:
        return Encoding(name="latin-1", bom_bytes=0, evidence="not UTF-8; has bytes cp1252 lacks", is_guess=True)
    return Encoding(name="cp1252", bom_bytes=0, evidence="not UTF-8; all bytes exist in cp1252", is_guess=True)


def decode_chunks(stream: BinaryIO, encoding: Encoding) -> Iterator[str]:
    """Text in chunks of at most 4 MiB; ``stream`` stands at its start. Damaged bytes are marked, never lost."""
    stream.read(encoding.bom_bytes)
    wide = encoding.name.startswith(("utf-16", "utf-32"))
    decoder = codecs.getincrementaldecoder(encoding.name)("replace" if wide else "surrogateescape")
    while data := stream.read(CHUNK_BYTES):
        yield decoder.decode(data)
    if rest := decoder.decode(b"", final=True):
        yield rest


def utf8_chunks(stream: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    """``decode_chunks`` as UTF-8, without decoding what is UTF-8; damaged bytes are what UTF-8 cannot hold."""
    if encoding.name == "utf-8":
        stream.read(encoding.bom_bytes)
        yield from iter(lambda: stream.read(2 * CHUNK_BYTES), b"")
    else:
        for text in decode_chunks(stream, encoding):
            yield text.encode("utf-8", "surrogatepass")


def is_damaged(text: str, encoding: Encoding) -> bool:
    """Whether ``text`` holds marks of damaged bytes."""
    if text.isascii():
        return False
    if encoding.name.startswith(("utf-16", "utf-32")) and UNREADABLE in text:
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
