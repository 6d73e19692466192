"""Flow 1 in the room, whole: real packages, a real vault."""

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from cleanroom.errors import DataRefused
from cleanroom.ingest import FileRefused, SchemaRefused, ingest, read_receipt
from cleanroom.ingest.refusal import PackageAltered
from cleanroom.ingest.schema import check_schema
from cleanroom.names import UploadId
from cleanroom.vault import RowCounts
from cleanroom.vault.decide import Mode
from cleanroom.vault.package_file import register_package
from cleanroom.vault.quarantine import read_quarantine
from tests.cleanroom.ingest.rig import CLAIMS, SALES, Rig, sale, token


def test_a_file_is_committed_and_its_receipt_signed(rig: Rig) -> None:
    """Rows are in the vault, the receipt is signed by the room and stands in the journal."""
    signed = rig.push([sale(n) for n in range(5)])
    assert signed.receipt.counts == RowCounts(rows=5, inserted=5)
    assert rig.read("SELECT count(*), sum(quantity) FROM h.sales") == [(5, 5)]
    assert read_receipt(rig.journal.events("commit")["u1"], rig.room_key.verify_key) == signed
    assert (signed.receipt.first_day, signed.receipt.last_day) == (date(2026, 1, 1), date(2026, 1, 5))


def test_the_same_file_again_changes_nothing(rig: Rig) -> None:
    """An exact re-send under another upload is recognised by its bytes, and by its rows when packaged anew."""
    rows = [sale(n) for n in range(4)]
    first = rig.push(rows).receipt
    second = rig.push(rows).receipt
    assert (second.counts, second.resent, second.snapshot) == (RowCounts(rows=4, unchanged=4), True, first.snapshot)
    third = rig.push(list(reversed(rows))).receipt
    assert (third.counts, third.resent, third.new_snapshot) == (RowCounts(rows=4, unchanged=4), False, False)
    assert rig.read("SELECT count(*) FROM h.sales") == [(4,)]


def test_the_same_upload_again_gets_the_same_receipt(rig: Rig) -> None:
    """A client that lost the answer asks again and reads what happened then."""
    rows = [sale(n) for n in range(4)]
    first = rig.push(rows, upload="lost")
    again = rig.push(rows, upload="lost")
    assert again.receipt == first.receipt


def test_append_quarantines_rows_that_would_change_others(rig: Rig) -> None:
    """Append never changes a row: the differing ones are told apart, the others go in."""
    rig.push([sale(n) for n in range(3)])
    receipt = rig.push([sale(0), sale(1, region="south"), sale(7)]).receipt
    assert receipt.counts == RowCounts(rows=3, inserted=1, unchanged=1, quarantined=1)
    listed = read_quarantine(rig.vault.place, rig.vault.key, receipt.upload).read().decode()
    assert listed == "row,reason\n2,rows are already in the vault with other content\n"


def test_upsert_changes_and_replace_removes(rig: Rig) -> None:
    """Upsert restates rows by natural key; replace takes out what the period no longer holds."""
    rig.push([sale(n) for n in range(4)])
    upsert = rig.push([sale(1, region="south"), sale(2), sale(9)], Mode.UPSERT).receipt
    assert upsert.counts == RowCounts(rows=3, inserted=1, changed=1, unchanged=1)
    replaced = rig.push([sale(1, region="east"), sale(0)], Mode.REPLACE, "2026-01-01/2026-01-03").receipt
    assert replaced.counts == RowCounts(rows=2, changed=1, unchanged=1, removed=1)
    assert rig.read("SELECT sale_id, region FROM h.sales ORDER BY ALL") == [
        ("S0", "north"),
        ("S1", "east"),
        ("S3", "north"),
        ("S9", "north"),
    ]


def test_an_older_package_upserted_again_is_a_restatement(rig: Rig) -> None:
    """Only an append, or the newest file, is a no-op by its bytes: an upsert of older bytes is carried out."""
    rig.push([sale(1)], Mode.UPSERT)
    rig.push([sale(1, region="south")], Mode.UPSERT)
    assert rig.push([sale(1)], Mode.UPSERT).receipt.counts == RowCounts(rows=1, changed=1)


