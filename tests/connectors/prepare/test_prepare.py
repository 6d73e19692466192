"""The story, end to end on small files: nothing lost, nothing leaked, the same every time."""

import csv
import json
import random
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.client import verify_package
from cleanroom.contracts import shipped_contracts
from cleanroom.crypto.keys import CollaborationKey, MemberKeys
from cleanroom.crypto.tokens import token_key, within
from cleanroom.errors import CleanroomError, Conflict, DataRefused, UsageProblem
from cleanroom.names import DatasetName, MemberName
from connectors.mapping import load_mapping
from connectors.prepare import Prepared, prepare
from tests.cleanroom.crypto.seeded import seeded

CONTRACTS = shipped_contracts()
SALES = CONTRACTS[DatasetName("sales")]
KEYS = MemberKeys.generate(seeded(1))
SHARED = CollaborationKey.generate(seeded(2))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MAPPING = """
contract: sales
source: {format: csv, delimiter: ","}
region: GB
columns:
  transaction_id: InvoiceNo
  sku: StockCode
  quantity: Quantity
  unit_price: Price
  sale_date: Date
  brand: Brand
  serial: Serial
  gtin: Gtin
  buyer_email: Email
  buyer_phone: Phone
constants: {currency: GBP}
skip: ["StockCode in (POST, DOT)"]
"""
HEADER = "InvoiceNo,StockCode,Quantity,Price,Date,Brand,Serial,Gtin,Email,Phone,Secret\n"
LINES = (
    "A1,85123A,6,2.55,2026-01-02,Acme,SN-001 2,36000291452,Jane.Doe+x@GMail.com ,,canary-notes\n"
    "A1,71053,1,3.39,2026-01-02, ACME ,sn0013,,,07700 900123,canary-notes\n"
    "A1,POST,1,18.00,2026-01-02,,,,,,canary-notes\n"
    "CA2,85123A,-2,2.55,2026-01-03,Acme,N/A,036000291453,not-an-email,+44 7700 900123,canary-notes\n"
    "A3,85123A,many,2.55,2026-01-03,,,,janedoe@gmail.com,,canary-notes\n"
    "A3,85123A,1,2.55,03/01/2026,,,,janedoe@gmail.com,,canary-notes\n"
    "A3,85123A,1,2.55,,,,,janedoe@gmail.com,,canary-notes\n"
    "A1,85123A,6,2.55,2026-01-02,Acme,SN-001 2,36000291452,Jane.Doe+x@GMail.com ,,canary-notes\n"
)


def _prepare(
    folder: Path, text: str, *, mapping: str = MAPPING, name: str = "sales.csv", out: str = "package"
) -> Prepared:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return _prepare_files([path], folder / out, mapping)


def _prepare_files(paths: list[Path], out: Path, mapping: str = MAPPING) -> Prepared:
    return prepare(
        paths,
        mapping=load_mapping(mapping.encode(), CONTRACTS),
        contract=SALES,
        out=out,
        member=MemberName("harbor"),
        keys=KEYS,
        collaboration=SHARED,
        now=NOW,
    )


def _rows(prepared: Prepared) -> pa.Table:
    return pq.read_table(prepared.folder / "rows.parquet")


def test_identifiers_are_counted_into_the_signed_manifest(tmp_path: Path) -> None:
    """Seven rows after the skip: serials, e-mails and phones that are there, missing, malformed; counts, no value."""
    prepared = _prepare(tmp_path, HEADER + "".join(LINES))
    assert [
        (known.column, known.profile, known.rows, known.missing, known.malformed, known.measured, known.repeated)
        for known in prepared.identifiers
    ] == [
        ("buyer_email", "email.uid2@1", 7, 1, 1, 5, 4),
        ("buyer_phone", "phone.e164@1", 7, 5, 0, 2, 1),
        ("serial", "serial.plain@1", 7, 3, 1, 3, 1),
    ]
    document = (prepared.folder / "manifest.json").read_bytes()
    verified = verify_package(
        document, prepared.folder / "rows.parquet", verify_key=KEYS.signing.verify_key, contract=SALES
    ).manifest
    assert [entry.model_dump() for entry in verified.identifiers] == [asdict(known) for known in prepared.identifiers]
    assert b"janedoe" not in document.lower()


