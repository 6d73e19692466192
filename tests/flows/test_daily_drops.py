"""A messy daily feed through the real door: whatever the order, the table is what the files say."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.flows.drops import MAPPING, SKIPPED, restate, utf8_copies, write_drops
from tests.flows.feed import Feed, changed_rows, feed

_TOTALS = "count(*), sum(quantity), sum(quantity * unit_price)::DECIMAL(18, 2), count(DISTINCT transaction_id)"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Feed]:
    with feed(tmp_path) as found:
        (tmp_path / "sales.yaml").write_text(MAPPING)
        yield found


def _plain(files: list[Path], folder: Path) -> list[tuple[object, ...]]:
    """What DuckDB alone makes of the files."""
    glob = utf8_copies(files, folder)
    return duckdb.execute(
        "SELECT count(*), sum(q), sum(q * p)::DECIMAL(18, 2), count(DISTINCT InvoiceNo) FROM (SELECT InvoiceNo, "
        f"Quantity::INT AS q, UnitPrice::DECIMAL(18, 4) AS p FROM read_csv('{glob}', all_varchar = true) "
        f"WHERE StockCode NOT IN {SKIPPED})"
    ).fetchall()


def test_drops_in_any_order_one_twice_one_restated(shop: Feed) -> None:
    """Totals equal a plain read of the files; every receipt reconciles and says what its file changed."""
    mapping = shop.folder / "sales.yaml"
    files = write_drops(shop.folder / "drops", days=9, rows=120)
    order = [*files]
    random.Random(3).shuffle(order)  # noqa: S311 - any order will do
    for path in order:
        receipt = shop.push(path, mapping)
        counts = changed_rows(receipt)
        skipped = sum(count for _, count in receipt["skipped"])  # type: ignore[attr-defined]
        assert list(counts) == ["inserted"]
        assert counts["inserted"] + skipped == _plain_lines(path, shop.folder / f"u-{path.name}")
    products = _plain(files[4:5], shop.folder / "one")[0][0]
    again = shop.push(files[4], mapping)
    assert (changed_rows(again), again["new_snapshot"]) == ({"unchanged": products}, False)
    corrected = restate(files[2])
    whole = _plain(files[2:3], shop.folder / "two")[0][0]
    assert changed_rows(shop.push(files[2], mapping)) == {
        "changed": corrected,
        "unchanged": int(str(whole)) - corrected,
    }
    assert shop.query(f"SELECT {_TOTALS} FROM h.sales") == _plain(files, shop.folder / "all")


def _plain_lines(path: Path, folder: Path) -> int:
    row = duckdb.execute(
        f"SELECT count(*) FROM read_csv('{utf8_copies([path], folder)}', all_varchar = true)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_two_senders_at_once_one_killed_equal_the_load_in_order(shop: Feed) -> None:
    """INVARIANT I6: overlapping feeds from two processes, one ended by kill -9, then sent again."""
    mapping = shop.folder / "sales.yaml"
    files = write_drops(shop.folder / "drops", days=8, rows=40, seed=11)
    senders = [_sender(shop, files[:6], mapping), _sender(shop, [*reversed(files[3:])], mapping)]
    assert senders[0].stdout is not None
    assert ".csv: committed" in senders[0].stdout.readline()
    senders[0].send_signal(signal.SIGKILL)
    assert [sender.wait(120) for sender in senders] == [-signal.SIGKILL, 0]
    again = _sender(shop, files, mapping)
    said, _ = again.communicate(timeout=120)
    assert (again.returncode, said.count(": committed")) == (0, 8)
    assert shop.query(f"SELECT {_TOTALS} FROM h.sales") == _plain(files, shop.folder / "all")
    expected = shop.query("SELECT sale_id, sku, quantity, buyer_token FROM h.sales ORDER BY ALL")
    (shop.folder / "other").mkdir()
    with feed(shop.folder / "other") as other:
        (other.folder / "shared.key").write_bytes((shop.folder / "shared.key").read_bytes())
        for path in files:
            other.push(path, mapping)
        assert other.query("SELECT sale_id, sku, quantity, buyer_token FROM h.sales ORDER BY ALL") == expected


def _sender(shop: Feed, files: list[Path], mapping: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from api.cli.main import main; main()", "data", "push", *map(str, files)]
    return subprocess.Popen(  # our own command, files we wrote
        [*command, "--dataset", "sales", "--mapping", str(mapping), "--mode", "upsert", *shop.profile],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
