"""Good files of every format, made here: each with what a reader must say about it."""

import gzip
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from connectors.formats import SourceOptions

CANARY = "zq.canary@example.com"
"""A value planted in samples; it must never turn up in an error or a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A file, how it is opened, and the truth: counts, and cells of the first row."""

    format: str
    data: bytes
    rows: int
    first: Mapping[str, object]
    skipped: Mapping[str, int] = field(default_factory=dict)
    options: SourceOptions = field(default_factory=SourceOptions)
    text_columns: bool = True


def csv_bytes(rows: int = 40, delimiter: str = ",", end: str = "\n") -> bytes:
    """A sales extract with a quoted cell that holds the delimiter, a quote and a line break in one row."""
    lines = [delimiter.join(("sale_id", "sale_date", "store", "item", "qty", "price", "email"))]
    for at in range(rows):
        item = f'"Kettle{delimiter} 1.7 ""L"""' if at % 7 == 0 else "Kettle"
        cells = (f"S{at:05d}", f"2026-01-{at % 28 + 1:02d}", "0017", item, "1", f"{at}.90", CANARY)
        lines.append(delimiter.join(cells))
    return (end.join(lines) + end).encode()


def xlsx_bytes(rows: int = 12) -> bytes:
    """A workbook with a title above the header."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False})
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001 - the same bytes every time
    sheet = book.add_worksheet("Orders")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write(0, 0, "Sales report")
    sheet.write_row(2, 0, ["sale_id", "sale_date", "qty", "price", "email"])
    for at in range(rows):
        sheet.write(3 + at, 0, f"S{at:05d}")
        sheet.write_number(3 + at, 1, 46023 + at, day)
        sheet.write_number(3 + at, 2, 1)
        sheet.write_number(3 + at, 3, at + 0.5)
        sheet.write(3 + at, 4, CANARY)
    book.close()
    return out.getvalue()


def jsonl_bytes(rows: int = 20) -> bytes:
    """One object a line; a key that turns up late."""
    return b"".join(
        json.dumps(
            {"sale_id": f"S{at}", "qty": at, "price": 19.9, "email": CANARY} | ({"late": "x"} if at > 15 else {})
        ).encode()
        + b"\n"
        for at in range(rows)
    )


def parquet_bytes(rows: int = 20) -> bytes:
    """Native types."""
    out = io.BytesIO()
    table = pa.table(
        {
            "sale_id": [f"S{at}" for at in range(rows)],
            "qty": pa.array(range(rows), pa.int32()),
            "email": [CANARY] * rows,
        }
    )
    pq.write_table(table, out)
    return out.getvalue()


def x12(sets: str, *, end: str = "~", count: int = 1) -> bytes:
    """An interchange around transaction sets; ``*`` separates elements, ``~`` in ``sets`` stands for ``end``."""
    isa = f"ISA*00*{'':10}*00*{'':10}*08*{'RETAILER':15}*12*{'MAKER':15}*260112*0915*U*00401*000000077*0*P*>~"
    text = f"{isa}GS*PD*RETAILER*MAKER*20260112*0915*77*X*004010VICS~{sets}GE*{count}*77~IEA*1*000000077~"
    return text.replace("~", end).encode()


CLUB_852 = (
    "ST*852*0001~XQ*H*20260105*20260111~N9*IA*123456~N1*SU*MAKER*92*123456~"
    "LIN*1*UP*036000291452*IN*980012345~CTP**RES*19.97~"
    "ZA*QS*6~SDQ*EA*92*4711*1*4712*2*4713*3~ZA*QA~SDQ*EA*92*4711*10*4712*20~ZA*QU~SDQ*EA*92*4712*1~"
    "LIN*2*UP*012345678905*IN*980012346~CTP**RES*5.00~ZA*QS~SDQ*EA*92*4711*4~"
    "CTT*2~SE*18*0001~"
)
"""A warehouse club's week: 4 store sales of item 1 and 2, 10 units; one unit returned; on hand left out."""

STORE_852 = (
    "ST*852*0002~XQ*H*20260110~CUR*BY*USD~N1*ST*STORE 0100*92*0100~"
    "LIN**UK*00036000291452*VN*KX-200~CTP**RES*19.97~ZA*QS*3*EA~ZA*QU*1*EA~ZA*QA*12*EA~ZA*QP*24*EA~"
    "CTT*1*40~SE*12*0002~"
)
"""A general retailer's day of one store: 3 sold, 1 returned."""

RESALE_867 = (
    "ST*867*0001~BPT*00*RS-1*20260112~DTM*090*20260105~DTM*091*20260111~N1*DB*DISTRIBUTOR*92*D1~"
    "PTD*SS***IV*INV-1~DTM*003*20260106~N1*ST*SHOP 7*92*S7~QTY*32*2*EA~LIN**UP*036000291452*SN*SER1*SN*SER2~UIT*EA*15.00~"
    "QTY*32*5*EA~LIN**EN*4006381333931~UIT*EA*2.50~"
    "PTD*BN***IV*INV-2~DTM*003*20260107~N1*ST*SHOP 8*92*S8~QTY*76*1*EA~LIN**UP*036000291452~UIT*EA*15.00~"
    "PTD*IA~QTY*17*40*EA~LIN**UP*036000291452~"
    "CTT*4~SE*25*0001~"
)
"""Two serialised units and five others sold, one returned, one stock figure left out."""


