"""JSON lines, or one JSON array of objects -> records.

Columns are the keys of all objects in order of first appearance (one counting pass), so a key that turns up late is
never lost. Numbers keep their spelling (no float is made of a price); lists and objects inside stay JSON text.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cleanroom.errors import DataRefused
from connectors.formats.dialects import header_names
from connectors.formats.encodings import find_encoding, is_damaged, utf8_chunks
from connectors.formats.opening import open_file, plain_stream, unreadable
from connectors.formats.records import lines
from connectors.formats.source import ROW, Record, RecordSource, SourceOptions, new_tally
from connectors.formats.tally import Tally, over_limit

Scalar = str | None
Row = dict[str, Scalar]
"""One object: key -> text or None for null."""


class _Number(str):
    """A JSON number in its own spelling; a float would turn 19.90 into 19.9 and 12345678901234567890 into noise."""

    __slots__ = ()


class _TwiceError(ValueError):
    """An object names a key twice."""


def open_jsonl(file: Path | BinaryIO, options: SourceOptions) -> RecordSource:
    """Open JSON lines or a JSON array.

    Raises:
        DataRefused: CR-D102 empty, CR-D103 over a limit, CR-D104 not JSON at all.
    """
    stream = open_file(file)
    counting = new_tally(options)
    keys: dict[str, None] = {}
    objects = 0
    for _, row in _rows(stream, options, counting):
        objects += 1
        keys.update(dict.fromkeys(row))
        if len(keys) > options.limits.max_columns:
            raise over_limit("columns", options.limits.max_columns)
        counting.check()
    if not objects and not counting.rejected:
        raise DataRefused("CR-D102", "the file is empty", help="check that the export ran")
    if not objects:
        raise unreadable("JSON lines")
    tally = new_tally(options)
    names, changed = header_names(tuple(keys), ROW)
    if changed:
        tally.note("CR-D124", count=changed)
    return RecordSource(names, options, tally, _records(file, stream, options, tally, tuple(keys)))


def _records(
    file: Path | BinaryIO, stream: BinaryIO, options: SourceOptions, tally: Tally, keys: tuple[str, ...]
) -> Iterator[Record]:
    try:
        for number, row in _rows(stream, options, tally):
            yield number, [row.get(key) for key in keys]
    finally:
        if isinstance(file, Path):
            stream.close()


def _rows(stream: BinaryIO, options: SourceOptions, tally: Tally) -> Iterator[tuple[int, Row]]:
    encoding = find_encoding(plain_stream(stream, options.limits), options.encoding)
    if encoding.is_guess:
        tally.note("CR-D125")
    number, is_first = 0, True
    for block in lines(utf8_chunks(plain_stream(stream, options.limits), encoding), options.limits):
        texts = block.texts()
        for at, text in enumerate(texts, start=1):
            number, ended = number + 1, block.ended or at < len(texts)
            plain = text.strip("\ufeff \t\r\n")
            if not plain:
                tally.skip(number, "CR-D120")
                continue
            if is_first and plain.startswith("["):
                yield from _array(stream, options, tally)
                return
            is_first = False
            if "\0" in plain or is_damaged(plain, encoding):
                tally.reject(number, "CR-D114" if "\0" in plain else "CR-D115")
                continue
            row = _parse(plain, options)
            if isinstance(row, str):
                tally.reject(number, row if ended or row != "CR-D140" else "CR-D117")
            else:
                yield number, _flat(row, tally)


def _array(stream: BinaryIO, options: SourceOptions, tally: Tally) -> Iterator[tuple[int, Row]]:
    """A JSON array, whole in memory within ``max_document_bytes``; ``row`` is the place in the array from 1."""
    data = plain_stream(stream, options.limits).read(options.limits.max_document_bytes + 1)
    if len(data) > options.limits.max_document_bytes:
        raise over_limit("bytes", options.limits.max_document_bytes)
    encoding = find_encoding(plain_stream(stream, options.limits), options.encoding)
    text = data[encoding.bom_bytes :].decode(encoding.name, "surrogateescape")
    at, number = text.index("[") + 1, 0
    decoder = _decoder()
    while True:
        at = _skip(text, at, " \t\r\n,")
        if at >= len(text):
            tally.reject(number + 1, "CR-D117")
            return
        if text[at] == "]":
            return
        number += 1
        try:
            value, at = decoder.raw_decode(text, at)
        except _TwiceError:
            raise unreadable("a JSON array: an object names a key twice") from None
        except (ValueError, RecursionError):
            # What follows a broken element cannot be told apart: only a file cut off in its last element is read.
            if "}" in text[at:]:
                raise unreadable("a JSON array: an element is broken") from None
            tally.reject(number, "CR-D117")
            return
        if not isinstance(value, dict):
            tally.reject(number, "CR-D141")
            continue
        yield number, _flat(value, tally)


def _skip(text: str, at: int, marks: str) -> int:
    while at < len(text) and text[at] in marks:
        at += 1
    return at


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_pairs, parse_float=_Number, parse_int=_Number, parse_constant=lambda _: None
    )


_DECODER = _decoder()


def _parse(text: str, options: SourceOptions) -> dict[str, object] | str:
    """The object in ``text`` or the code of its damage."""
    depth = text.count("{") + text.count("[")
    try:
        value = _DECODER.decode(text)
    except _TwiceError:
        return "CR-D142"
    except RecursionError:
        return "CR-D143"
    except ValueError:
        return "CR-D140"
    if not isinstance(value, dict):
        return "CR-D141"
    if depth > options.limits.max_depth and _depth(value) > options.limits.max_depth:
        return "CR-D143"
    return value


def _depth(value: object) -> int:
    level, here = 0, [value]
    while here:
        level += 1
        here = [
            inner
            for outer in here
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return level


def _flat(row: dict[str, object], tally: Tally) -> Row:
    flat: Row = {}
    for key, value in row.items():
        if value is None or value == "":
            flat[key] = None
        elif isinstance(value, _Number):
            flat[key] = str.__str__(value)
        elif isinstance(value, bool):
            flat[key] = "true" if value else "false"
        elif isinstance(value, str):
            flat[key] = value
        else:
            tally.note("CR-D144")
            flat[key] = json.dumps(value, ensure_ascii=False)
    return flat