def test_serials_that_run_on_are_warned_of(tmp_path: Path) -> None:
    """A hundred in a row; the finding says what to do."""
    lines = "".join(f"A{n},71053,1,3.39,2026-01-02,Acme,SN{n:05},,,,\n" for n in range(100))
    prepared = _prepare(tmp_path, HEADER + lines)
    found = [finding for finding in prepared.findings if finding.code == "CR-V050"]
    assert [(finding.column, finding.count) for finding in found] == [("serial", 100)]


def test_rows_are_mapped_normalised_tokenised_and_typed(tmp_path: Path) -> None:
    """Every value of the first rows, as the contract stores it."""
    prepared = _prepare(tmp_path, HEADER + LINES)
    table = _rows(prepared)
    email = token_key(SHARED, kind="email", profile="email.uid2@1")
    phone = token_key(SHARED, kind="phone", profile="phone.e164@1")
    serial = token_key(SHARED, kind="serial", profile="serial.plain@1")
    assert table["sale_id"].to_pylist() == ["A1#1", "A1#2", "CA2#1", "A1#4"]
    assert table["quantity"].to_pylist() == [Decimal(6), Decimal(1), Decimal(-2), Decimal(6)]
    assert table["sale_date"].to_pylist() == [date(2026, 1, 2), date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 2)]
    assert table["gtin"].to_pylist() == ["00036000291452", None, None, "00036000291452"]
    jane = email.token("janedoe@gmail.com")
    assert table["buyer_token"].to_pylist() == [jane, phone.token("+447700900123"), phone.token("+447700900123"), jane]
    unit = serial.token(within("ACME", "SN0012"))
    assert table["unit_token"].to_pylist() == [unit, serial.token(within("ACME", "SN0013")), None, unit]
    assert table["currency"].to_pylist() == ["GBP"] * 4
    assert table.column_names == [column.name for column in SALES.stored]


def test_counts_reconcile_and_rejects_say_where_and_why(tmp_path: Path) -> None:
    """Rows in = packaged + rejected + skipped; each rejected row has its number, column and reason, and no value."""
    prepared = _prepare(tmp_path, HEADER + LINES)
    manifest = prepared.manifest
    assert (manifest.rows_read, manifest.rows.count, manifest.rows_rejected, manifest.rows_skipped) == (8, 4, 3, 1)
    assert (manifest.period.first, manifest.period.last) == ("2026-01-02", "2026-01-03")
    with (prepared.folder / "rejects.csv").open() as file:
        rejects = [tuple(row.values()) for row in csv.DictReader(file)]
    assert rejects == [
        ("sales.csv", "6", "quantity", "CR-D603", "this is not a number"),
        ("sales.csv", "7", "sale_date", "CR-D602", "this is not a date"),
        ("sales.csv", "8", "sale_date", "CR-D601", "a required value is missing"),
    ]


def test_findings_count_what_was_done(tmp_path: Path) -> None:
    """Skips, repairs, invalid identifiers, repeats and derived keys, each with its rows."""
    prepared = _prepare(tmp_path, HEADER + LINES)
    found = {(f.code, f.column, f.message.partition(": ")[2]): (f.count, f.rows) for f in prepared.findings}
    assert found[("CR-D610", "", "StockCode in (POST, DOT)")] == (1, (4,))
    assert found[("CR-N010", "buyer_email", "no @")] == (1, (5,))
    assert found[("CR-N010", "serial", "a place holder, not a serial")] == (1, (5,))
    assert found[("CR-N010", "gtin", "the check digit does not hold")] == (1, (5,))
    assert found[("CR-N011", "gtin", "a lost leading zero restored")] == (2, (2, 9))
    assert found[("CR-D620", "", "")] == (1, ())
    assert found[("CR-D623", "sale_id", "")] == (4, ())