def test_rows_sharing_a_key_inside_one_file(rig: Rig) -> None:
    """Equal rows are one; rows that differ are all quarantined, for nobody knows which is right."""
    receipt = rig.push([sale(1), sale(1), sale(2), sale(2, region="south"), sale(3)]).receipt
    assert receipt.counts == RowCounts(rows=5, inserted=2, duplicate=1, quarantined=2)
    assert {(f.code, f.severity, f.rows) for f in receipt.findings} == {
        ("CR-V027", "error", (3, 4)),
        ("CR-V027", "note", (2,)),
    }


def test_rows_that_break_the_contract_are_quarantined_with_reasons(rig: Rig) -> None:
    """Bad rows stay out, with row number and rule; the rest goes in; the sums agree."""
    rows = [sale(n) for n in range(30)]
    rows[3]["channel"] = "carrier pigeon"
    rows[4]["sale_date"] = date(2031, 1, 1)
    rows[5]["sale_id"] = None
    receipt = rig.push(rows).receipt
    assert receipt.counts == RowCounts(rows=30, inserted=27, quarantined=3)
    listed = read_quarantine(rig.vault.place, rig.vault.key, receipt.upload).read().decode().splitlines()
    assert [line.split(",")[0] for line in listed] == ["row", "4", "5", "6"]
    assert "pigeon" not in repr(receipt)


def test_rows_of_another_period_do_not_enter_a_replaced_one(rig: Rig) -> None:
    """A row outside the declared period is quarantined, not committed somewhere else."""
    rows = [sale(1, sale_date=date(2026, 1, 5)), sale(2, sale_date=date(2026, 2, 5))]
    receipt = rig.push(rows, Mode.REPLACE, "2026-01").receipt
    assert receipt.counts == RowCounts(rows=2, inserted=1, quarantined=1)


@pytest.mark.parametrize(
    "value",
    [
        "jane.doe@example.com",
        "+44 20 7946 0958",
        "a" * 64,
        "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
        "01632 960983",
        "02079460958",
        "Mrs Canary",
        "12 Canary Street",
    ],
)
def test_a_column_of_clear_identifiers_refuses_the_file(rig: Rig, value: str) -> None:
    """INVARIANT I3: e-mails, phones and bare hashes mapped to any text are refused, unechoed, nothing stored."""
    with pytest.raises(FileRefused, match=r"CR-V025.*`region` looks like") as refused:
        rig.push([sale(n, region=value) for n in range(3)])
    assert value not in repr(refused.value.report)
    assert rig.journal.events("refuse") == {"u1": "CR-V025"}
    assert rig.vault.published().snapshot == 0


def test_a_stray_identifier_quarantines_its_row_only(rig: Rig) -> None:
    """INVARIANT I3: one address in a long file keeps its row out, not the file."""
    rows = [sale(n) for n in range(200)]
    rows[17]["promo_id"] = "ask jane.doe@example.com"
    assert rig.push(rows).receipt.counts == RowCounts(rows=200, inserted=199, quarantined=1)


def test_a_package_of_another_shape_is_refused(rig: Rig) -> None:
    """Columns of another contract do not pass for this one's, even correctly signed."""
    package, _ = rig.package([{"claim_id": "C1", "claim_date": date(2026, 1, 1)}], CLAIMS)
    with package.open() as rows:
        content = rows.read()
    package, manifest = rig.packaged(content, 1)
    with pytest.raises(DataRefused, match="CR-K023"):
        ingest(rig.job(package), rig.vault, rig.tools(manifest))


def test_altered_rows_are_refused(rig: Rig) -> None:
    """Rows that are not those the manifest names never reach the vault."""
    package, _ = rig.package([sale(1)])
    _, manifest = rig.package([sale(2)])
    with pytest.raises(PackageAltered, match="CR-K022"):
        ingest(rig.job(package), rig.vault, rig.tools(manifest))
    assert rig.journal.events("refuse") == {"u1": "CR-K022"}


def test_unknown_columns_are_refused_unnamed(rig: Rig) -> None:
    """A header can carry a value: unknown columns are counted, not named."""
    path = rig.root / "x.parquet"
    with duckdb.connect() as made:
        made.execute(f"COPY (SELECT 'S1' AS sale_id, 1 AS \"jane@example.com\", 'x' AS buyer_email) TO '{path}'")
    package, _ = rig.packaged(path.read_bytes(), 1)
    with duckdb.connect() as connection:
        register_package(connection, package)
        with pytest.raises(SchemaRefused, match="CR-V023") as refused:
            check_schema(connection, SALES)
    assert [f.code for f in refused.value.findings] == ["CR-V023", "CR-V020", "CR-V021"]
    assert "jane" not in repr(refused.value.findings)


