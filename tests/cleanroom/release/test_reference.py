"""Every released number is right, every withheld one has its true reason, nothing is withheld without one (I13)."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings

from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session
from cleanroom.privacy.ledger_port import NoLedger
from cleanroom.release import release
from cleanroom.released import Withheld
from tests.cleanroom.release.reference import expected
from tests.cleanroom.release.rooms import Room, rooms


@given(room=rooms())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_release_equals_reference(room: Room) -> None:
    """INVARIANT I13: over random rooms and legal questions the answer is the slow and obvious one, cell by cell."""
    with Session.over_tables(room.tables()) as session:
        table = release(room.plan, session=session, ledger=NoLedger(), control=RunControl(limit_seconds=60))
    keys = len(room.plan.shape.dimensions)
    found = {row[:keys]: [_plain(cell) for cell in row[keys:]] for row in table.rows}
    wanted = {key: [_plain(number) for number in numbers] for key, numbers in expected(room).items()}
    assert found == wanted
    assert len(table.rows) == len(wanted)


def _plain(cell: object) -> object:
    if isinstance(cell, Withheld):
        return cell.reason
    return round(Decimal(cell), 10) if isinstance(cell, Decimal | int) else cell
