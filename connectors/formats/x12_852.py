"""One 852 set -> rows: what each store sold and took back of each product in the reported period.

A product (LIN) reports activities (ZA), each as one quantity or spread over stores (SDQ). Reports that state the same
sale under several codes (sold, net sold, total) are counted once: the first code present of ``_SOLD`` is taken.
Segments as in X12 004010 to 008040; the meaning of data element 859 follows its published code list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.formats.edi_lines import Line, Numbering, Period, iso_date, number, row
from connectors.formats.source import Record
from connectors.formats.tally import Tally
from connectors.formats.x12_852_activities import Activity, activities_of
from connectors.formats.x12_852_codes import MONEY, NET, OTHER, RETAIL_PRICES, RETURNED, SOLD, STORE_PARTIES
from connectors.formats.x12_envelope import Segment, TransactionSet
from connectors.formats.x12_items import element, hash_agrees, place_id, product


@dataclass(slots=True, kw_only=True)
class _Header:
    period: Period
    store: str | None
    currency: str | None
    report: str | None
    sender: str


def read_852(found: TransactionSet, numbering: Numbering, tally: Tally) -> Iterator[Record]:
    """Rows of one set."""
    head, loops = _split(found.segments, tally)
    header = _header(head, found.sender)
    _check_totals(found.segments, loops, tally)
    for loop in loops:
        rows = _loop(loop, header, numbering, tally)
        if found.is_closed or loop is not loops[-1]:
            yield from rows
        else:
            for place, _ in rows:
                tally.reject(place, "CR-D117")


def _split(segments: Sequence[Segment], tally: Tally) -> tuple[list[Segment], list[list[Segment]]]:
    """The header segments, and one list per LIN."""
    head: list[Segment] = []
    loops: list[list[Segment]] = []
    for segment in segments:
        name = segment[1][0]
        if name == "LIN":
            loops.append([segment])
        elif name in ("SE", "CTT"):
            continue
        elif loops:
            loops[-1].append(segment)
        elif name in ("ZA", "SDQ"):
            tally.reject(segment[0], "CR-D171")
        else:
            head.append(segment)
    return head, loops


def _header(head: Sequence[Segment], sender: str) -> _Header:
    start = end = store = currency = report = None
    for _, elements in head:
        match elements[0]:
            case "XQ":
                start, end = iso_date(element(elements, 2)), iso_date(element(elements, 3))
            case "DTM" if element(elements, 1) in ("090", "194", "007", "582"):
                start = start or iso_date(element(elements, 2))
            case "DTM" if element(elements, 1) in ("091", "206", "008", "097"):
                end = end or iso_date(element(elements, 2))
            case "N1" if element(elements, 1) in STORE_PARTIES:
                store = store or place_id(elements)
            case "CUR":
                currency = element(elements, 2) or None
            case "N9" if report is None:
                report = element(elements, 2) or None
            case _:
                pass
    return _Header(period=Period(start=start, end=end), store=store, currency=currency, report=report, sender=sender)


def _loop(loop: Sequence[Segment], header: _Header, numbering: Numbering, tally: Tally) -> Iterator[Record]:
    line = product(loop[0][1])
    line.price = _price(loop)
    activities = list(activities_of(loop, header.store, tally))
    codes = {activity.code for activity in activities if activity.unit != MONEY}
    sold = next((code for code in SOLD if code in codes), None)
    returned = None if sold == NET else next((code for code in RETURNED if code in codes), None)
    money = {
        (activity.code, store): number(text)
        for activity in activities
        if activity.unit == MONEY
        for _, store, text in activity.stores
    }
    for activity in activities:
        wanted = activity.code in (sold, returned)
        for place, store, text in activity.stores:
            if activity.unit == MONEY and activity.code in (*SOLD, *RETURNED) and (sold or returned):
                tally.skip(place, "CR-D177")
            elif activity.code not in OTHER and activity.code not in (*SOLD, *RETURNED):
                tally.reject(place, "CR-D174")
            elif not wanted:
                tally.skip(place, "CR-D177")
            else:
                cells = _cells(line, activity, place, store, text, header, numbering, money, tally)
                if cells is not None:
                    yield place, cells


def _price(loop: Sequence[Segment]) -> Decimal | None:
    """The price to consumers if the report says which it is, else the first."""
    prices = {element(elements, 2): number(element(elements, 3)) for _, elements in loop if elements[0] == "CTP"}
    known = next((prices[kind] for kind in RETAIL_PRICES if prices.get(kind) is not None), None)
    return known if known is not None else next((price for price in prices.values() if price is not None), None)


def _cells(
    line: Line,
    activity: Activity,
    place: int,
    store: str | None,
    text: str,
    header: _Header,
    numbering: Numbering,
    money: dict[tuple[str, str | None], Decimal | None],
    tally: Tally,
) -> list[str | None] | None:
    quantity = number(text)
    period = Period(start=activity.day, end=activity.day) if activity.day else header.period
    day = period.end or period.start
    damage = (
        ("CR-D172" if text else "CR-D170")
        if quantity is None
        else "CR-D171"
        if not (line.gtin or line.sku or line.model)
        else "CR-D176"
        if day is None
        else None
    )
    if damage is not None or quantity is None:
        tally.reject(place, damage or "CR-D170")
        return None
    if quantity == 0:
        tally.skip(place, "CR-D178")
        return None
    if activity.code in RETURNED:
        quantity = -abs(quantity)
    if period.start and period.start != period.end and period.end:
        tally.note("CR-D179")
    amount = money.get((activity.code, store))
    if amount is not None and activity.code in RETURNED:
        amount = -abs(amount)
    if amount is None and line.price is not None:
        amount = line.price * quantity
        tally.note("CR-D180")
    item = line.gtin or line.sku or line.model
    return row(
        sale_id=numbering.next(header.sender, period.start, day, store, item, activity.code),
        store=store,
        line=line,
        quantity=quantity,
        amount=amount,
        period=period,
        activity=activity.code,
        sender=header.sender or None,
        report=header.report,
        currency=header.currency,
    )


def _check_totals(segments: Sequence[Segment], loops: Sequence[Sequence[Segment]], tally: Tally) -> None:
    totals = next((segment for segment in segments if segment[1][0] == "CTT"), None)
    if totals is None:
        return
    place, elements = totals
    quantities = [element(e, 2) for _, e in segments if e[0] == "ZA"]
    sold = [element(e, 2) for _, e in segments if e[0] == "ZA" and element(e, 1) in SOLD]
    pairs = [text for _, e in segments if e[0] == "SDQ" for text in e[4:23:2]]
    lines_agree = element(elements, 1).lstrip("0") == str(len(loops))
    # Partners differ in what they add up: ZA, sold ZA only, SDQ, or all of them.
    if not lines_agree or not hash_agrees(element(elements, 2), (quantities, sold, pairs, quantities + pairs)):
        tally.note("CR-D163", row=place)
