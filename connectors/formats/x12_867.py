"""One 867 set -> rows: products a distributor or retailer passed on, and those that came back.

A PTD says what kind of transfer its quantities are; a QTY holds one quantity; LIN (after or before it) the product.
Parties (N1) inside PTD win over those of the header. Each serial (LIN ``SN`` or REF ``SE``) becomes a row of its own
when there are as many serials as units.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.formats.edi_lines import Line, Numbering, Period, iso_date, number, row, split_amount
from connectors.formats.source import Record
from connectors.formats.tally import Tally
from connectors.formats.x12_867_codes import (
    DAYS,
    ENDS,
    NO_SALES,
    RETURNED_QUANTITIES,
    RETURNS,
    SALES,
    SOLD_QUANTITIES,
    STARTS,
    STORES,
)
from connectors.formats.x12_envelope import Segment, TransactionSet
from connectors.formats.x12_items import element, hash_agrees, place_id, product


@dataclass(slots=True, kw_only=True)
class _Scope:
    """What segments said so far at one level; the detail starts as a copy of the header."""

    day: str | None = None
    start: str | None = None
    end: str | None = None
    stores: dict[str, str] = field(default_factory=dict)
    currency: str | None = None
    transaction: str | None = None

    def copy(self) -> "_Scope":
        return _Scope(
            day=self.day,
            start=self.start,
            end=self.end,
            stores=dict(self.stores),
            currency=self.currency,
            transaction=self.transaction,
        )

    def read(self, elements: Sequence[str]) -> None:
        kind, text = element(elements, 1), element(elements, 2)
        match elements[0]:
            case "DTM" if kind in STARTS and not (kind == "194" and self.start):
                self.start = iso_date(text) or self.start
            case "DTM" if kind in ENDS:
                self.end = iso_date(text) or self.end
            case "DTM" if kind in DAYS:
                self.day = iso_date(text) or self.day
            case "N1" if (store := place_id(elements)) is not None:
                self.stores[kind] = store
            case "CUR":
                self.currency = text or None
            case "REF" if kind in ("IV", "CO", "OI", "SO", "PO"):
                self.transaction = text or None
            case _:
                pass

    @property
    def period(self) -> Period:
        if self.day:
            return Period(start=self.day, end=self.day)
        return Period(start=self.start, end=self.end)

    @property
    def store(self) -> str | None:
        return next((self.stores[kind] for kind in STORES if kind in self.stores), None)


@dataclass(slots=True, kw_only=True)
class _Quantity:
    place: int
    kind: str
    text: str
    line: Line | None
    scope: _Scope


def read_867(found: TransactionSet, numbering: Numbering, tally: Tally) -> Iterator[Record]:
    """Rows of one set."""
    report = next((element(e, 2) for _, e in found.segments if e[0] == "BPT"), None)
    opened = next((iso_date(element(e, 3)) for _, e in found.segments if e[0] == "BPT"), None)
    _check_totals(found.segments, tally)
    quantities = list(_quantities(found.segments))
    for transfer, quantity in quantities:
        rows = _rows(transfer, quantity, found.sender, report, opened, numbering, tally)
        if found.is_closed or quantity is not quantities[-1][1]:
            yield from rows
        else:
            for place, _ in rows:
                tally.reject(place, "CR-D117")


def _quantities(segments: Sequence[Segment]) -> Iterator[tuple[str, _Quantity]]:
    """Each QTY with its product, in the order of the file, and the kind of transfer it stands under."""
    header = _Scope()
    scope, transfer, pending, is_detail = header, "", None, False
    current: _Quantity | None = None
    for place, elements in segments:
        name = elements[0]
        if name in ("PTD", "QTY", "CTT", "SE") and current is not None:
            yield transfer, current
            current = None
        if name == "PTD":
            transfer, pending, is_detail = element(elements, 1), None, True
            scope = header.copy()
            if element(elements, 4) in ("IV", "CO", "OI", "SO", "PO"):
                scope.transaction = element(elements, 5) or None
        elif name == "QTY":
            current = _Quantity(
                place=place, kind=element(elements, 1), text=element(elements, 2), line=pending, scope=scope.copy()
            )
        elif name == "LIN":
            line = product(elements)
            if current is not None and current.line is None:
                current.line = line
            else:
                if current is not None:
                    yield transfer, current
                    current = None
                pending = line
        elif name in ("UIT", "CTP", "AMT", "REF", "N9") and _describe(current, pending, elements):
            continue
        else:
            (current.scope if current is not None and name == "DTM" else scope if is_detail else header).read(elements)
    if current is not None:
        yield transfer, current


def _describe(current: _Quantity | None, pending: Line | None, elements: Sequence[str]) -> bool:
    """Read prices, amounts and serials of the product at hand; whether the segment was one of these."""
    line = current.line if current is not None and current.line is not None else pending
    if line is None:
        return False
    match elements[0]:
        case "UIT":
            line.price = number(element(elements, 2)) if line.price is None else line.price
        case "CTP":
            line.price = number(element(elements, 3)) if line.price is None else line.price
        case "AMT":
            line.amount = number(element(elements, 2)) if line.amount is None else line.amount
        case _:
            if element(elements, 1) != "SE" or not element(elements, 2):
                return False
            line.serials.append(element(elements, 2))
    return True


def _rows(
    transfer: str,
    quantity: _Quantity,
    sender: str,
    report: str | None,
    opened: str | None,
    numbering: Numbering,
    tally: Tally,
) -> Iterator[Record]:
    place, line, scope = quantity.place, quantity.line, quantity.scope
    is_return = transfer in RETURNS or quantity.kind in RETURNED_QUANTITIES
    if transfer not in SALES | RETURNS | NO_SALES:
        tally.reject(place, "CR-D174")
        return
    if transfer not in SALES | RETURNS or quantity.kind not in SOLD_QUANTITIES | RETURNED_QUANTITIES:
        tally.skip(place, "CR-D177")
        return
    units = number(quantity.text)
    period = scope.period if scope.period.end or scope.period.start else Period(start=opened, end=opened)
    day = period.end or period.start
    if units is None:
        tally.reject(place, "CR-D172" if quantity.text else "CR-D170")
    elif line is None or not (line.gtin or line.sku or line.model):
        tally.reject(place, "CR-D171")
    elif day is None:
        tally.reject(place, "CR-D176")
    elif units == 0:
        tally.skip(place, "CR-D178")
    else:
        if period.start and period.end and period.start != period.end:
            tally.note("CR-D179")
        signed = -abs(units) if is_return else units
        for serial, share, amount in _shares(line, signed, tally):
            cells = row(
                sale_id=numbering.next(
                    sender, period.start, day, scope.store, scope.transaction, line.gtin or line.sku or line.model,
                    serial, transfer + quantity.kind,
                ),
                store=scope.store,
                line=line,
                quantity=share,
                amount=amount,
                period=period,
                activity=transfer,
                sender=sender or None,
                report=report or None,
                currency=scope.currency,
                transaction=scope.transaction,
                serial=serial,
            )  # fmt: skip
            yield place, cells


def _shares(line: Line, signed: Decimal, tally: Tally) -> Iterator[tuple[str | None, Decimal, Decimal | None]]:
    """One share per serial when there are as many serials as units, else one for all."""
    amount = line.amount
    if amount is not None and signed < 0:
        amount = -abs(amount)
    if amount is None and line.price is not None:
        amount = line.price * signed
        tally.note("CR-D180")
    serials = line.serials
    if len(serials) < 2 or abs(signed) != len(serials):
        yield (serials[0] if len(serials) == 1 else None), signed, amount
        return
    one = Decimal(1) if signed > 0 else Decimal(-1)
    parts = split_amount(amount, len(serials))
    for serial, part in zip(serials, parts, strict=True):
        yield serial, one, part


def _check_totals(segments: Sequence[Segment], tally: Tally) -> None:
    totals = next((segment for segment in segments if segment[1][0] == "CTT"), None)
    if totals is None:
        return
    place, elements = totals
    counts = {sum(1 for _, e in segments if e[0] == name) for name in ("PTD", "QTY", "LIN")}
    quantities = [element(e, 2) for _, e in segments if e[0] == "QTY"]
    stated = element(elements, 1).lstrip("0") or "0"
    if stated not in {str(count) for count in counts} or not hash_agrees(element(elements, 2), (quantities,)):
        tally.note("CR-D163", row=place)