def test_the_package_verifies(tmp_path: Path) -> None:
    """What prepare signs, the room accepts."""
    prepared = _prepare(tmp_path, HEADER + LINES)
    verified = verify_package(
        (prepared.folder / "manifest.json").read_bytes(),
        prepared.folder / "rows.parquet",
        verify_key=KEYS.public.verify,
        contract=SALES,
    )
    assert verified.manifest == prepared.manifest
    assert verified.manifest.collaboration_key == SHARED.id
    assert verified.manifest.profiles == {
        "buyer_email": "email.uid2@1",
        "buyer_phone": "phone.e164@1",
        "gtin": "gtin@1",
        "serial": "serial.plain@1",
    }


def test_no_clear_identifier_and_no_unmapped_column_leaves(tmp_path: Path) -> None:
    """INVARIANT I3: canaries in every identifier and in an unmapped column are in no byte of the package."""
    canaries = ("canary.person", "7700900987", "7700 900987", "CANARYSERIAL", "canaryserial", "canary-notes")
    line = "A1,85123A,6,2.55,2026-01-02,Acme,canaryserial,,canary.person@example.com,+44 7700 900987,canary-notes\n"
    bad = "A2,85123A,x,2.55,2026-01-02,Acme,canaryserial!\u00e9,,canary.person,+44 7700 900987 99999,canary-notes\n"
    prepared = _prepare(tmp_path, HEADER + line + bad)
    rewritten = tmp_path / "plain.parquet"
    pq.write_table(_rows(prepared), rewritten, compression="none", use_dictionary=False)
    stored = [path.read_bytes() for path in (*prepared.folder.iterdir(), rewritten)]
    shown = repr(prepared).encode() + json.dumps([str(f) for f in prepared.findings]).encode()
    for canary in canaries:
        assert not any(canary.encode() in content for content in (*stored, shown)), canary
    assert {path.name for path in prepared.folder.iterdir()} == {"rows.parquet", "manifest.json", "rejects.csv"}


def test_a_changed_line_keeps_its_id(tmp_path: Path) -> None:
    """The id hangs on the line's place in its receipt, not on its content, its skips or its rejects."""
    first = _prepare(tmp_path, HEADER + LINES)
    changed = _prepare(tmp_path, HEADER + LINES.replace("71053,1,3.39", "71053,2,3.39"), out="changed")
    rejected = _prepare(tmp_path, HEADER + LINES.replace("71053,1,3.39", "71053,?,3.39"), out="rejected")
    assert _rows(changed)["sale_id"] == _rows(first)["sale_id"]
    assert _rows(rejected)["sale_id"].to_pylist() == ["A1#1", "CA2#1", "A1#4"]


def test_ids_from_line_numbers_and_mapped_ids(tmp_path: Path) -> None:
    """With a line number the id is receipt and line; a mapped id is taken as it is, without a float's tail."""
    text = "Id,Receipt,Line,Date\n17850.0,R1,2,2026-01-02\n"
    mapping = "contract: sales\nsource: {format: csv, delimiter: ','}\ncolumns: {transaction_id: Receipt, line_no: Line, sale_date: Date%s}"
    derived = _prepare(tmp_path, text, mapping=mapping % "")
    mapped = _prepare(tmp_path, text, mapping=mapping % ", sale_id: Id", out="mapped")
    assert _rows(derived)["sale_id"].to_pylist() == ["R1-2"]
    assert _rows(mapped)["sale_id"].to_pylist() == ["17850"]


def test_exact_repeats_are_dropped_only_when_asked(tmp_path: Path) -> None:
    """Kept as lines of their own by default; dropped, counted and reported with `duplicates: drop`."""
    dropped = _prepare(tmp_path, HEADER + LINES, mapping=MAPPING + "duplicates: drop\n")
    assert (dropped.manifest.rows_read, dropped.manifest.rows.count, dropped.manifest.rows_skipped) == (8, 3, 2)
    assert [(f.count, f.rows) for f in dropped.findings if f.code == "CR-D611"] == [(1, (9,))]