def test_an_empty_file_is_refused(rig: Rig) -> None:
    """No rows is not a file."""
    with pytest.raises(FileRefused, match="CR-V030"):
        rig.push([])


def test_a_file_moved_in_time_is_refused(rig: Rig) -> None:
    """The same rows at other dates, under other keys, are yesterday's file misread."""
    rig.push([sale(n) for n in range(25)])
    moved = [sale(n, sale_id=f"T{n}", sale_date=date(2026, 3, 1 + n % 28)) for n in range(25)]
    with pytest.raises(FileRefused, match=r"CR-V033.*moved in time"):
        rig.push(moved)


def test_shifted_columns_are_suspected(rig: Rig) -> None:
    """Several columns broken in most rows read as one shift, not as many findings."""
    with pytest.raises(FileRefused, match=r"CR-V031.*look shifted"):
        rig.push([sale(n, channel="north", currency="store") for n in range(30)])


def test_a_null_token_has_a_bucket_and_no_mask(rig: Rig) -> None:
    """Rows without a token spread over buckets by their key; no token, no occupancy."""
    rig.push([sale(n, unit_token=None, buyer_token=None) for n in range(50)])
    rows = rig.read("SELECT count(DISTINCT _bucket), count(_mask_unit_token), count(_mask_buyer_token) FROM h.sales")
    assert rows == [(4, 0, 0)]


def test_bucket_and_mask_are_functions_of_the_token_bytes(rig: Rig) -> None:
    """Top two bits of the first byte; one bit chosen by the last byte's low six."""
    rig.push([sale(n) for n in range(300)])
    rows = rig.read("SELECT sale_id, _bucket, _mask_unit_token FROM h.sales")
    expected = {f"S{n}": (token(n).bytes[0] >> 6, 1 << (token(n).bytes[15] & 63)) for n in range(300)}
    assert {name: (bucket, mask) for name, bucket, mask in rows} == expected


def test_history_is_kept_and_readable(rig: Rig) -> None:
    """An earlier snapshot reads as it was, from the newest published copy."""
    first = rig.push([sale(1)], Mode.UPSERT).receipt.snapshot
    second = rig.push([sale(1, region="south")], Mode.UPSERT).receipt.snapshot
    for snapshot, region in ((first, "north"), (second, "south")):
        assert rig.read(f"SELECT region FROM h.sales AT (VERSION => {snapshot})") == [(region,)]


def test_commits_are_found_by_upload(rig: Rig) -> None:
    """The note in the lake names the upload and its counts."""
    rig.push([sale(1)], upload="known")
    commit = rig.vault.find_commit(UploadId("known"))
    assert commit is not None
    assert commit.note is not None
    assert (commit.note.counts, commit.author) == (RowCounts(rows=1, inserted=1), "harbor")
    assert rig.vault.find_commit(UploadId("unknown")) is None


def test_a_crowded_vault_is_compacted_after_the_receipt(rig: Rig) -> None:
    """Many nights leave few files, and every night still reads as it was."""
    for start in (0, 20):
        rig.push([sale(n) for n in range(start, start + 20)])
    package, manifest = rig.package([sale(n) for n in range(40, 60)])
    ingest(rig.job(package), rig.vault, replace(rig.tools(manifest), crowded_files=8))
    assert rig.read("SELECT count(*) FROM ducklake_list_files('h', 'sales')") == [(4,)]
    assert rig.read("SELECT count(*) FROM h.sales AT (VERSION => 2)") == [(40,)]


def test_text_that_is_not_utf8_is_refused(rig: Rig) -> None:
    """INVARIANT I15: a signed file whose texts are no texts is refused without quoting them."""
    package, _ = rig.package([sale(n, region="canary-region") for n in range(3)])
    with package.open() as rows:
        broken = rows.read().replace(b"canary-region", b"canary-\xff\xfe\xfd\xfcon")
    package, manifest = rig.packaged(broken, 3)
    with pytest.raises(DataRefused, match=r"CR-V024") as refused:
        ingest(rig.job(package), rig.vault, rig.tools(manifest))
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None
