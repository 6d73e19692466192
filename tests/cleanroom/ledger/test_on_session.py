"""The ledger behind the release story, in a real locked session."""

import pyarrow as pa

from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session
from cleanroom.names import DatasetName, MemberName
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.privacy.ledger.store import MemoryStore
from cleanroom.release import release
from cleanroom.released import Reason, Withheld
from cleanroom.shape import QueryShape
from tests.cleanroom.ledger.room import Room, ask, plain

REGIONS = ["north"] * 10 + ["south"] * 8 + ["east"] * 3


def told(ledger: Ledger, shape: QueryShape) -> list[tuple[object, ...]]:
    """What the release story answers over one small table."""
    room = Room(types={"sales": {"buyer": "BIGINT", "region": "VARCHAR"}})
    room.upload("harbor", "sales", [])
    rows = pa.table({"buyer": list(range(len(REGIONS))), "region": REGIONS})
    with Session.over_tables({(MemberName("harbor"), DatasetName("sales")): rows}) as session:
        table = release(room.plan(shape), session=session, ledger=ledger, control=RunControl(limit_seconds=60))
    return sorted(table.rows, key=str)


def test_the_total_that_would_give_back_a_region_is_marked_as_withheld_by_the_ledger() -> None:
    """INVARIANT I13: in the locked session, with its own SQL, columns and limits."""
    ledger = Ledger(MemoryStore())
    assert told(ledger, ask(by=[plain("region")])) == [(10,), (8,)]
    assert told(ledger, ask()) == [(Withheld(reason=Reason.LEDGER),)]
    assert told(Ledger(MemoryStore()), ask()) == [(21,)]
