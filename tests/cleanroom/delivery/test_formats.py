"""Each format holds the released table, all of it and nothing else."""

import csv
import io
import json
import zipfile
from datetime import date
from decimal import Decimal

import fastexcel
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.delivery import FORMATS, About, deliver
from cleanroom.delivery.csv_text import CsvOptions, render_csv
from cleanroom.delivery.json_document import parse_json
from cleanroom.errors import IntegrityFailure, UsageProblem
from cleanroom.names import Digest, MemberName
from cleanroom.released import Reason, ReleasedColumn, ReleasedTable, ShownValue, Withheld

KINDS = ("text", "integer", "decimal", "boolean", "date")
ABOUT = About(facts={"run": "r-17", "query": "=claim-rate"})
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=x", '=HYPERLINK("http://x")', 'a"b,c;d', "it's", "é", ""]


def table(*rows: tuple[ShownValue | Withheld, ...], names: tuple[str, ...] = KINDS) -> ReleasedTable:
    """A table with one column of each kind."""
    marks = [cell.reason for row in rows for cell in row if isinstance(cell, Withheld)]
    return ReleasedTable(
        columns=tuple(ReleasedColumn(name=n, type=kind, role="measure") for n, kind in zip(names, KINDS, strict=True)),
        rows=rows,
        withheld={reason: marks.count(reason) for reason in Reason if reason in marks},
        rows_dropped=2,
        dropped={Reason.UNITS: 2},
        contributors={"sales": 3},
        policies=(Digest("sha256:" + "0" * 64),),
        snapshots={"harbor": 7},
        receivers=(MemberName("harbor"), MemberName("solstice")),
    )


FULL = table(
    ("north", 12, Decimal("0.125"), True, date(2026, 1, 31)),
    (None, None, None, None, None),
    ("south", Withheld(Reason.UNITS), Withheld(Reason.DERIVED), False, date(2026, 2, 1)),
    ("big", 2**70, Decimal("-12345678901234567890.5"), True, date(1999, 12, 31)),
)

cells = st.tuples(
    st.none() | st.text(st.characters(codec="utf-8")) | st.sampled_from(HOSTILE),
    st.none() | st.integers(-(2**90), 2**90) | st.sampled_from([Withheld(reason) for reason in Reason]),
    st.none() | st.decimals(-(10**20), 10**20, places=4) | st.just(Withheld(Reason.LEDGER)),
    st.none() | st.booleans(),
    st.none() | st.dates(),
)


@given(rows=st.lists(cells, max_size=4))
def test_json_is_lossless(rows: list[tuple[ShownValue | Withheld, ...]]) -> None:
    """What JSON says is exactly the table: it is also how a release is kept for replay (I14)."""
    released = table(*rows)
    assert parse_json(deliver(released, "json", ABOUT)) == released


def test_json_marks_withheld_numbers() -> None:
    """A withheld number is an object that no shown value is, and the counts stand beside the rows."""
    content = json.loads(deliver(FULL, "json", ABOUT))
    assert content["rows"][2]["integer"] == {"withheld": "units"}
    assert content["withheld"] == {"units": 1, "derived": 1}
    assert content["rows"][0] == {
        "text": "north",
        "integer": 12,
        "decimal": 0.125,
        "boolean": True,
        "date": "2026-01-31",
    }


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"version": "cleanroom/released/v2"}', b"\xff"])
def test_foreign_json_is_refused(document: bytes) -> None:
    """Only what this version wrote is read back as a release."""
    with pytest.raises(IntegrityFailure, match="CR-R206"):
        parse_json(document)


def test_csv_is_plain_rows() -> None:
    """Released rows only: a withheld number is an empty field, decimals keep all digits."""
    assert deliver(FULL, "csv", ABOUT).decode() == (
        "text,integer,decimal,boolean,date\n"
        "north,12,0.125,true,2026-01-31\n"
        ",,,,\n"
        "south,,,false,2026-02-01\n"
        "big,1180591620717411303424,-12345678901234567890.5,true,1999-12-31\n"
    )


def test_csv_options() -> None:
    """A BOM for spreadsheets that guess; a decimal comma with semicolons."""
    written = render_csv(FULL, ABOUT, CsvOptions(bom=True, decimal_comma=True))
    assert written.startswith(b"\xef\xbb\xbftext;integer;decimal;")
    assert b"north;12;0,125;true;2026-01-31\n" in written


