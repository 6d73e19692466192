"""A session that fails in the midst of a review: nothing leaves then, and nothing held is forgotten."""

from dataclasses import dataclass
from typing import TypedDict

from cleanroom.engine.control import RunControl, RunFailed
from cleanroom.engine.sql import EngineSql
from cleanroom.plan import PinnedTable, Plan
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.privacy.ledger.store import MemoryStore
from tests.cleanroom.ledger.room import TableColumns, Tables, ask, cmp, joined
from tests.cleanroom.ledger.test_per_unit import claimed, folded


class Receiving(TypedDict):
    """Who asks and who receives."""

    receivers: tuple[str, ...]
    querier: str


_MAKER: Receiving = {"receivers": ("maker",), "querier": "maker"}
"""Whose claims are its own: one dataset is protected, and no other test stands behind its own."""


@dataclass
class Failing:
    """A session of which the use number ``at`` fails, and no other."""

    tables: Tables
    at: int
    uses: int = 0

    def _used(self) -> None:
        self.uses += 1
        if self.uses == self.at:
            raise RunFailed

    def reference(self, table: PinnedTable) -> str:
        """A snapshot's table."""
        self._used()
        return self.tables.reference(table)

    def changes(self, since: PinnedTable, until: PinnedTable) -> None:
        """There is no feed."""
        self.tables.changes(since, until)

    def columns(self, table: PinnedTable) -> TableColumns:
        """Its columns."""
        self._used()
        return self.tables.columns(table)

    def fetch(self, sql: EngineSql, control: RunControl) -> list[tuple[object, ...]]:
        """All rows."""
        self._used()
        return self.tables.fetch(sql, control)


def test_wherever_a_session_fails_asking_again_still_meets_all_that_is_held() -> None:
    """INVARIANT I13: an error while held entries are absorbed once lost those that came before it."""
    store = MemoryStore()
    room = claimed()
    room.ledger = Ledger(store)
    join = joined("claims", "unit", "unit")
    assert room.run(ask(joins=[join]), **_MAKER).whole()
    assert room.run(folded(cmp("claim", ">=", 10)), **_MAKER).whole()
    without = room.plan(ask(joins=[join], where=cmp("fault", "=", "a", 1)), **_MAKER)
    failed = 0
    for at in range(1, 100):
        ledger, session = Ledger(store), Failing(tables=room.tables, at=at)
        if not _fails(ledger, session, without):
            break
        failed += 1
        again = ledger.review(without, cells=[()], passed=[[True]], session=session)
        assert [list(row) for row in again] == [[False]], f"after a failure at use {at}"
    assert failed > 5


def _fails(ledger: Ledger, session: Failing, plan: Plan) -> bool:
    try:
        kept = ledger.review(plan, cells=[()], passed=[[True]], session=session)
    except RunFailed:
        return True
    assert [list(row) for row in kept] == [[False]]
    return False
