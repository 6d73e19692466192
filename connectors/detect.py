"""A file -> a proposal how to read it, with the evidence. Detection proposes; the mapping decides.

Looks at the first records only and says so. A date is never guessed: if day and month cannot be told apart because all
days are 12 or less, that is a question. Evidence is counts and conventions, never a value (INVARIANT I15).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from cleanroom.errors import Finding
from cleanroom.identifiers.gtin import holds
from connectors.detect_dates import DateGuess, guess_dates
from connectors.formats import ROW, Source, SourceOptions
from connectors.formats.delimited import DelimitedSource
from connectors.formats.registry import Format, find_format

_SAMPLE_ROWS = 5_000
_COMMA = re.compile(r"[-+]?(?:\d{1,3}(?:(?P<thousands>[. '])\d{3})+|\d+),\d+\Z")
_POINT = re.compile(r"[-+]?(?:\d{1,3}(?:(?P<thousands>[, '])\d{3})+|\d+)\.\d+\Z")
_EITHER = re.compile(r"[-+]?\d{1,3}[.,]\d{3}\Z")
_WHOLE = re.compile(r"[-+]?\d+\Z")
_CLOCKS = (
    (re.compile(r"\d{1,2}:\d{2}:\d{2}\Z"), "%H:%M:%S"),
    (re.compile(r"\d{1,2}:\d{2}\Z"), "%H:%M"),
    (re.compile(r"\d{1,2}:\d{2}:\d{2} ?[AP]M\Z", re.IGNORECASE), "%I:%M:%S %p"),
    (re.compile(r"\d{1,2}:\d{2} ?[AP]M\Z", re.IGNORECASE), "%I:%M %p"),
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_PHONE = re.compile(r"\+?[\d ()./-]{7,20}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGuess:
    """One outside column: kind is one of empty, date, time, integer, number, email, gtin, phone, text.

    ``decimal`` is ``.``, ``,`` or None, ``thousands`` the mark between thousands, if one was seen; ``dates`` is set for
    dates. A gtin's check digits hold in all cells.
    """

    name: str
    kind: str
    filled: int
    decimal: str | None = None
    thousands: str | None = None
    dates: DateGuess | None = None
    clock: str | None = None
    """The format of a time of day, where the column holds only that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How the file seems to be written. ``evidence`` and ``questions`` are sentences for its owner."""

    format: str
    encoding: str | None
    delimiter: str | None
    quote: str | None
    header_row: int | None
    has_header: bool
    decimal: str | None
    thousands: str | None
    columns: tuple[ColumnGuess, ...]
    sampled_rows: int
    evidence: tuple[str, ...]
    questions: tuple[str, ...]
    findings: tuple[Finding, ...]


def detect(file: Path | BinaryIO, options: SourceOptions | None = None) -> Proposal:
    """Look at the first 5,000 records of ``file``.

    Raises:
        DataRefused, UsageProblem, NotFound: as ``open_source``.
    """
    options = options or SourceOptions()
    known = find_format(file, options)
    source, sampled, columns = _look(known, file, options)
    is_headless = isinstance(source, DelimitedSource) and options.header_row is None and _is_data(columns)
    if is_headless:
        numbered = tuple(f"column_{place}" for place, _ in enumerate(source.columns, start=1))
        source, sampled, columns = _look(known, file, replace(options, header_row=0, columns=numbered))
    is_text = isinstance(source, DelimitedSource)
    evidence = [f"format `{known.name}`: from the first bytes", f"{sampled} records were looked at"]
    if isinstance(source, DelimitedSource):
        encoding, dialect, guess = source.encoding, source.dialect, source.guess
        share = f"{guess.agreeing_records} of {guess.sampled_records}"
        evidence.append(f"encoding `{encoding.name}`: {encoding.evidence}")
        evidence.append(f"delimiter {dialect.delimiter!r}: {share} records have {guess.columns} columns")
        header = f"header on line {source.header_row}: the first line with the usual number of filled cells"
        evidence.append("no header: the first line looks like data" if is_headless else header)
    decimal, asked = _decimal(columns)
    evidence.extend(_evidence(column) for column in columns if column.kind not in ("text", "empty"))
    return Proposal(
        format=known.name,
        encoding=source.encoding.name if isinstance(source, DelimitedSource) else None,
        delimiter=source.dialect.delimiter if isinstance(source, DelimitedSource) else None,
        quote=source.dialect.quote if isinstance(source, DelimitedSource) else None,
        header_row=source.header_row if isinstance(source, DelimitedSource) else None,
        has_header=not is_headless,
        decimal=decimal if is_text else None,
        thousands=_thousands(columns) if is_text and decimal else None,
        columns=columns,
        sampled_rows=sampled,
        evidence=tuple(evidence),
        questions=(
            *(("the first line looks like data: what are the columns called?",) if is_headless else ()),
            *(("only one column was found: which is the delimiter?",) if is_text and len(columns) == 1 else ()),
            *asked,
            *(question for column in columns for question in _questions(column)),
        ),
        findings=source.findings,
    )


def _look(known: Format, file: Path | BinaryIO, options: SourceOptions) -> tuple[Source, int, tuple[ColumnGuess, ...]]:
    source = known.open(file, options)
    rows: list[pa.RecordBatch] = []
    for batch in source.batches():
        rows.append(batch.slice(0, _SAMPLE_ROWS))
        break
    columns = tuple(_column(name, _texts(rows, name)) for name in source.columns if name != ROW)
    return source, rows[0].num_rows if rows else 0, columns


def _is_data(columns: Sequence[ColumnGuess]) -> bool:
    """Whether the header holds what no header holds: an address, a date above dates, or numbers in half of its cells.

    Days as headers of columns with numbers are a pivoted report, not data.
    """
    numbers = sum(1 for column in columns if _POINT.match(column.name) or _WHOLE.match(column.name))
    return numbers * 2 > len(columns) or any(
        _EMAIL.match(column.name) or (column.kind == "date" and guess_dates([column.name])) for column in columns
    )


def _texts(rows: Sequence[pa.RecordBatch], name: str) -> list[str]:
    values = [value for batch in rows for value in batch.column(name).to_pylist()]
    return [text for value in values if value is not None and (text := str(value).strip())]


def _column(name: str, texts: list[str]) -> ColumnGuess:
    if not texts:
        return ColumnGuess(name=name, kind="empty", filled=0)
    count = len(texts)
    dates = guess_dates(texts)
    if dates is not None:
        return ColumnGuess(name=name, kind="date", filled=count, dates=dates)
    if (clock := next((form for pattern, form in _CLOCKS if _all(pattern, texts)), None)) is not None:
        return ColumnGuess(name=name, kind="time", filled=count, clock=clock)
    if _all(_WHOLE, texts):
        kind = (
            "gtin"
            if all(text.isdigit() and len(text) in (8, 12, 13, 14) and holds(text) for text in texts)
            else "integer"
        )
        return ColumnGuess(name=name, kind=kind, filled=count)
    if _all(_EMAIL, texts):
        return ColumnGuess(name=name, kind="email", filled=count)
    amounts = [_bare(text) for text in texts]
    comma = [found for text in amounts if not _EITHER.match(text) and (found := _COMMA.match(text))]
    point = [found for text in amounts if not _EITHER.match(text) and (found := _POINT.match(text))]
    other = sum(1 for text in amounts if _EITHER.match(text) or _WHOLE.match(text))
    if len(comma) + len(point) + other == count and not (comma and point):
        decimal = "," if comma else "." if point else None
        marks = {mark for found in (*comma, *point) if (mark := found["thousands"])}
        thousands = next(iter(marks)) if len(marks) == 1 else None
        return ColumnGuess(name=name, kind="number", filled=count, decimal=decimal, thousands=thousands)
    if _all(_PHONE, texts):
        return ColumnGuess(name=name, kind="phone", filled=count)
    return ColumnGuess(name=name, kind="text", filled=count)


def _bare(text: str) -> str:
    """An amount without its currency sign, brackets or trailing minus, as ``convert`` reads it."""
    return text.strip("()£$€ ").removesuffix("-").removeprefix("-").lstrip("£$€ ")


def _all(pattern: re.Pattern[str], texts: list[str]) -> bool:
    return all(pattern.match(text) for text in texts)


def _decimal(columns: Sequence[ColumnGuess]) -> tuple[str | None, tuple[str, ...]]:
    seen = {column.decimal for column in columns if column.decimal}
    if len(seen) > 1:
        return None, (
            "numbers are written with `.` in some columns and with `,` in others: which is the decimal mark?",
        )
    return next(iter(seen), None), ()


def _thousands(columns: Sequence[ColumnGuess]) -> str | None:
    marks = {column.thousands for column in columns if column.thousands}
    return next(iter(marks)) if len(marks) == 1 else None


def _evidence(column: ColumnGuess) -> str:
    detail = ""
    if column.dates is not None:
        detail = ", " + " or ".join(f"`{form}`" for form in column.dates.formats)
    elif column.decimal:
        detail = f", decimal mark `{column.decimal}`"
        detail += f", thousands mark `{column.thousands}`" if column.thousands else ""
    return f"`{column.name}`: {column.kind}{detail} in all {column.filled} filled cells"


def _questions(column: ColumnGuess) -> tuple[str, ...]:
    if column.dates is not None and column.dates.is_ambiguous:
        forms = " or ".join(f"`{form}`" for form in column.dates.formats)
        return (f"`{column.name}`: no day above 12 in the sample, so is it {forms}?",)
    if column.kind == "number" and column.decimal is None:
        return (f"`{column.name}`: every number has three digits after its mark: is the mark decimal or thousands?",)
    return ()
