"""Erasure and retention as a privacy officer would prove them: by searching every byte the room has on disk.

The commands are the member's own; the search is ``every_byte``. Before each removal the search finds the person, so that
finding nothing afterwards means something.
"""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from uuid import UUID

import pytest

from api.principal import local_operator
from api.usecases.contracts import add_contract
from api.usecases.retention import keep_retention
from cleanroom.names import MemberName
from tests.flows.every_byte import Search
from tests.flows.feed import Feed, feed

_MAPPING = """
contract: sales
columns:
  sale_id: Id
  sale_date: {from: Day, date_format: "%Y-%m-%d"}
  region: Region
  quantity: Qty
  buyer_email: Email
constants: {currency: GBP, store_id: web}
"""
_HARBOR = MemberName("harbor")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Feed]:
    with feed(tmp_path) as found:
        (tmp_path / "sales.yaml").write_text(_MAPPING)
        yield found


def _push(shop: Feed, name: str, rows: list[str], mode: str = "upsert") -> None:
    path = shop.folder / name
    path.write_text("Id,Day,Region,Qty,Email\n" + "".join(row + "\n" for row in rows))
    shop.push(path, shop.folder / "sales.yaml", mode)


def _row(number: int, *, day: str = "2026-01-02", region: str = "north", amount: int = 1) -> str:
    return f"S{number},{day},{region},{amount},p{number}@mail.example"


def _extreme(shop: Feed) -> tuple[UUID, str]:
    """The person whose token is the smallest: statistics of data files name it beside the rows."""
    ((token, sale),) = shop.query("SELECT buyer_token, sale_id FROM h.sales ORDER BY buyer_token LIMIT 1")
    assert isinstance(token, UUID)
    return token, f"p{str(sale).removeprefix('S')}@mail.example"


def test_after_an_erasure_no_byte_on_disk_names_the_person(shop: Feed) -> None:
    """Inserted, changed, quarantined, in several snapshots and copies, in statistics; then in the list that keeps them out.

    That list is the only place left, sealed under the member's key; without it a later file would bring them back.
    """
    _push(shop, "a.csv", [_row(n) for n in range(40)])
    token, clear = _extreme(shop)
    number = int(clear[1:].partition("@")[0])
    _push(shop, "b.csv", [_row(number, region="south"), _row(100)])
    _push(
        shop, "c.csv", [_row(number, amount=2), _row(101, day="1926-01-01"), _row(number, amount=2, day="1926-01-01")]
    )
    search = Search(room=shop.room, member=_HARBOR)
    before = search.places(token, clear)
    assert [place for place in before if place != "catalogue: ducklake_table_column_stats"] == [
        "catalogue: ducklake_file_column_stats",
        "data file",
    ]
    code, said, trouble = shop.cli("data", "erase", "--purge", "--json", *shop.profile, stdin=clear + "\n")
    assert (code, json.loads(said)["removed"]) == (0, {"sales": 1}), trouble
    assert search.places(token, clear) == ["list of the erased"]
    assert search.dead_blocks == 0
    _push(shop, "d.csv", [_row(number), _row(102)])
    assert search.places(token, clear) == ["list of the erased"]
    assert shop.query("SELECT count(*) FROM h.sales") == [(41,)]


def test_an_erasure_without_purge_leaves_answers_but_not_yet_the_disk(shop: Feed) -> None:
    """What the docs tell the privacy officer: older snapshots hold the rows until the history is given up."""
    _push(shop, "a.csv", [_row(n) for n in range(40)])
    token, clear = _extreme(shop)
    search = Search(room=shop.room, member=_HARBOR)
    assert shop.cli("data", "erase", *shop.profile, stdin=clear + "\n")[0] == 0
    assert shop.query(f"SELECT count(*) FROM h.sales WHERE buyer_token = '{token}'") == [(0,)]
    assert "data file" in search.places(token, clear)
    assert shop.cli("data", "erase", "--purge", *shop.profile, stdin=clear + "\n")[0] == 0
    assert search.places(token, clear) == ["list of the erased"]


def test_after_retention_no_byte_on_disk_holds_an_older_row(shop: Feed) -> None:
    """The contract keeps 30 days: who bought in 2024 only is nowhere on disk, not in a list either; others stay."""
    _push(shop, "a.csv", [_row(n, day="2024-05-01") for n in range(20)])
    token, clear = _extreme(shop)
    today = shop.room.surroundings.now().date().isoformat()
    _push(shop, "b.csv", [_row(n, day=today) for n in range(50, 60)])
    search = Search(room=shop.room, member=_HARBOR)
    assert "data file" in search.places(token, clear)
    shipped = (resources.files("cleanroom.contracts") / "odcs" / "sales.odcs.yaml").read_text()
    kept = "slaProperties:\n- {property: retention, value: 30, unit: d}\n"
    add_contract(shop.room, local_operator(), shipped.replace("version: 1.0.0", "version: 1.1.0", 1) + kept)
    assert keep_retention(shop.room) == {("harbor", "sales"): 20}
    assert search.places(token, clear) == []
    assert search.dead_blocks == 0
    code, listed, trouble = shop.cli("data", "history", "sales", "--json", *shop.profile)
    assert code == 0, trouble
    assert sum(view["counts"].get("removed", 0) for view in json.loads(listed)) == 20
    assert shop.query("SELECT count(*), min(sale_date)::VARCHAR FROM h.sales") == [(10, today)]