def slsrpt(end: str = "'") -> bytes:
    """Two places, sold and returned, an amount given and one not."""
    text = (
        "UNA:+.? 'UNB+UNOC:3+5456789000017:14+3323456007896:14+260112:0900+R1'"
        "UNH+1+SLSRPT:D:96A:UN:EAN004'BGM+73E::9+SDR1+9'DTM+137:20260112:102'DTM+356:2026010520260111:718'"
        "NAD+SE+5456789000017::9'NAD+SU+3323456007896::9'CUX+2:EUR:10'"
        "LOC+162+5456789000024::9'DTM+356:20260105:102'"
        "LIN+1++5412345000105:EN'PIA+1+KX?+200:SA'MOA+203:119.85'PRI+AAA:39.95'QTY+153:3'"
        "LOC+162+5456789000031::9'DTM+356:20260106:102'"
        "LIN+2++5412345000105:EN'PRI+AAA:39.95'QTY+153:2'QTY+210:1'QTY+145:30'"
        "UNT+22+1'UNZ+1+R1'"
    )
    return text.replace("'", end).encode()


POSLOG_6 = """<?xml version="1.0" encoding="UTF-8"?>
<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/" MajorVersion="6">
 <Transaction>
  <BusinessUnit><UnitID>0042</UnitID></BusinessUnit><WorkstationID>3</WorkstationID><SequenceNumber>900</SequenceNumber>
  <BusinessDayDate>2026-01-10</BusinessDayDate><EndDateTime>2026-01-11T00:12:44+01:00</EndDateTime>
  <CurrencyCode>EUR</CurrencyCode>
  <RetailTransaction TransactionStatus="Totaled">
   <LineItem><SequenceNumber>1</SequenceNumber><Sale ItemType="Stock">
     <POSIdentity POSIDType="GTIN"><POSItemID>4006381333931</POSItemID></POSIdentity><ItemID>KX-200</ItemID>
     <SerialNumber>SER-1</SerialNumber><SerialNumber>SER-2</SerialNumber>
     <RegularSalesUnitPrice>100.00</RegularSalesUnitPrice><ExtendedAmount>199.99</ExtendedAmount><Quantity Units="1">2</Quantity>
   </Sale></LineItem>
   <LineItem VoidFlag="true"><SequenceNumber>2</SequenceNumber><Sale><ItemID>KX-201</ItemID><Quantity>1</Quantity></Sale></LineItem>
   <LineItem><SequenceNumber>3</SequenceNumber><Return><ItemID>KX-100</ItemID><ExtendedAmount>50.00</ExtendedAmount>
     <Quantity>1</Quantity><TransactionLink ReasonCode="Return"><BusinessUnit><UnitID>0042</UnitID></BusinessUnit>
     <WorkstationID>1</WorkstationID><BusinessDayDate>2026-01-02</BusinessDayDate><SequenceNumber>55</SequenceNumber></TransactionLink>
   </Return></LineItem>
   <LineItem><SequenceNumber>4</SequenceNumber><Return><ItemID>KX-101</ItemID><ExtendedAmount>20.00</ExtendedAmount><Quantity>1</Quantity></Return></LineItem>
   <LineItem><SequenceNumber>5</SequenceNumber><Tender TenderType="Cash"><Amount>129.99</Amount></Tender></LineItem>
   <Customer><eMail>zq.canary@example.com</eMail></Customer>
  </RetailTransaction>
 </Transaction>
 <Transaction><BusinessUnit><UnitID>0042</UnitID></BusinessUnit><WorkstationID>3</WorkstationID><SequenceNumber>901</SequenceNumber>
  <BusinessDayDate>2026-01-10</BusinessDayDate><RetailTransaction>
   <LineItem><SequenceNumber>1</SequenceNumber><Sale><ItemID>KX-300</ItemID><ExtendedAmount>10</ExtendedAmount><Quantity>1</Quantity></Sale></LineItem>
  </RetailTransaction></Transaction>
 <Transaction><BusinessUnit><UnitID>0042</UnitID></BusinessUnit><WorkstationID>3</WorkstationID><SequenceNumber>902</SequenceNumber>
  <BusinessDayDate>2026-01-10</BusinessDayDate><RetailTransaction>
   <TransactionLink ReasonCode="PostVoid"><BusinessUnit><UnitID>0042</UnitID></BusinessUnit><WorkstationID>3</WorkstationID>
   <BusinessDayDate>2026-01-10</BusinessDayDate><SequenceNumber>901</SequenceNumber></TransactionLink></RetailTransaction></Transaction>
 <Transaction TrainingModeFlag="true"><RetailStoreID>0042</RetailStoreID><WorkstationID>3</WorkstationID><SequenceNumber>903</SequenceNumber>
  <BusinessDayDate>2026-01-10</BusinessDayDate><RetailTransaction>
   <LineItem><SequenceNumber>1</SequenceNumber><Sale><ItemID>KX-300</ItemID><Quantity>1</Quantity></Sale></LineItem></RetailTransaction></Transaction>
 <Transaction><RetailStoreID>0042</RetailStoreID><WorkstationID>3</WorkstationID><SequenceNumber>904</SequenceNumber>
  <ControlTransaction><NoSale/></ControlTransaction></Transaction>
</POSLog>
"""

