"""ARTS POSLog 2.1 to 6 -> sales rows: one per sale or return line item.

``_row`` counts line items (and transactions without any) through the document. The business day wins over the clock: a
sale at two in the morning belongs to the day the store says. Voided lines, cancelled, training, suspended and
post-voided transactions are skipped with a reason; a post-void also takes out the sale it names, which one pass before
the reading finds. Returns are rows of negative quantity, with the sale they name where they name one.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from cleanroom.errors import DataRefused
from connectors.formats.edi_lines import number, plain, split_amount
from connectors.formats.opening import open_file, plain_stream
from connectors.formats.poslog_items import Item, Transaction, read_transaction
from connectors.formats.source import Record, RecordSource, SourceOptions, new_tally
from connectors.formats.tally import Tally
from connectors.formats.xml_events import subtrees

COLUMNS = (
    "sale_id",
    "store_id",
    "channel",
    "sale_date",
    "sold_at",
    "transaction_id",
    "line_no",
    "gtin",
    "sku",
    "model",
    "brand",
    "serial",
    "quantity",
    "unit_price",
    "net_amount",
    "currency",
    "promo_id",
    "buyer_email",
    "buyer_phone",
    "kind",
    "return_date",
    "return_reason",
    "original_transaction_id",
)
IDENTITY = {name: name for name in COLUMNS[:19]}
_NAMES = frozenset(("Transaction",))
_NO_SALE = frozenset(("Suspended", "SuspendedDeleted", "Canceled", "Cancelled", "Voided", "PostVoided", "Failed"))


def open_poslog(file: Path | BinaryIO, options: SourceOptions) -> RecordSource:
    """Open a POSLog document.

    Raises:
        DataRefused: CR-D102 empty, CR-D103 over a limit, CR-D104 not well-formed, CR-D154 no POSLog in it,
            CR-D155 document type declaration.
    """
    stream = open_file(file)
    if not plain_stream(stream, options.limits).read(64).strip():
        raise DataRefused("CR-D102", "the file is empty", help="check that the export ran")
    voided, seen = _post_voided(stream, options)
    if not seen:
        raise DataRefused("CR-D154", "the XML holds no POSLog transaction", help="send an ARTS POSLog document")
    tally = new_tally(options)
    for _ in range(sum(1 for key in voided if key not in seen)):
        tally.note("CR-D205")
    return RecordSource(COLUMNS, options, tally, _records(file, stream, options, voided, tally))


def _post_voided(stream: BinaryIO, options: SourceOptions) -> tuple[frozenset[str], frozenset[str]]:
    """Ids of transactions that a post-void names, and of all transactions."""
    voided: set[str] = set()
    seen: set[str] = set()
    counting = new_tally(options)
    for node in subtrees(plain_stream(stream, options.limits), _NAMES, options.limits):
        found = read_transaction(node)
        counting.check()
        if found.id:
            seen.add(found.id)
        if found.voids:
            voided.add(found.voids)
    return frozenset(voided), frozenset(seen) or frozenset(("",) if counting.read else ())


def _records(
    file: Path | BinaryIO, stream: BinaryIO, options: SourceOptions, voided: frozenset[str], tally: Tally
) -> Iterator[Record]:
    place = 0
    try:
        for node in subtrees(plain_stream(stream, options.limits), _NAMES, options.limits):
            transaction = read_transaction(node)
            if not transaction.items:
                place += 1
                tally.skip(place, "CR-D197" if _is_void(transaction, voided) else "CR-D194")
            for item in transaction.items:
                place += 1
                yield from _rows(transaction, item, place, voided, tally)
            tally.check()
    finally:
        if isinstance(file, Path):
            stream.close()


def _is_void(transaction: Transaction, voided: frozenset[str]) -> bool:
    return bool(
        transaction.is_training
        or transaction.status in _NO_SALE
        or transaction.voids
        or (transaction.id and transaction.id in voided)
    )


def _rows(transaction: Transaction, item: Item, place: int, voided: frozenset[str], tally: Tally) -> Iterator[Record]:
    quantity, amount = number(item.quantity or "1"), number(item.amount)
    price = number(item.price)
    if not item.is_product:
        tally.skip(place, "CR-D196")
    elif _is_void(transaction, voided):
        tally.skip(place, "CR-D197")
    elif transaction.is_cancelled or item.is_void:
        tally.skip(place, "CR-D195")
    elif not transaction.id:
        tally.reject(place, "CR-D193")
    elif not transaction.day:
        tally.reject(place, "CR-D192")
    elif not (item.gtin or item.sku):
        tally.reject(place, "CR-D190")
    elif quantity is None or (item.amount and amount is None) or (item.price and price is None):
        tally.reject(place, "CR-D191")
    elif quantity == 0:
        tally.skip(place, "CR-D178")
    else:
        if transaction.is_after_midnight:
            tally.note("CR-D198", row=place)
        if transaction.is_day_from_clock:
            tally.note("CR-D206", row=place)
        if item.is_return and not item.original:
            tally.note("CR-D199", row=place)
        if item.is_return:
            quantity, amount = -abs(quantity), None if amount is None else -abs(amount)
        if amount is None and price is not None:
            amount = price * quantity
            tally.note("CR-D180", row=place)
        for cells in _cells(transaction, item, quantity, price, amount):
            yield place, cells


def _cells(
    transaction: Transaction, item: Item, quantity: Decimal, price: Decimal | None, amount: Decimal | None
) -> Iterator[list[str | None]]:
    """One row, or one per serial when there are as many serials as units."""
    many = len(item.serials) > 1 and abs(quantity) == len(item.serials)
    shares = split_amount(amount, len(item.serials)) if many else [amount]
    serials = list(item.serials) if many else [item.serials[0] if len(item.serials) == 1 else None]
    units = quantity / len(item.serials) if many else quantity
    for at, (serial, share) in enumerate(zip(serials, shares, strict=True), start=1):
        yield [
            f"{transaction.id}:{item.line}" + (f".{at}" if many else ""),
            transaction.store,
            "store",
            transaction.day,
            transaction.moment,
            transaction.id,
            item.line,
            item.gtin,
            item.sku,
            None,
            item.brand,
            serial,
            plain(units),
            plain(price),
            plain(share),
            item.currency or transaction.currency,
            item.promotion,
            transaction.email,
            transaction.phone,
            "return" if item.is_return else "sale",
            transaction.day if item.is_return else None,
            item.reason,
            item.original,
        ]
