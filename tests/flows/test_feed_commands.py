"""What the operator's commands say about real uploads: findings, quarantine, history; a watched folder; erasure."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.feed import Feed, feed

_MAPPING = """
contract: sales
columns:
  sale_id: Id
  sale_date: {from: Day, date_format: "%Y-%m-%d"}
  region: Region
  quantity: Qty
  unit_price: Price
  buyer_email: Email
  buyer_phone: {from: Phone, region: GB}
constants: {currency: GBP, store_id: web}
"""
_HEAD = "Id,Day,Region,Qty,Price,Email,Phone\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Feed]:
    with feed(tmp_path) as found:
        (tmp_path / "sales.yaml").write_text(_MAPPING)
        (tmp_path / "in").mkdir()
        yield found


def _drop(shop: Feed, name: str, *rows: str, age: float = 60.0) -> Path:
    path = shop.folder / "in" / name
    path.write_text(_HEAD + "".join(row + "\n" for row in rows))
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def _watch(shop: Feed) -> tuple[int, str, str]:
    mapping = str(shop.folder / "sales.yaml")
    return shop.cli("data", "watch", str(shop.folder / "in"), "--dataset", "sales", "--mapping", mapping, "--once", *shop.profile)  # fmt: skip


def _rows(count: int, start: int = 0) -> list[str]:
    return [f"S{n},2026-01-{1 + n % 28:02},north,1,9.99,p{n}@mail.example," for n in range(start, start + count)]


def test_a_watched_folder_is_taken_once_and_again_when_a_file_changes(shop: Feed) -> None:
    """Two files, two receipts; a second look does nothing; a corrected file is pushed again, a bad one refused once."""
    _drop(shop, "a.csv", *_rows(5))
    second = _drop(shop, "b.csv", *_rows(5, 5))
    code, said, beside = _watch(shop)
    assert (code, [line.partition(" (")[0] for line in said.splitlines()]) == (0, ["a.csv: pushed", "b.csv: pushed"])
    assert ("5 inserted" in said, beside) == (True, "2 files: 2 pushed\n")
    assert _watch(shop) == (0, "", "nothing new\n")
    _drop(shop, "b.csv", *_rows(4, 5), "S9,2026-01-10,north,7,9.99,p9@mail.example,", age=30)
    code, said, _ = _watch(shop)
    assert (code, said.startswith("b.csv: restated (1 changed, 4 unchanged")) == (0, True)
    receipt = json.loads(second.with_name("b.csv.receipt.json").read_text())
    counts = receipt["receipt"]["receipt"]["receipt"]["counts"]
    assert (counts["changed"], counts["unchanged"]) == (1, 4)
    (shop.folder / "in" / "c.csv").write_text("Wrong,Header\n1,2\n")
    os.utime(shop.folder / "in" / "c.csv", (time.time() - 60,) * 2)
    code, said, trouble = _watch(shop)
    assert (code, said.startswith("c.csv: refused (CR-D510 ")) == (3, True)
    assert "it is taken again when the file or the mapping changes" in said
    assert "CR-A111" in trouble
    assert _watch(shop)[:2] == (0, "")
    assert shop.query("SELECT count(*), sum(quantity) FROM h.sales") == [(10, 16)]


def test_commands_about_an_upload_read_the_real_answers(shop: Feed) -> None:
    """Push, show, quality, quarantine, history and list agree about one file with a row outside its contract."""
    path = _drop(shop, "a.csv", *_rows(40), "S99,2026-01-01,north,1,-5,p@mail.example,", "S98,1926-01-01,south,1,2,,")
    mapping = str(shop.folder / "sales.yaml")
    code, said, trouble = shop.cli("data", "push", str(path), "--dataset", "sales", "--mapping", mapping, *shop.profile)
    assert code == 0, trouble
    assert said.startswith("a.csv: committed (4")
    _, listed, _ = shop.cli("data", "history", "sales", "--json", *shop.profile)
    snapshot = json.loads(listed)[0]
    upload = snapshot["upload_id"]
    _, shown, _ = shop.cli("data", "show", upload, "--json", *shop.profile)
    receipt = json.loads(shown)["receipt"]["receipt"]
    held = receipt["counts"]["quarantined"]
    assert held >= 1
    assert (receipt["counts"]["rows"], receipt["counts"]["inserted"]) == (42, 42 - held)
    code, quality, _ = shop.cli("data", "quality", upload, *shop.profile)
    assert (code, quality.splitlines()[0]) == (0, f"42 rows, {held} quarantined")
    assert "CR-V026" in quality
    out = shop.folder / "held.csv"
    assert shop.cli("data", "quarantine", upload, "--out", str(out), *shop.profile)[0] == 0
    lines = out.read_text().splitlines()
    assert (lines[0], len(lines)) == ("row,reason", 1 + held)
    code, table, _ = shop.cli("data", "list", *shop.profile)
    assert (code, "harbor" in table) == (0, True)


def test_an_erased_person_is_gone_and_does_not_come_back(shop: Feed) -> None:
    """By e-mail as it was typed, and by phone; the room is told tokens only; invalid lines are counted, not echoed."""
    mapping = shop.folder / "sales.yaml"
    rows = [*_rows(3), "S50,2026-01-01,north,1,5,,020 7946 0018", "S51,2026-01-01,north,1,5, P1@Mail.example ,"]
    path = _drop(shop, "a.csv", *rows)
    shop.push(path, mapping)
    code, said, _ = shop.cli("data", "erase", "--json", "--purge", *shop.profile, stdin="p1@mail.example\n\n")
    assert (code, json.loads(said)) == (0, {"removed": {"sales": 2}})
    code, said, _ = shop.cli(
        "data", "erase", "--kind", "phone", "--region", "GB", "--json", *shop.profile, stdin="+44 20 7946 0018\n"
    )
    assert (code, json.loads(said)) == (0, {"removed": {"sales": 1}})
    path.write_text(path.read_text() + "S60,2026-01-02,north,1,5,p1@mail.example,\n")
    receipt = shop.push(path, mapping)
    counts = receipt["counts"]
    assert isinstance(counts, dict)
    assert (counts["unchanged"], counts["quarantined"], counts["inserted"]) == (2, 4, 0)
    assert shop.query("SELECT list(sale_id ORDER BY sale_id) FROM h.sales") == [(["S0", "S2"],)]
    code, _, trouble = shop.cli("data", "erase", *shop.profile, stdin="canary-not-an-address\n")
    assert (code, "CR-N010" in trouble, "canary" in trouble) == (3, True, False)