EPCIS = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "epcisBody": {
        "eventList": [
            {
                "type": "ObjectEvent",
                "eventTime": "2026-01-10T23:30:00.000Z",
                "eventTimeZoneOffset": "+01:00",
                "action": "OBSERVE",
                "bizStep": "retail_selling",
                "epcList": ["urn:epc:id:sgtin:4012345.011111.9876", "https://id.gs1.org/01/04006381333931/21/A1"],
                "bizLocation": {"id": "urn:epc:id:sgln:4012345.00042.0"},
                "bizTransactionList": [{"type": "pos", "bizTransaction": "urn:epc:id:gdti:4012345.12345.77"}],
            },
            {
                "type": "ObjectEvent",
                "eventTime": "2026-01-10T12:00:00+01:00",
                "bizStep": "https://ref.gs1.org/cbv/BizStep-retail_selling",
                "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.011111.L1", "quantity": 3}],
            },
            {"type": "ObjectEvent", "eventTime": "2026-01-10T12:00:00Z", "bizStep": "shipping", "epcList": ["x"]},
        ]
    },
}

ORDS = (
    b"id,data_provider,country,partner_product_category,product_category,product_category_id,brand,year_of_manufacture,"
    b"product_age,repair_status,repair_barrier_if_end_of_life,group_identifier,event_date,problem\n"
    b'cafe_1,Cafe,GBR,Toaster,Toaster,42,Dualit,2015,10,Fixed,"",Cafe,2025-03-01,"no heat, then ""pop"""\n'
    b"cafe_2,Cafe,GBR,Kettle,Kettle,17,,,,End of life,Spare parts not available,Cafe,2025-03-01,leaks\n"
)

SAMPLES: tuple[Sample, ...] = (
    Sample(format="csv", data=csv_bytes(), rows=40, first={"sale_id": "S00000", "item": 'Kettle, 1.7 "L"', "_row": 2}),
    Sample(
        format="csv",
        data=gzip.compress(csv_bytes(delimiter="||", end="\r\n")),
        rows=40,
        first={"store": "0017", "price": "0.90", "_row": 2},
    ),
    Sample(
        format="excel",
        data=xlsx_bytes(),
        rows=12,
        first={"sale_date": "2026-01-01", "price": "0.5", "_row": 4},
        skipped={"CR-D123": 2},
    ),
    Sample(format="jsonl", data=jsonl_bytes(), rows=20, first={"qty": "0", "price": "19.9", "late": None, "_row": 1}),
    Sample(format="parquet", data=parquet_bytes(), rows=20, first={"qty": 0, "_row": 1}, text_columns=False),
    Sample(
        format="x12",
        data=x12(CLUB_852),
        rows=5,
        first={"store_id": "4711", "quantity": "1", "sale_date": "2026-01-11", "gtin": "036000291452", "_row": 10},
        skipped={"CR-D177": 2},
    ),
    Sample(
        format="x12",
        data=x12(RESALE_867),
        rows=4,
        first={"serial": "SER1", "quantity": "1", "net_amount": "15.0000", "sale_date": "2026-01-06", "_row": 11},
        skipped={"CR-D177": 1},
    ),
    Sample(
        format="edifact",
        data=slsrpt(),
        rows=3,
        first={"store_id": "5456789000024", "net_amount": "119.85", "model": "KX+200", "_row": 15},
        skipped={"CR-D177": 1},
    ),
    Sample(
        format="poslog",
        data=POSLOG_6.encode(),
        rows=4,
        first={"serial": "SER-1", "net_amount": "99.9950", "sale_date": "2026-01-10", "buyer_email": CANARY, "_row": 1},
        skipped={"CR-D194": 1, "CR-D195": 1, "CR-D196": 1, "CR-D197": 3},
    ),
    Sample(
        format="epcis",
        data=json.dumps(EPCIS).encode(),
        rows=3,
        first={"gtin": "04012345111118", "serial": "9876", "sale_date": "2026-01-11", "_row": 1},
        skipped={"CR-D203": 1},
    ),
    Sample(
        format="ords",
        data=ORDS,
        rows=2,
        first={"repair_id": "cafe_1", "category": "Toaster", "visit_no": "1", "_row": 2},
    ),
)
