"""X12 and EDIFACT by hand-checked rows."""

import io

import pytest

from cleanroom.errors import DataRefused
from connectors.formats import Source, open_source
from tests.connectors.samples import CLUB_852, RESALE_867, STORE_852, slsrpt, x12

KEYS = ("store_id", "gtin", "sku", "quantity", "net_amount", "activity", "sale_date")


def read(data: bytes) -> tuple[Source, list[tuple[object, ...]]]:
    """The columns that matter."""
    source = open_source(io.BytesIO(data))
    return source, [tuple(row[key] for key in KEYS) for batch in source.batches() for row in batch.to_pylist()]


def codes(source: Source) -> set[str]:
    """Findings."""
    return {finding.code for finding in source.findings}


@pytest.mark.parametrize("end", ["~", "\n", "\r\n", "~\n", "'"])
def test_a_club_report_is_expanded_per_store(end: str) -> None:
    """Sold and returned per store with any terminator; on hand is left out."""
    source, rows = read(x12(CLUB_852, end=end))
    first, second = ("036000291452", "980012345"), ("012345678905", "980012346")
    assert rows == [
        ("4711", *first, "1", "19.97", "QS", "2026-01-11"),
        ("4712", *first, "2", "39.94", "QS", "2026-01-11"),
        ("4713", *first, "3", "59.91", "QS", "2026-01-11"),
        ("4712", *first, "-1", "-19.97", "QU", "2026-01-11"),
        ("4711", *second, "4", "20.00", "QS", "2026-01-11"),
    ]
    assert (dict(source.skipped), codes(source)) == ({"CR-D177": 2}, {"CR-D177", "CR-D179", "CR-D180"})


def test_several_sets_in_one_interchange() -> None:
    """A store's own report beside it: its store comes from N1, its currency from CUR."""
    source, rows = read(x12(CLUB_852 + STORE_852, count=2))
    assert rows[-2:] == [
        ("0100", "00036000291452", None, "3", "59.91", "QS", "2026-01-10"),
        ("0100", "00036000291452", None, "-1", "-19.97", "QU", "2026-01-10"),
    ]
    assert {"CR-D160", "CR-D161", "CR-D162", "CR-D163", "CR-D164"} & codes(source) == set()


def test_the_same_sale_under_several_codes_counts_once() -> None:
    """Sold, total and net sold are one sale; returns are not taken twice from a net figure."""
    both = "ST*852*1~XQ*H*20260110~N1*ST**92*1~LIN**UP*036000291452~ZA*QS*5*EA~ZA*TS*5*EA~ZA*Q1*4*EA~ZA*QU*1*EA~SE*9*1~"
    assert [(row[3], row[5]) for row in read(x12(both))[1]] == [("5", "QS"), ("-1", "QU")]
    net = "ST*852*1~XQ*H*20260110~N1*ST**92*1~LIN**UP*036000291452~ZA*Q1*4*EA~ZA*QU*1*EA~SE*7*1~"
    assert [(row[3], row[5]) for row in read(x12(net))[1]] == [("4", "Q1")]


def test_resale_with_serials_and_returns() -> None:
    """A row per serial; the invoice is the transaction; stock figures are left out."""
    source = open_source(io.BytesIO(x12(RESALE_867)))
    rows = [row for batch in source.batches() for row in batch.to_pylist()]
    assert [
        (row["serial"], row["store_id"], row["quantity"], row["net_amount"], row["transaction_id"]) for row in rows
    ] == [
        ("SER1", "S7", "1", "15.0000", "INV-1"),
        ("SER2", "S7", "1", "15.0000", "INV-1"),
        (None, "S7", "5", "12.50", "INV-1"),
        (None, "S8", "-1", "-15.00", "INV-2"),
    ]
    assert len({row["sale_id"] for row in rows}) == 4


def test_the_same_week_again_has_the_same_ids() -> None:
    """Control numbers do not enter the key."""
    first = open_source(io.BytesIO(x12(CLUB_852)))
    again = open_source(io.BytesIO(x12(CLUB_852.replace("0001", "0044")).replace(b"000000077", b"000000099")))
    ids = [[row["sale_id"] for b in source.batches() for row in b.to_pylist()] for source in (first, again)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 5


@pytest.mark.parametrize(
    ("data", "code", "word"),
    [
        (b"ST*852*0001~XQ*H*20260105~", "CR-D151", "envelope"),
        (x12("ST*850*1~BEG*00*NE*1~SE*3*1~"), "CR-D152", "850 \\(purchase order\\)"),
        (b"UNH+1+SLSRPT:D:96A:UN'BGM+73E'", "CR-D151", "envelope"),
        (slsrpt().replace(b"SLSRPT:D", b"INVOIC:D"), "CR-D152", "INVOIC \\(invoice\\)"),
        (b"STX=ANAA:1+A+B+200101:1200+1'MHD=1+ORDHDR:9'", "CR-D153", "TRADACOMS"),
    ],
)
def test_what_is_no_sales_report_is_refused_by_name(data: bytes, code: str, word: str) -> None:
    """The refusal says what the file is."""
    with pytest.raises(DataRefused, match=f"{code}.*{word}"):
        open_source(io.BytesIO(data))


@pytest.mark.parametrize("end", ["'", "'\n", "'\r\n"])
def test_a_sales_data_report_by_place(end: str) -> None:
    """Stated amounts win; returned units are negative; released characters are freed; stock is left out."""
    source, rows = read(slsrpt(end))
    assert rows == [
        ("5456789000024", "5412345000105", None, "3", "119.85", "153", "2026-01-05"),
        ("5456789000031", "5412345000105", None, "2", "79.90", "153", "2026-01-06"),
        ("5456789000031", "5412345000105", None, "-1", "-39.95", "210", "2026-01-06"),
    ]
    assert {"CR-D168", "CR-D169", "CR-D164", "CR-D165"} & codes(source) == set()


@pytest.mark.parametrize("transfer", ["SR", "PT", "ZZ"])
def test_a_transfer_that_no_list_knows_is_quarantined_not_left_out(transfer: str) -> None:
    """It may be a sale; a stock adjustment is known to be none and is left out."""
    resale = "ST*867*0001~BPT*00*R*20260105~PTD*{}~LIN**UP*036000291452~QTY*39*10*EA~DTM*011*20260105~CTT*1~SE*8*0001~"
    unknown, rows = read(x12(resale.format(transfer)))
    assert (rows, [each.code for each in unknown.rejected], dict(unknown.skipped)) == ([], ["CR-D174"], {})
    adjustment, rows = read(x12(resale.format("SA")))
    assert (rows, adjustment.rejected, dict(adjustment.skipped)) == ([], (), {"CR-D177": 1})


@pytest.mark.parametrize(
    ("qualifier", "sold", "rejected", "skipped"),
    [("153", 1, 0, 0), ("25", 1, 0, 0), ("17", 0, 0, 1), ("145", 0, 0, 1), ("152", 0, 1, 0)],
)
def test_a_quantity_that_a_sales_report_has_no_use_for_is_quarantined(
    qualifier: str, sold: int, rejected: int, skipped: int
) -> None:
    """Sales and retail sales are read, stock is left out, an unknown qualifier is said."""
    source, rows = read(slsrpt().replace(b"QTY+145:30", b"QTY+%s:30" % qualifier.encode()))
    assert (len(rows) - 3, len(source.rejected), source.skipped.get("CR-D177", 0)) == (sold, rejected, skipped)
