"""EDIFACT / EANCOM SLSRPT (sales data report) -> sales rows.

``_row`` is the number of the QTY segment. Quantity qualifiers (6063): 153, 25, 29 and 30 sold; 61 and 210 returned; stock,
orders and deliveries are no sale; one that a sales report has no use for is rejected, for it may be a sale. Segments are split by our own few lines rather than a library, because row
numbers, truncation and counts must be known even where the message is broken.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from cleanroom.errors import DataRefused
from connectors.formats.edi_lines import COLUMNS, Line, Numbering, Period, iso_date, number, row
from connectors.formats.edifact_envelope import SALES_REPORT, EdifactMessage, edifact_messages, part_of
from connectors.formats.source import Record, RecordSource, SourceOptions, new_tally
from connectors.formats.tally import Tally
from connectors.formats.x12 import edi_text

_SOLD = ("153", "25", "29", "30")
_RETURNED = ("61", "210")
# fmt: off
_NO_SALES = frozenset((
    "3", "8", "11", "12", "17", "18", "20", "21", "24", "26", "27", "31", "40", "46", "47", "48", "57", "59", "66",
    "70", "73", "79", "83", "84", "113", "124", "131", "135", "143", "144", "145", "158", "161", "192", "194",
    "195", "198",
))
# fmt: on


def open_edifact(file: Path | BinaryIO, options: SourceOptions) -> RecordSource:
    """Open a file of EDIFACT interchanges.

    Raises:
        DataRefused: CR-D102 empty, CR-D103 over a limit, CR-D151 no envelope, CR-D152 not a sales report,
            CR-D153 TRADACOMS.
    """
    text = edi_text(file, options).lstrip("\ufeff \r\n\t")
    if text.startswith(("STX=", "SCHEMA=")):
        raise DataRefused(
            "CR-D153", "the file is TRADACOMS, which is not read here", help="send EANCOM SLSRPT, X12 852 or a CSV file"
        )
    tally = new_tally(options)
    messages = [message for message in edifact_messages(text, tally) if message.kind == SALES_REPORT]
    return RecordSource(COLUMNS, options, tally, _records(messages, tally))


def _records(messages: Sequence[EdifactMessage], tally: Tally) -> Iterator[Record]:
    numbering = Numbering()
    for message in messages:
        yield from _Report(message, numbering, tally).rows()


class _Report:
    """Walks one SLSRPT: header, places (LOC), lines (LIN)."""

    def __init__(self, message: EdifactMessage, numbering: Numbering, tally: Tally) -> None:
        self._message, self._numbering, self._tally = message, numbering, tally
        self._header = Period()
        self._here = Period()
        self._has_place = False
        self._parties: dict[str, str] = {}
        self._store: str | None = None
        self._currency: str | None = None
        self._report: str | None = None
        self._line: Line | None = None
        self._quantities: list[tuple[int, str, str]] = []

    def rows(self) -> Iterator[Record]:
        """Rows of the message, in order."""
        for place, elements in self._message.segments:
            name = part_of(elements, 0)
            if name in ("LIN", "LOC", "UNT", "UNS"):
                yield from self._finish()
            self._read(name, place, elements)
        for place, _ in self._finish():
            # Only a message without UNT comes here with a line at hand: it may be cut off.
            self._tally.reject(place, "CR-D117")

    def _read(self, name: str, place: int, elements: Sequence[Sequence[str]]) -> None:
        line = self._line
        match name:
            case "BGM":
                self._report = part_of(elements, 2) or None
            case "DTM" if line is None:
                self._read_date(elements)
            case "NAD" if line is None:
                self._parties[part_of(elements, 1)] = part_of(elements, 2)
            case "CUX":
                self._currency = part_of(elements, 1, 1) or None
            case "LOC":
                self._has_place = True
                self._store, self._here = part_of(elements, 2) or part_of(elements, 2, 3) or None, Period()
            case "LIN":
                self._line = Line(gtin=part_of(elements, 3) or None, number=part_of(elements, 1) or None)
                if part_of(elements, 3, 1) in ("SA", "IN", "BP", "VP"):
                    self._line.gtin, self._line.sku = None, self._line.gtin
            case "PIA" if line is not None:
                self._read_ids(line, elements)
            case "RFF" | "GIN" if line is not None and part_of(elements, 1) in ("SE", "SN", "BN"):
                serial = part_of(elements, 1, 1) or part_of(elements, 2)
                line.serials.extend([serial] if serial else [])
            case "PRI" if line is not None and line.price is None:
                line.price = self._number(part_of(elements, 1, 1))
            case "MOA" if line is not None and part_of(elements, 1) in ("203", "66", "77") and line.amount is None:
                line.amount = self._number(part_of(elements, 1, 1))
            case "QTY":
                self._quantities.append((place, part_of(elements, 1), part_of(elements, 1, 1)))
            case _:
                pass

    def _read_date(self, elements: Sequence[Sequence[str]]) -> None:
        kind, text, form = part_of(elements, 1), part_of(elements, 1, 1), part_of(elements, 1, 2)
        known = self._here if self._has_place else self._header
        if form == "718" and len(text) == 16:
            found = Period(start=iso_date(text[:8]), end=iso_date(text[8:]))
        elif kind in ("90", "194"):
            found = Period(start=iso_date(text[:8]), end=known.end)
        elif kind in ("91", "206"):
            found = Period(start=known.start, end=iso_date(text[:8]))
        elif kind in ("356", "263", "454") and not (known.start and known.start != known.end):
            found = Period(start=iso_date(text[:8]), end=iso_date(text[:8]))
        else:
            return
        if self._has_place:
            self._here = found
        else:
            self._header = found

    @staticmethod
    def _read_ids(line: Line, elements: Sequence[Sequence[str]]) -> None:
        for at in range(2, len(elements)):
            text, kind = part_of(elements, at), part_of(elements, at, 1)
            if kind in ("IN", "BP", "CB") and line.sku is None:
                line.sku = text or None
            elif kind in ("SA", "VP", "MF", "MN") and line.model is None:
                line.model = text or None
            elif kind in ("EN", "UP", "SRV") and line.gtin is None:
                line.gtin = text or None

    def _number(self, text: str) -> Decimal | None:
        # The decimal mark of UNA is not binding: both are in use.
        return number(text.replace(",", ".") if "." not in text else text)

    def _finish(self) -> Iterator[Record]:
        line, quantities = self._line, self._quantities
        self._line, self._quantities = None, []
        if line is None:
            for place, _, _ in quantities:
                self._tally.reject(place, "CR-D171")
            return
        if not quantities:
            self._tally.reject(self._message.segments[0][0], "CR-D170")
            return
        for place, kind, text in quantities:
            cells = self._cells(line, place, kind, text, self._place_of_sale(), len(quantities) == 1)
            if cells is not None:
                yield place, cells

    def _place_of_sale(self) -> str | None:
        return self._store or next((self._parties[k] for k in ("BY", "SE", "ST", "DP") if k in self._parties), None)

    def _cells(
        self, line: Line, place: int, kind: str, text: str, store: str | None, is_only: bool
    ) -> list[str | None] | None:
        if kind not in _SOLD and kind not in _RETURNED:
            if kind in _NO_SALES:
                self._tally.skip(place, "CR-D177")
            else:
                self._tally.reject(place, "CR-D174")
            return None
        quantity = self._number(text)
        period = self._here if self._here.start or self._here.end else self._header
        day = period.end or period.start
        if quantity is None or not (line.gtin or line.sku or line.model) or day is None:
            missing = "CR-D171" if quantity is not None and day is not None else "CR-D176"
            self._tally.reject(place, ("CR-D172" if text else "CR-D170") if quantity is None else missing)
            return None
        if quantity == 0:
            self._tally.skip(place, "CR-D178")
            return None
        if kind in _RETURNED:
            quantity = -abs(quantity)
        if period.start and period.start != day:
            self._tally.note("CR-D179")
        amount = line.amount if kind in _SOLD or is_only else None
        if amount is not None and quantity < 0:
            amount = -abs(amount)
        if amount is None and line.price is not None:
            amount = line.price * quantity
            self._tally.note("CR-D180")
        item = line.gtin or line.sku or line.model
        return row(
            sale_id=self._numbering.next(self._message.sender, period.start, day, store, item, kind),
            store=store,
            line=line,
            quantity=quantity,
            amount=amount,
            period=period,
            activity=kind,
            sender=self._message.sender,
            report=self._report,
            currency=self._currency,
            serial=line.serials[0] if len(line.serials) == 1 else None,
        )