def test_the_same_input_gives_the_same_rows_and_digest(tmp_path: Path) -> None:
    """Order and tokens are deterministic, through the fast reader and the careful one."""
    lines = [
        f"T{n // 3},SKU{n % 7},{n % 5},1.99,2026-01-{n % 28 + 1:02d},Acme,S{n:05d},,user{n % 50}@example.com,,\n"
        for n in range(5_000)
    ]
    fast = _prepare(tmp_path, HEADER + "".join(lines))
    again = _prepare(tmp_path, HEADER + "".join(lines), out="again")
    # A quoted line break in an unmapped column sends the same rows through the careful reader.
    careful = _prepare(tmp_path, HEADER + "".join(lines[:-1]) + lines[-1].strip() + '"a\nb"\n', out="careful")
    assert fast.manifest.rows == again.manifest.rows
    assert _rows(fast) == _rows(careful)
    assert fast.manifest.rows.count == 5_000


def test_broken_rows_go_to_the_rejects(tmp_path: Path) -> None:
    """Too many cells: the row is rejected by number, the others arrive."""
    good = "A1,85123A,6,2.55,2026-01-02,Acme,S1,,,,\n"
    prepared = _prepare(tmp_path, HEADER + good + "A1,x,y\n" + good)
    manifest = prepared.manifest
    assert (manifest.rows_read, manifest.rows.count, manifest.rows_rejected) == (3, 2, 1)
    assert "sales.csv,3,,CR-D110" in (prepared.folder / "rejects.csv").read_text()


def test_several_files_make_one_package(tmp_path: Path) -> None:
    """Lines of one receipt in two files get ids of their own; counts add up."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(HEADER + LINES.splitlines(keepends=True)[0])
    prepared = _prepare_files([tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "both")
    assert _rows(prepared)["sale_id"].to_pylist() == ["A1#1", "A1#2"]
    assert prepared.manifest.rows_read == 2


def test_templates_joins_values_and_defaults(tmp_path: Path) -> None:
    """Cells can be put together and translated; `17850.0` is 17850 inside a template."""
    mapping = """
contract: sales
source: {format: csv, delimiter: ","}
columns:
  sale_id: {join: [Shop, No], separator: "/"}
  sale_date: {from: Day, date_format: "%d.%m.%Y"}
  channel: {from: Kind, values: {S: store, W: online}, default: marketplace}
  region: {from: Area, empty: ["-", "n/a"]}
  buyer_email: {from: Customer, template: "{}@customers.example"}
"""
    text = "Shop,No,Day,Kind,Area,Customer\n7,1.0,31.01.2026,S,North,17850.0\n7,2,31.01.2026,,-,\n"
    table = _rows(_prepare(tmp_path, text, mapping=mapping))
    key = token_key(SHARED, kind="email", profile="email.uid2@1")
    assert table["sale_id"].to_pylist() == ["7/1", "7/2"]
    assert table["channel"].to_pylist() == ["store", "marketplace"]
    assert table["region"].to_pylist() == ["North", None]
    assert table["buyer_token"].to_pylist() == [key.token("17850@customers.example"), None]


def test_native_types_of_parquet_are_read(tmp_path: Path) -> None:
    """A Parquet file's dates, floats and integers arrive as their text would."""
    source = pa.table(
        {
            "no": pa.array([1.0, 2.0]),
            "day": pa.array([date(2026, 1, 2), date(2026, 1, 3)]),
            "n": pa.array([3, None], pa.int32()),
            "price": pa.array([Decimal("2.55"), Decimal("1.00")]),
        }
    )
    pq.write_table(source, tmp_path / "in.parquet")
    mapping = "contract: sales\ncolumns: {sale_id: no, sale_date: day, quantity: n, unit_price: price}"
    table = _rows(_prepare_files([tmp_path / "in.parquet"], tmp_path / "out", mapping))
    assert table["sale_id"].to_pylist() == ["1", "2"]
    assert table["sale_date"].to_pylist() == [date(2026, 1, 2), date(2026, 1, 3)]
    assert table["quantity"].to_pylist() == [Decimal(3), None]
    assert table["unit_price"].to_pylist() == [Decimal("2.55"), Decimal("1.00")]


