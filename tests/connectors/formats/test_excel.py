"""Workbooks: sheets, what a spreadsheet does to data, and sizes that are safe to load."""

import io
import zipfile

import openpyxl
import pytest
import xlsxwriter

from cleanroom.errors import DataRefused, UsageProblem
from connectors.formats import Source, SourceOptions, open_source
from tests.connectors.formats.old_excel import xls_bytes
from tests.connectors.samples import xlsx_bytes


def read(data: bytes, **options: object) -> tuple[Source, list[dict[str, object]]]:
    """Rows of a sheet."""
    source = open_source(io.BytesIO(data), SourceOptions(format="excel", **options))  # type: ignore[arg-type]
    return source, [row for batch in source.batches() for row in batch.to_pylist()]


def book(cells: dict[str, object]) -> bytes:
    """A workbook by openpyxl, which never calculates a formula."""
    made = openpyxl.Workbook()
    for place, value in cells.items():
        made.active[place] = value
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def found(source: Source, code: str) -> list[tuple[str, int, tuple[int, ...]]]:
    """Column, count and rows of a finding."""
    return [(item.column, item.count, item.rows) for item in source.findings if item.code == code]


def test_formulas_never_calculated_are_empty_and_reported() -> None:
    """With the table starting at column C, so that places have to be translated."""
    cells: dict[str, object] = {"C3": "id", "D3": "qty", "E3": "sum"}
    for at in range(4, 7):
        cells |= {f"C{at}": f"A{at}", f"D{at}": at, f"E{at}": f"=D{at}*2"}
    source, rows = read(book(cells))
    assert [row["sum"] for row in rows] == [None] * 3
    assert found(source, "CR-D131") == [("sum", 3, (4, 5, 6))]


def test_zero_of_a_writer_that_cannot_calculate_is_not_a_value() -> None:
    """xlsxwriter stores 0 and asks Excel to calculate on load."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, ["id", "sum"])
    sheet.write_row(1, 0, ["A", 0])
    sheet.write(2, 0, "B")
    sheet.write_formula(2, 1, "=1+1")
    sheet.write(3, 0, "C")
    sheet.write_formula(3, 1, "=NA()", None, "#N/A")
    made.close()
    source, rows = read(out.getvalue())
    assert [row["sum"] for row in rows] == ["0", None, None]
    assert found(source, "CR-D131") == [("sum", 1, (3,))]
    assert found(source, "CR-D132") == [("sum", 1, (4,))]


def test_lost_zeros_and_lost_digits_are_reported() -> None:
    """A UPC of eleven digits, a postcode of four, a serial of nineteen."""
    source, _ = read(book({"A1": "UPC", "B1": "Zip", "A2": 36000291452, "B2": 2134, "A3": 4006381333931, "B3": 90210}))
    assert found(source, "CR-D130") == [("UPC", 1, (2,)), ("Zip", 1, (2,))]
    source, _ = read(book({"A1": "serial", "A2": 1234567890123456789, "B1": "x", "B2": 1}))
    assert found(source, "CR-D134") == [("serial", 1, (2,))]


def test_sheets_are_chosen_by_name_or_number() -> None:
    """Without a choice the first is read and said so; a wrong choice is the mapping's fault."""
    made = openpyxl.Workbook()
    made.active.title = "Cover"
    made.active["A1"] = "only"
    orders = made.create_sheet("Orders")
    orders.append(["id", "qty"])
    orders.append(["A", 1])
    out = io.BytesIO()
    made.save(out)
    for sheet in ("Orders", "orders ", 2):
        assert read(out.getvalue(), sheet=sheet)[1] == [{"id": "A", "qty": "1", "_row": 2}]
    assert found(read(out.getvalue())[0], "CR-D133") == [("", 1, ())]
    for wrong in ("Nowhere", 3, 0):
        with pytest.raises(UsageProblem, match="CR-D109"):
            read(out.getvalue(), sheet=wrong)


def test_the_old_format_is_read_too() -> None:
    """.xls through the same reader, with the same findings."""
    source, rows = read(xls_bytes([["id", "upc", "qty"], ["A1", 36000291452.0, 2.0], ["A2", "036000291452", 1.5]]))
    assert rows == [
        {"id": "A1", "upc": "36000291452", "qty": "2", "_row": 2},
        {"id": "A2", "upc": "036000291452", "qty": "1.5", "_row": 3},
    ]
    assert found(source, "CR-D130") == [("upc", 1, (2,))]


def test_one_far_cell_does_not_allocate_the_grid() -> None:
    """Attack, INVARIANT I1: a dense reader would allocate sixteen billion cells."""
    with pytest.raises(DataRefused, match=r"CR-D103.*cells"):
        read(book({"A1": "id", "XFD1048576": 1}))


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    """Attack, INVARIANT I1: declared sizes are compared with packed ones."""
    out = io.BytesIO(xlsx_bytes())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", b"\0" * 300_000_000)
    with pytest.raises(DataRefused, match="CR-D103"):
        read(out.getvalue())


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    """And a workbook without its sheets."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(DataRefused, match="CR-D104"):
        read(out.getvalue())
