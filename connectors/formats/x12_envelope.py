"""X12 text -> numbered segments inside transaction sets; the envelopes are read, counted and checked here.

Separators are taken from each ISA by counting its elements: real files leave the padding out. Counts and control
numbers that do not agree are findings, because partners' translators get them wrong every day; data that is missing is
still seen, because an envelope that does not close is an error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cleanroom.errors import DataRefused
from connectors.formats.tally import Tally
from connectors.formats.x12_items import element

Segment = tuple[int, list[str]]
"""1-based number of the segment in the file, and its elements; element 0 is the name."""

_ISA_ELEMENTS = 16
_KINDS = {
    "810": "invoice",
    "820": "payment order",
    "830": "planning schedule",
    "832": "price catalogue",
    "846": "inventory advice",
    "850": "purchase order",
    "855": "purchase order acknowledgement",
    "856": "ship notice",
    "860": "purchase order change",
    "862": "shipping schedule",
    "864": "text message",
    "940": "warehouse shipping order",
    "945": "warehouse shipping advice",
    "997": "functional acknowledgement",
}


@dataclass(slots=True, kw_only=True)
class TransactionSet:
    """One ST ... SE: its kind (``852``), the sender of its group, and its segments, ST and SE included.

    A set without SE is not closed: what its last product says may be cut off, so that product is not believed.
    """

    kind: str
    sender: str
    is_closed: bool = False
    segments: list[Segment] = field(default_factory=list)


def transaction_sets(text: str, tally: Tally) -> Iterator[TransactionSet]:
    """The 852 and 867 sets of all interchanges in ``text``.

    Raises:
        DataRefused: CR-D151 no envelope, CR-D152 no set in it is a sales report.
    """
    reader = _Envelopes(tally)
    yield from reader.read(text)
    if not reader.found:
        kinds = sorted({f"{kind} ({_KINDS[kind]})" for kind in reader.others if kind in _KINDS})
        named = " and ".join(kinds) if kinds else "something else"
        raise DataRefused(
            "CR-D152", f"the file holds no sales report: it is {named}", help="send 852 product activity or 867 resale"
        )


class _Envelopes:
    """Walks ISA/GS/ST ... SE/GE/IEA."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.found = 0
        self.others: set[str] = set()
        self._isa: list[str] | None = None
        self._gs: list[str] | None = None
        self._set: TransactionSet | None = None
        self._groups = self._sets = 0

    def read(self, text: str) -> Iterator[TransactionSet]:
        for segment in _segments(text, self._tally):
            name = segment[1][0]
            if name == "ISA":
                self._expect_closed(segment, isa=True)
                self._isa, self._groups = segment[1], 0
            elif name == "GS":
                self._expect_closed(segment)
                self._gs, self._sets = segment[1], 0
                self._groups += 1
            elif name == "ST":
                self._expect_closed(segment, group=False)
                yield from self._finish()
                self._sets += 1
                self._set = TransactionSet(kind=element(segment[1], 1), sender=element(self._gs or self._isa or [], 2))
                self._set.segments.append(segment)
            elif name == "SE":
                yield from self._close_set(segment)
            elif name in ("GE", "IEA"):
                if self._set is not None:
                    self._tally.note("CR-D165", row=segment[0])
                yield from self._finish()
                self._close(segment)
            elif self._set is not None:
                self._set.segments.append(segment)
            else:
                self._tally.note("CR-D167", row=segment[0])
        if self._set is not None or self._gs is not None or self._isa is not None:
            self._tally.note("CR-D165")
        yield from self._finish()

    def _expect_closed(self, segment: Segment, *, isa: bool = False, group: bool = True) -> None:
        is_open = self._set is not None or (group and self._gs is not None) or (isa and self._isa is not None)
        if is_open:
            self._tally.note("CR-D165", row=segment[0])

    def _close_set(self, segment: Segment) -> Iterator[TransactionSet]:
        if self._set is None:
            self._tally.note("CR-D167", row=segment[0])
            return
        self._set.segments.append(segment)
        self._set.is_closed = True
        if element(segment[1], 1).strip().lstrip("0") != str(len(self._set.segments)):
            self._tally.note("CR-D160", row=segment[0])
        if element(segment[1], 2) != element(self._set.segments[0][1], 2):
            self._tally.note("CR-D164", row=segment[0])
        yield from self._finish()

    def _finish(self) -> Iterator[TransactionSet]:
        done, self._set = self._set, None
        if done is None:
            return
        if done.kind in ("852", "867"):
            self.found += 1
            yield done
        else:
            self.others.add(done.kind)
            self._tally.note("CR-D166", row=done.segments[0][0])

    def _close(self, segment: Segment) -> None:
        number, elements = segment
        is_group = elements[0] == "GE"
        opened = self._gs if is_group else self._isa
        if opened is None:
            self._tally.note("CR-D167", row=number)
            return
        if not is_group and self._gs is not None:
            self._tally.note("CR-D165", row=number)
        if element(elements, 1).strip().lstrip("0") != str(self._sets if is_group else self._groups):
            self._tally.note("CR-D161" if is_group else "CR-D162", row=number)
        if element(elements, 2).strip().lstrip("0") != element(opened, 6 if is_group else 13).strip().lstrip("0"):
            self._tally.note("CR-D164", row=number)
        self._gs = None
        if not is_group:
            self._isa = None


def _segments(text: str, tally: Tally) -> Iterator[Segment]:
    at, count = _start(text), 0
    if not text.startswith("ISA", at):
        raise DataRefused(
            "CR-D151", "there is no X12 envelope (ISA)", help="send whole interchanges, from ISA to IEA, as exchanged"
        )
    separator = end = ""
    while at < len(text):
        if text.startswith("ISA", at):
            separator, end = _separators(text, at)
        stop = text.find(end, at)
        piece = text[at:] if stop < 0 else text[at:stop]
        at = len(text) if stop < 0 else stop + len(end)
        at = _start(text, at)
        piece = piece.strip("\r\n\t \0\x1a")
        if not piece:
            continue
        count += 1
        if stop < 0 and not piece.startswith("IEA"):
            # A segment without its terminator may have lost digits: 12 may have been 120.
            tally.reject(count, "CR-D117")
            return
        yield count, piece.split(separator)


def _start(text: str, at: int = 0) -> int:
    while at < len(text) and text[at] in "\ufeff\r\n\t \0\x1a":
        at += 1
    return at


def _separators(text: str, at: int) -> tuple[str, str]:
    """Element separator and segment terminator, from the sixteenth element of the ISA at ``at``."""
    separator = text[at + 3 : at + 4]
    if not separator or separator.isalnum() or separator.isspace():
        raise DataRefused("CR-D151", "the ISA segment is broken", help="send the interchange as it was exchanged")
    place = at + 3
    for _ in range(_ISA_ELEMENTS - 1):
        place = text.find(separator, place + 1)
        if place < 0 or place - at > 400:
            raise DataRefused("CR-D151", "the ISA segment is broken", help="ISA has sixteen elements")
    tail = text[place + 1 : place + 6]
    found = re.match(r"([^\sA-Za-z0-9]?)(\r?\n|[^\sA-Za-z0-9])", tail)
    if found is None:
        raise DataRefused("CR-D151", "the ISA segment is broken", help="ISA ends with a component separator")
    return separator, "\n" if found[2].endswith("\n") else found[2]