@pytest.mark.parametrize(
    ("text", "mapping", "error", "code"),
    [
        (HEADER.replace("Quantity", "Qty") + LINES, MAPPING, DataRefused, "CR-D510"),
        (HEADER + LINES, MAPPING.replace("  sale_date: Date\n", ""), DataRefused, "CR-D506"),
        (HEADER + LINES, MAPPING.replace("sku: StockCode", "sku: Email"), DataRefused, "CR-N020"),
        (HEADER + LINES, MAPPING.replace("sku: StockCode", "promo_id: Phone"), DataRefused, "CR-N020"),
        ("", MAPPING, DataRefused, "CR-D102"),
    ],
)
def test_a_refused_file_leaves_nothing(
    tmp_path: Path, text: str, mapping: str, error: type[CleanroomError], code: str
) -> None:
    """Missing columns, unmapped required ones, identifiers mapped as dimensions, empty files: nothing is left behind."""
    with pytest.raises(error, match=code) as refused:
        _prepare(tmp_path, text, mapping=mapping)
    assert [path.name for path in tmp_path.iterdir()] == ["sales.csv"]
    assert not any(value in f"{refused.value}{refused.value.help}" for value in ("Jane", "07700", "85123A"))


def test_a_package_is_never_overwritten(tmp_path: Path) -> None:
    """The second preparation into the same place is refused; the first stays whole."""
    first = _prepare(tmp_path, HEADER + LINES)
    with pytest.raises(Conflict, match="CR-D630"):
        _prepare(tmp_path, HEADER + LINES)
    assert _rows(first).num_rows == 4


def test_tokens_need_the_collaboration_key(tmp_path: Path) -> None:
    """Without it nothing is tokenised under some other key; without identifiers it is not needed."""
    (tmp_path / "s.csv").write_text("Id,Date,Email\n1,2026-01-02,a@b.example\n")
    plain = "contract: sales\nsource: {format: csv, delimiter: ','}\ncolumns: {sale_id: Id, sale_date: Date%s}"
    arguments = {"contract": SALES, "member": MemberName("harbor"), "keys": KEYS, "collaboration": None, "now": NOW}
    with pytest.raises(DataRefused, match="CR-K007"):
        prepare(
            [tmp_path / "s.csv"],
            mapping=load_mapping((plain % ", buyer_email: Email").encode(), CONTRACTS),
            out=tmp_path / "a",
            **arguments,
        )
    prepared = prepare(
        [tmp_path / "s.csv"], mapping=load_mapping((plain % "").encode(), CONTRACTS), out=tmp_path / "b", **arguments
    )
    assert prepared.manifest.collaboration_key is None
    with pytest.raises(UsageProblem, match="CR-D631"):
        prepare([], mapping=load_mapping((plain % "").encode(), CONTRACTS), out=tmp_path / "c", **arguments)


def test_progress_is_told(tmp_path: Path) -> None:
    """Rows done grow to the total."""
    (tmp_path / "s.csv").write_text(HEADER + LINES)
    told: list[tuple[int, int | None]] = []
    prepare(
        [tmp_path / "s.csv"],
        mapping=load_mapping(MAPPING.encode(), CONTRACTS),
        contract=SALES,
        out=tmp_path / "p",
        member=MemberName("harbor"),
        keys=KEYS,
        collaboration=SHARED,
        now=NOW,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (8, 8)


@pytest.mark.parametrize("seed", range(5))
def test_random_files_reconcile(tmp_path: Path, seed: int) -> None:
    """INVARIANT: whatever the cells hold, every row is packaged, rejected or skipped, exactly once."""
    chooser = random.Random(seed)  # noqa: S311 - seeded, for tests
    cells = (
        "",
        "x",
        "1",
        "-2.5",
        "2026-01-02",
        "POST",
        "a@b",
        "44 7700",
        "17850.0",
        '"q,""z"',
        "\u00e9\U0001f60a",
        "N/A",
    )
    lines = [",".join(chooser.choice(cells) for _ in range(11)) + "\n" for _ in range(300)]
    manifest = _prepare(tmp_path, HEADER + "".join(lines)).manifest
    assert manifest.rows_read == 300
    assert manifest.rows.count + manifest.rows_rejected + manifest.rows_skipped == 300
