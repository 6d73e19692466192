"""POSLog and EPCIS by hand-checked rows."""

import io
import json

from connectors.formats import Source, open_source
from tests.connectors.samples import EPCIS, POSLOG_6


def read(data: bytes) -> tuple[Source, list[dict[str, object]]]:
    """All rows."""
    source = open_source(io.BytesIO(data))
    return source, [row for batch in source.batches() for row in batch.to_pylist()]


def test_a_till_log_becomes_sales_and_returns() -> None:
    """Serials split, voids out, the linked return names its sale, the business day wins over the clock."""
    source, rows = read(POSLOG_6.encode())
    keys = ("sku", "serial", "quantity", "net_amount", "sale_date", "sold_at", "kind", "original_transaction_id")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("KX-200", "SER-1", "1", "99.9950", "2026-01-10", "2026-01-11T00:12:44", "sale", None),
        ("KX-200", "SER-2", "1", "99.9950", "2026-01-10", "2026-01-11T00:12:44", "sale", None),
        ("KX-100", None, "-1", "-50.00", "2026-01-10", "2026-01-11T00:12:44", "return", "0042-1-2026-01-02-55"),
        ("KX-101", None, "-1", "-20.00", "2026-01-10", "2026-01-11T00:12:44", "return", None),
    ]
    counts = {finding.code: finding.count for finding in source.findings}
    assert (counts["CR-D198"], counts["CR-D199"], counts["CR-D195"], counts["CR-D197"]) == (3, 1, 1, 3)


def test_a_void_of_a_sale_in_another_file_is_reported() -> None:
    """It cannot be taken out here."""
    other = POSLOG_6.replace(
        "<SequenceNumber>901</SequenceNumber></TransactionLink>", "<SequenceNumber>7</SequenceNumber></TransactionLink>"
    )
    source, rows = read(other.encode())
    assert len(rows) == 5
    assert "CR-D205" in {finding.code for finding in source.findings}


def test_namespaces_and_prefixes_do_not_matter() -> None:
    """A prefix on every element reads the same."""
    import re

    prefixed = re.sub(r"<(/?)(?=[A-Z])", r"<\1p:", POSLOG_6).replace("xmlns=", "xmlns:p=")
    assert read(prefixed.encode())[1] == read(POSLOG_6.encode())[1]


def test_events_become_rows_and_xml_reads_as_json() -> None:
    """One row per serialised item, one per class and quantity; local time by the stated offset."""
    _, rows = read(json.dumps(EPCIS).encode())
    keys = ("gtin", "serial", "quantity", "sale_date", "sold_at", "store_id", "transaction_id")
    first = ("1", "2026-01-11", "2026-01-11T00:30:00", "4012345.00042.0", "4012345.12345.77")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("04012345111118", "9876", *first),
        ("04006381333931", "A1", *first),
        ("04012345111118", None, "3", "2026-01-10", "2026-01-10T12:00:00", None, None),
    ]
    xml = """<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2"><EPCISBody><EventList><ObjectEvent>
      <eventTime>2026-01-10T23:30:00.000Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
      <epcList><epc>urn:epc:id:sgtin:4012345.011111.9876</epc></epcList><bizStep>urn:epcglobal:cbv:bizstep:retail_selling</bizStep>
      <bizLocation><id>urn:epc:id:sgln:4012345.00042.0</id></bizLocation></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>"""
    (row,) = read(xml.encode())[1]
    assert (row["gtin"], row["serial"], row["sold_at"]) == ("04012345111118", "9876", "2026-01-11T00:30:00")


def test_an_event_declared_an_error_is_left_out() -> None:
    """The event and its declaration; a correction would stand on its own."""
    event = {**EPCIS["epcisBody"]["eventList"][0], "eventID": "ni:1"}  # type: ignore[index]
    document = {
        "type": "EPCISDocument",
        "epcisBody": {"eventList": [event, {**event, "errorDeclaration": {}}, {**event, "eventID": "ni:2"}]},
    }
    source, rows = read(json.dumps(document).encode())
    assert (len(rows), dict(source.skipped)) == (2, {"CR-D195": 2})
