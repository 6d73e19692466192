"""One POSLog ``Transaction`` element -> what is sold in it. Names of versions 2.1, 3 and 6 are read alike."""

from dataclasses import dataclass

from connectors.formats.xml_events import Node

_PRODUCT = (
    "Sale",
    "Return",
    "SaleForDelivery",
    "SaleForPickup",
    "CustomerOrderForDelivery",
    "CustomerOrderForPickup",
    "ReturnForDelivery",
)
_ORDERS = ("CustomerOrderForDelivery", "CustomerOrderForPickup", "Layaway", "SpecialOrder")
_VOIDING = ("postvoid", "void", "voided", "postvoided")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line item; texts as in the document."""

    line: str
    is_product: bool
    is_return: bool
    is_void: bool
    gtin: str | None
    sku: str | None
    brand: str | None
    serials: tuple[str, ...]
    quantity: str | None
    price: str | None
    amount: str | None
    currency: str | None
    promotion: str | None
    reason: str | None
    original: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transaction; ``voids`` is the id of the one it cancels, ``id`` is ``store-workstation-day-sequence``."""

    id: str
    store: str | None
    day: str | None
    moment: str | None
    is_after_midnight: bool
    is_day_from_clock: bool
    is_training: bool
    is_cancelled: bool
    status: str
    voids: str
    currency: str | None
    email: str | None
    phone: str | None
    items: tuple[Item, ...]


def read_transaction(node: Node) -> Transaction:
    """What a ``Transaction`` element says; never raises, missing parts are None or empty."""
    retail = node.child("RetailTransaction")
    store = _store(node)
    moment = _moment(node.value("EndDateTime", "BeginDateTime", "ReceiptDateTime"))
    moment = moment or (_moment(retail.value("ReceiptDateTime")) if retail else None)
    business = _day(node.value("BusinessDayDate"))
    day = business or (moment[:10] if moment else None)
    link = next((item for item in (retail or node).children if item.name == "TransactionLink"), None)
    reason = (link.attributes.get("ReasonCode") or link.value("ReasonCode") or "") if link else ""
    is_void = node.child("PostVoidTransaction") is not None or reason.rpartition(":")[2].lower() in _VOIDING
    if link is None and node.child("PostVoidTransaction") is not None:
        link = next(iter(node.all("TransactionLink")), None)
    return Transaction(
        id=_id(store, node.value("WorkstationID", "TillID"), day, node.value("SequenceNumber", "TransactionID")),
        store=store,
        day=day,
        moment=moment,
        is_after_midnight=bool(business and moment and moment[:10] > business),
        is_day_from_clock=business is None and day is not None,
        is_training=node.flag("TrainingModeFlag"),
        is_cancelled=node.flag("CancelFlag") or node.flag("VoidFlag"),
        status=(retail.attributes.get("TransactionStatus", "") if retail else "").rpartition(":")[2],
        voids=_linked(link, store, day) if is_void and link else "",
        currency=node.value("CurrencyCode") or (retail.value("CurrencyCode") if retail else None),
        email=_first(node, "EMail", "eMail", "Email", "EmailAddress", "EMailAddress"),
        phone=_first(node, "TelephoneNumber", "PhoneNumber", "FullTelephoneNumber", "Telephone"),
        items=_items(retail, day) if retail else (),
    )


def _store(node: Node) -> str | None:
    unit = node.child("BusinessUnit")
    return node.value("RetailStoreID") or (unit.value("UnitID") if unit else None) or node.value("UnitID")


def _id(store: str | None, workstation: str | None, day: str | None, sequence: str | None) -> str:
    return f"{store}-{workstation or '0'}-{day}-{sequence}" if store and sequence else ""


def _linked(link: Node | None, store: str | None, day: str | None) -> str:
    if link is None:
        return ""
    return _id(
        _store(link) or store,
        link.value("WorkstationID", "TillID"),
        _day(link.value("BusinessDayDate")) or day,
        link.value("SequenceNumber", "TransactionID"),
    )


def _day(text: str | None) -> str | None:
    return text[:10] if text and len(text) >= 10 and text[4] == "-" and text[7] == "-" else None


def _moment(text: str | None) -> str | None:
    """Local time as written, without zone: ``2026-01-31T23:59:58``."""
    return text[:19] if text and len(text) >= 19 and _day(text) else None


def _first(node: Node, *names: str) -> str | None:
    for name in names:
        for found in node.all(name):
            if found.text.strip():
                return found.text.strip()
    return None


def _items(retail: Node, day: str | None) -> tuple[Item, ...]:
    lines = [node for node in retail.children if node.name == "LineItem"]
    # A voiding line may name the line it takes back instead of marking it.
    voided = {
        text
        for line in lines
        if line.flag("VoidFlag") or line.child("Void") is not None
        for link in (*line.all("ItemLink"), *line.all("VoidedLineItem"))
        if (text := link.text.strip() or (link.value("LineItemSequenceNumber", "SequenceNumber") or ""))
    }
    return tuple(_item(line, at, voided, day) for at, line in enumerate(lines, start=1))


def _item(line: Node, at: int, voided: set[str], day: str | None) -> Item:
    number = line.value("SequenceNumber") or str(at)
    part = line.child(*_PRODUCT)
    body = part or Node("", {})
    link = body.child("TransactionLink") or line.child("TransactionLink")
    quantity = body.child("Quantity")
    gtin, sku = _identity(body)
    return Item(
        line=number,
        is_product=part is not None and part.name not in _ORDERS,
        is_return=body.name.startswith("Return"),
        is_void=line.flag("VoidFlag") or line.flag("CancelFlag") or body.flag("VoidFlag") or number in voided,
        gtin=gtin,
        sku=sku,
        brand=body.value("Brand", "BrandName"),
        serials=tuple(text for node in body.all("SerialNumber") if (text := node.text.strip())),
        quantity=quantity.text.strip() if quantity is not None else None,
        price=body.value("ActualSalesUnitPrice", "RegularSalesUnitPrice", "UnitListPrice"),
        amount=body.value("ExtendedAmount"),
        currency=next((n.attributes["Currency"] for n in body.children if "Currency" in n.attributes), None),
        promotion=_first(body, "PromotionID"),
        reason=body.value("ReasonCode", "Reason", "ReturnReason", "Disposal"),
        original=_linked(link, None, day) or None,
    )


def _identity(body: Node) -> tuple[str | None, str | None]:
    """GTIN and article number: POSIdentity says what kind of id it carries."""
    gtin = sku = None
    for identity in body.children:
        if identity.name != "POSIdentity":
            continue
        kind = (identity.attributes.get("POSIDType") or "").rpartition(":")[2].upper()
        text = identity.value("POSItemID", "ItemID")
        if text and kind in ("GTIN", "EAN", "EAN13", "EAN8", "UPC", "UPCA", "UPC-A", "UPCE", "GTIN14"):
            gtin = gtin or text
        elif text:
            sku = sku or text
    for node in body.children:
        if node.name == "ItemID" and (text := node.text.strip()):
            kind = (node.attributes.get("Type") or node.attributes.get("Name") or "").upper()
            if kind in ("GTIN", "EAN", "UPC"):
                gtin = gtin or text
            else:
                sku = sku or text
        elif node.name in ("GTIN", "UPC", "EAN") and (text := node.text.strip()):
            gtin = gtin or text
    return gtin, sku
