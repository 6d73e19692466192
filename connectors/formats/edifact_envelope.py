"""EDIFACT's own syntax: a text -> its messages, with the service characters of UNA, releases, and trailers that agree or not.

What is wrong with an envelope is a finding where the messages can still be told apart, else a refusal.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cleanroom.errors import DataRefused
from connectors.formats.tally import Tally

SALES_REPORT = "SLSRPT"
Segment = tuple[int, list[list[str]]]
"""1-based number in the file (UNA not counted), and elements as lists of components; element 0 holds the name."""
_KINDS = {
    "ORDERS": "purchase order",
    "ORDRSP": "purchase order response",
    "DESADV": "despatch advice",
    "INVOIC": "invoice",
    "INVRPT": "inventory report",
    "PRICAT": "price catalogue",
    "RECADV": "receiving advice",
    "SLSFCT": "sales forecast",
    "APERAK": "acknowledgement",
    "CONTRL": "syntax report",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    end: str = "'"


@dataclass(slots=True, kw_only=True)
class EdifactMessage:
    kind: str
    sender: str | None
    segments: list[Segment] = field(default_factory=list)


def _segments(text: str, tally: Tally) -> Iterator[Segment]:
    if not text.startswith(("UNA", "UNB")):
        raise DataRefused(
            "CR-D151",
            "there is no EDIFACT envelope (UNB)",
            help="send whole interchanges, from UNB to UNZ, as exchanged",
        )
    marks, at, count = _Marks(), 0, 0
    cut = _cutter(marks)
    while at < len(text):
        while at < len(text) and text[at] in "\r\n\t \0\x1a":
            at += 1
        if text.startswith("UNA", at) and len(text) >= at + 9:
            a = text[at + 3 : at + 9]
            marks = _Marks(component=a[0], element=a[1], decimal=a[2], release=a[3], end=a[5])
            cut, at = _cutter(marks), at + 9
            continue
        if at >= len(text):
            return
        found = cut.match(text, at)
        count += 1
        if found is None:
            # A segment without its end may have lost digits.
            tally.reject(count, "CR-D117")
            return
        at = found.end()
        elements = [_split(part, marks.component, marks) for part in _split(found[1], marks.element, marks, raw=True)]
        yield count, elements


def _cutter(marks: _Marks) -> re.Pattern[str]:
    end, release = re.escape(marks.end), re.escape(marks.release)
    if marks.release == " ":
        return re.compile(f"([^{end}]*+){end}")
    return re.compile(f"((?:[^{end}{release}]++|{release}.)*+){end}", re.DOTALL)


def _split(text: str, mark: str, marks: _Marks, *, raw: bool = False) -> list[str]:
    """Parts at ``mark`` where it is not released; released characters are freed in the last split (``raw=False``)."""
    if marks.release == " " or marks.release not in text:
        return text.split(mark)
    parts, current, at = [], [], 0
    while at < len(text):
        character = text[at]
        if character == marks.release and at + 1 < len(text):
            current.append(text[at : at + 2] if raw else text[at + 1])
            at += 2
            continue
        if character == mark:
            parts.append("".join(current))
            current = []
        else:
            current.append(character)
        at += 1
    return [*parts, "".join(current)]


def edifact_messages(text: str, tally: Tally) -> Iterator[EdifactMessage]:
    sender: str | None = None
    message: EdifactMessage | None = None
    others: set[str] = set()
    opened, count, reference, found = False, 0, "", False
    for place, elements in _segments(text, tally):
        name = part_of(elements, 0)
        if name == "UNB":
            if opened:
                tally.note("CR-D165", row=place)
            sender, opened, count, reference = part_of(elements, 2) or None, True, 0, part_of(elements, 5)
        elif name == "UNH":
            if message is not None:
                tally.note("CR-D165", row=place)
                yield message
            count += 1
            message = EdifactMessage(kind=part_of(elements, 2), sender=sender, segments=[(place, elements)])
            found = found or message.kind == SALES_REPORT
            if message.kind != SALES_REPORT:
                others.add(message.kind)
                tally.note("CR-D166", row=place)
        elif name == "UNZ":
            if message is not None:
                tally.note("CR-D165", row=place)
            if part_of(elements, 1).lstrip("0") != str(count):
                tally.note("CR-D169", row=place)
            if part_of(elements, 2) != reference:
                tally.note("CR-D164", row=place)
            opened = False
        elif message is not None:
            message.segments.append((place, elements))
            if name == "UNT":
                _check_trailer(message, tally)
                yield message
                message = None
        elif name not in ("UNG", "UNE"):
            tally.note("CR-D167", row=place)
    if opened:
        tally.note("CR-D165")
    if message is not None:
        yield message
    if not found:
        kinds = " and ".join(sorted(f"{kind} ({_KINDS[kind]})" for kind in others if kind in _KINDS))
        raise DataRefused(
            "CR-D152", f"the file holds no sales report: it is {kinds or 'something else'}", help="send SLSRPT"
        )


def _check_trailer(message: EdifactMessage, tally: Tally) -> None:
    place, trailer = message.segments[-1]
    if part_of(trailer, 1).lstrip("0") != str(len(message.segments)):
        tally.note("CR-D168", row=place)
    if part_of(trailer, 2) != part_of(message.segments[0][1], 1):
        tally.note("CR-D164", row=place)


def part_of(elements: Sequence[Sequence[str]], element: int, component: int = 0) -> str:
    parts = elements[element] if element < len(elements) else []
    return parts[component].strip() if component < len(parts) else ""
