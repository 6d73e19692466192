"""EPCIS 2.0 (JSON-LD, or XML) retail-selling events -> sales rows: one per serialised item or per class and quantity.

``_row`` counts events. Only events whose business step is retail selling are sales. An event that was later declared an
error is left out (its correction stands on its own). GTIN and serial are read from EPC URNs and GS1 Digital Links.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO, cast

from cleanroom.errors import DataRefused
from connectors.formats.edi_lines import Numbering
from connectors.formats.opening import open_file, plain_stream, unreadable, whole_document
from connectors.formats.source import Record, RecordSource, SourceOptions, new_tally
from connectors.formats.tally import Tally
from connectors.formats.xml_events import Node, subtrees

Event = Mapping[str, object]

COLUMNS = (
    "sale_id",
    "store_id",
    "channel",
    "sale_date",
    "sold_at",
    "transaction_id",
    "gtin",
    "serial",
    "quantity",
    "event_id",
)
IDENTITY = {name: name for name in COLUMNS[:9]}
_EVENTS = ("ObjectEvent", "TransactionEvent", "AggregationEvent", "TransformationEvent", "AssociationEvent")
_SGTIN = re.compile(r"urn:epc:id:sgtin:(\d+)\.(\d+)\.(.+)\Z")
_CLASS = re.compile(r"urn:epc:(?:class:lgtin|idpat:sgtin):(\d+)\.(\d+)\.(.+)\Z")
_LINK = re.compile(r"https?://[^/]+/(?:.*/)?01/(\d{8,14})(?:/(?:10|22)/[^/?]+)*(?:/21/([^/?]+))?")


def open_epcis(file: Path | BinaryIO, options: SourceOptions) -> RecordSource:
    """Open an EPCIS document or query result.

    Raises:
        DataRefused: CR-D102 empty, CR-D103 over a limit, CR-D104 not JSON or XML, CR-D154 no EPCIS event in it.
    """
    stream = open_file(file)
    try:
        head = plain_stream(stream, options.limits).read(256).lstrip(b"\xef\xbb\xbf \r\n\t")
        if not head:
            raise DataRefused("CR-D102", "the file is empty", help="check that the export ran")
        events = list(_xml(stream, options)) if head[:1] == b"<" else _json(whole_document(stream, options.limits))
    finally:
        if isinstance(file, Path):
            stream.close()
    if not events:
        raise DataRefused("CR-D154", "the file holds no EPCIS event", help="send an EPCIS 2.0 document")
    tally = new_tally(options)
    return RecordSource(COLUMNS, options, tally, _records(events, tally))


def _json(data: bytes) -> list[Event]:
    try:
        document = json.loads(data, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise unreadable("JSON: it is damaged or cut off") from None
    found = document
    for step in ("epcisBody", "queryResults", "resultsBody"):
        if isinstance(found, dict) and isinstance(found.get(step), dict):
            found = found[step]
    if isinstance(found, dict):
        found = found.get("eventList", [found] if str(found.get("type", "")).endswith("Event") else [])
    return [event for event in found if isinstance(event, dict)] if isinstance(found, list) else []


def _xml(stream: BinaryIO, options: SourceOptions) -> Iterator[Event]:
    for node in subtrees(plain_stream(stream, options.limits), frozenset(_EVENTS), options.limits):
        yield _from_node(node)


def _from_node(node: Node) -> Event:
    def inside(outer: str, inner: str) -> list[str]:
        return [found.text.strip() for holder in node.all(outer) for found in holder.all(inner) if found.text.strip()]

    quantities = [
        {"epcClass": element.value("epcClass") or "", "quantity": element.value("quantity")}
        for element in node.all("quantityElement")
    ]
    event: dict[str, object] = {
        "type": node.name,
        "eventTime": node.value("eventTime"),
        "eventTimeZoneOffset": node.value("eventTimeZoneOffset"),
        "bizStep": node.value("bizStep"),
        "epcList": inside("epcList", "epc"),
        "quantityList": quantities,
        "eventID": next((found.text.strip() for found in node.all("eventID")), None),
        "bizLocation": {"id": next(iter(inside("bizLocation", "id")), None)},
        "readPoint": {"id": next(iter(inside("readPoint", "id")), None)},
        "bizTransactionList": [{"bizTransaction": text} for text in inside("bizTransactionList", "bizTransaction")],
    }
    if node.all("errorDeclaration"):
        event["errorDeclaration"] = {}
    return event


def _records(events: Sequence[Event], tally: Tally) -> Iterator[Record]:
    wrong = {str(event["eventID"]) for event in events if "errorDeclaration" in event and event.get("eventID")}
    numbering = Numbering()
    for place, event in enumerate(events, start=1):
        step = _text(event.get("bizStep")) or ""
        if re.split(r"[:/\-]", step)[-1] != "retail_selling":
            tally.skip(place, "CR-D203")
        elif "errorDeclaration" in event or _text(event.get("eventID")) in wrong:
            tally.note("CR-D204", row=place)
            tally.skip(place, "CR-D195")
        else:
            yield from _rows(event, place, numbering, tally)


def _rows(event: Event, place: int, numbering: Numbering, tally: Tally) -> Iterator[Record]:
    moment = _local_time(_text(event.get("eventTime")), _text(event.get("eventTimeZoneOffset")))
    things = list(_things(event))
    if moment is None:
        tally.reject(place, "CR-D200")
        return
    if not things:
        tally.reject(place, "CR-D201")
        return
    store = _place(event.get("bizLocation")) or _place(event.get("readPoint"))
    transaction = _transaction(event.get("bizTransactionList"))
    for thing, quantity in things:
        found = _gtin(thing)
        if found is None:
            tally.reject(place, "CR-D202")
            continue
        gtin, serial = found
        sale_id = numbering.next("epcis", moment, store, gtin, serial, transaction)
        cells = [sale_id, store, "store", moment[:10], moment, transaction, gtin, serial, quantity]
        yield place, [*cells, _text(event.get("eventID"))]


def _things(event: Event) -> Iterator[tuple[str, str]]:
    """Ids with their quantities: serialised ones count one each."""
    for name in ("epcList", "childEPCs"):
        for epc in _list(event.get(name)):
            if isinstance(epc, str):
                yield epc, "1"
    for element in _list(event.get("quantityList")):
        if isinstance(element, dict):
            yield str(element.get("epcClass") or ""), str(element.get("quantity") or "1")


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _place(value: object) -> str | None:
    """GLN or id of a location: ``{"id": "urn:epc:id:sgln:..."}`` or a Digital Link with 414."""
    text = _text(value.get("id")) if isinstance(value, dict) else _text(value)
    if text is None:
        return None
    link = re.search(r"/414/(\d{13})", text)
    return link[1] if link else text.rpartition(":")[2] if text.startswith("urn:") else text


def _transaction(value: object) -> str | None:
    for item in _list(value):
        text = _text(item.get("bizTransaction")) if isinstance(item, dict) else _text(item)
        if text is not None:
            return text.rpartition(":")[2]
    return None


def _gtin(text: str) -> tuple[str, str | None] | None:
    """GTIN-14 and serial of an EPC."""
    if (found := _SGTIN.match(text)) is not None:
        gtin = _join(found[1], found[2])
        return (gtin, found[3]) if gtin else None
    if (found := _CLASS.match(text)) is not None:
        gtin = _join(found[1], found[2])
        return (gtin, None) if gtin else None
    if (found := _LINK.match(text)) is not None:
        return found[1].zfill(14), found[2]
    return None


def _join(company: str, item: str) -> str | None:
    """Company prefix and indicator + item reference -> GTIN-14 with its check digit (GS1 EPC Tag Data Standard)."""
    if len(company) + len(item) != 13 or not item:
        return None
    digits = item[0] + company + item[1:]
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(digits))
    return digits + str(-total % 10)


def _local_time(text: str | None, offset: str | None) -> str | None:
    """The local time of the event: EPCIS states UTC and the offset that was in force where it happened."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if offset and moment.tzinfo is not None and re.fullmatch(r"[+-]\d\d:\d\d", offset):
            shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
            moment = moment.astimezone(timezone(-shift if offset[0] == "-" else shift))
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=None, microsecond=0).isoformat()