@pytest.mark.parametrize("value", HOSTILE)
def test_csv_text_never_runs_as_a_formula(value: str) -> None:
    """A dimension value or column name that a spreadsheet would run is quoted; a negative number is left alone."""
    released = table((value, -5, Decimal("-0.5"), None, None), names=(value, "b", "c", "d", "e"))
    parsed = list(csv.reader(io.StringIO(deliver(released, "csv").decode(), newline="")))
    for text in (parsed[0][0], parsed[1][0]):
        assert text.removeprefix("'") == value
        assert not text.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert parsed[1][1:3] == ["-5", "-0.5"]


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_arrow_formats_are_typed_and_say_what_is_withheld(name: str) -> None:
    """Typed columns, NULL where withheld, and the reasons in the metadata."""
    written = deliver(FULL, name, ABOUT)
    read = pq.read_table(io.BytesIO(written)) if name == "parquet" else pa.ipc.open_stream(written).read_all()
    assert read.column("text").to_pylist() == ["north", None, "south", "big"]
    assert read.column("integer").to_pylist() == [12, None, None, 2**70]
    assert read.column("decimal").to_pylist() == [Decimal("0.125"), None, None, Decimal("-12345678901234567890.5")]
    assert read.column("date").to_pylist() == [date(2026, 1, 31), None, date(2026, 2, 1), date(1999, 12, 31)]
    about = json.loads(read.schema.metadata[b"cleanroom"])
    assert about["withheld_cells"] == [
        {"column": "integer", "row": 2, "reason": "units"},
        {"column": "decimal", "row": 2, "reason": "derived"},
    ]


def test_arrow_types_do_not_depend_on_usual_values() -> None:
    """An empty answer has the same types as a full one, so that a reader's code goes on working."""
    empty = pa.ipc.open_stream(deliver(table(), "arrow")).read_all().schema.types
    some = pa.ipc.open_stream(deliver(table(("n", 1, Decimal(1), True, date(2026, 1, 1))), "arrow")).read_all()
    assert some.schema.types == empty


def test_xlsx_reads_back() -> None:
    """Sheet 1 holds the rows, sheet 2 the run and the withheld counts."""
    book = fastexcel.read_excel(deliver(FULL, "xlsx", ABOUT))
    assert book.sheet_names == ["Answer", "About"]
    answer = book.load_sheet("Answer", dtypes="string").to_polars()
    assert answer.columns == list(KINDS)
    assert answer["integer"].to_list()[2] == "withheld: fewer units than the policy's minimum"
    assert answer["integer"].to_list()[3] == str(2**70)
    about = dict(book.load_sheet("About", header_row=None, dtypes="string").to_polars().iter_rows())
    assert about["run"] == "r-17"
    assert about["numbers withheld: fewer units than the policy's minimum"] == "1"


def test_xlsx_has_no_formula_and_no_link() -> None:
    """Nothing in the workbook is live, whatever the cells say; and the same table gives the same bytes."""
    hostile = table(*((value, 1, None, None, None) for value in HOSTILE))
    written = deliver(hostile, "xlsx", ABOUT)
    assert written == deliver(hostile, "xlsx", ABOUT)
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        sheets = b"".join(archive.read(name) for name in archive.namelist() if "worksheets" in name)
    assert b"<f>" not in sheets
    assert b"hyperlink" not in sheets


def test_repeated_names_stay_apart() -> None:
    """Two outputs of one name are two columns in every format."""
    released = table(("a", 1, None, None, None), names=("n", "n", "n_2", "n", "x"))
    assert deliver(released, "csv").splitlines()[0] == b"n,n_2,n_2_2,n_3,x"
    assert list(json.loads(deliver(released, "json"))["rows"][0]) == ["n", "n_2", "n_2_2", "n_3", "x"]


def test_unknown_format_is_refused() -> None:
    """The formats are a closed list."""
    assert [known.name for known in FORMATS] == ["json", "csv", "parquet", "arrow", "xlsx"]
    with pytest.raises(UsageProblem, match="CR-R501"):
        deliver(FULL, "pdf")
