"""A table at many snapshots, read off its change feed, is the table at each of them: on a real encrypted lake."""

from collections import Counter
from pathlib import Path

from cleanroom.contracts import shipped_contracts
from cleanroom.crypto.keys import DataKey
from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session, SessionLimits
from cleanroom.engine.sql import EngineSql
from cleanroom.names import DatasetName, MemberName
from cleanroom.plan import PinnedTable
from cleanroom.privacy.ledger.pinned_rows import united
from cleanroom.vault.lake import LakePlace, PublishedLake
from cleanroom.vault.physical import physical_expressions
from cleanroom.vault.session import LAKE
from cleanroom.vault.tables import create_statements
from cleanroom.vault.vault import Vault
from tests.cleanroom.release.test_on_lakes import sold

HARBOR, SALES = MemberName("harbor"), DatasetName("sales")
COLUMNS = [("region", "r"), ("unit_token", "u"), ("@contributor", "c")]


def _history(root: Path) -> list[PublishedLake]:
    """Commits that add, restate, take out and bring back rows; twins among them; then files are merged."""
    contract = shipped_contracts()[SALES]
    vault = Vault(place=LakePlace(member=HARBOR, root=root / HARBOR), key=DataKey.generate(bytes))
    north, south = sold(("north", 0, 40)), sold(("south", 100, 130))
    steps = [
        *(_inserted(query) for query in (north, south, sold(("north", 0, 5)))),
        f"UPDATE {LAKE}.sales SET region = 'west' WHERE sale_id IN ('north-3', 'south-101')",
        f"DELETE FROM {LAKE}.sales WHERE region = 'south'",
        _inserted(south),
        f"DELETE FROM {LAKE}.sales WHERE sale_id = 'north-4'",
        *(_inserted(sold(("east", 200 + n, 203 + n))) for n in range(8)),
        f"CALL ducklake_merge_adjacent_files('{LAKE}')",
        _inserted(sold(("east", 300, 303))),
    ]
    published = []
    for number, step in enumerate(steps):
        with vault.writer(wait=True) as writer:
            if not number:
                for statement in create_statements(contract, lake=LAKE):
                    writer.connection.execute(statement)
            writer.connection.execute(step)
        published.append(vault.published())
    return published


def _inserted(query: str) -> str:
    present = frozenset({"sale_id", "region", "sale_date", "net_amount", "unit_token", "buyer_token"})
    expressions = ", ".join(physical_expressions(shipped_contracts()[SALES], present))
    return f"INSERT INTO {LAKE}.sales SELECT {expressions} FROM ({query})"


def _table(lake: PublishedLake) -> PinnedTable:
    return PinnedTable(member=HARBOR, dataset=SALES, snapshot=lake.snapshot)


def _no_feed(since: PinnedTable, until: PinnedTable) -> None:
    """Every snapshot is read."""


def test_the_feed_tells_which_rows_were_there_at_every_snapshot(tmp_path: Path) -> None:
    """As many of each row, at each pin set, as the table had then: from any snapshot on, in whatever order they were asked."""
    lakes = _history(tmp_path)
    tables = list(dict.fromkeys(map(_table, lakes)))
    pin_sets = [(table,) for table in [*tables[3:], *tables[1:3]]]
    control = RunControl(limit_seconds=60)
    with Session.over_lakes([lakes[-1]], SessionLimits(memory_bytes=500_000_000)) as session:
        sql = united(pin_sets, COLUMNS, session.reference, session.changes)
        rows = session.fetch(EngineSql(text=sql, keys=0), control)
        without = united(pin_sets, COLUMNS, session.reference, _no_feed)
        assert Counter(rows) == Counter(session.fetch(EngineSql(text=without, keys=0), control))
        for place, (table,) in enumerate(pin_sets):
            there = Counter(row[:-1] for row in rows if str(row[-1])[place] == "1")
            stored = f"SELECT region, unit_token, 'harbor' FROM {session.reference(table)}"
            assert there == Counter(session.fetch(EngineSql(text=stored, keys=0), control))
    control.close()
    assert "ducklake_table_changes" in sql
