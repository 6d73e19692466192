"""Too many partners for one grid: numbers still meet those about the same partners, and nothing else is withheld."""

from datetime import date

import pytest

from cleanroom.privacy.ledger import grid
from tests.cleanroom.ledger.room import Room, ask, count, distinct, joined, plain
from tests.cleanroom.ledger.test_review import SALES, sales

PARTNERS = ("claims", "registrations", "tickets")
UNITS = {"row_id": "INTEGER", "owner": "INTEGER", "unit": "INTEGER"}


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """Three partner datasets of a bound of two: one grid never holds them all."""
    monkeypatch.setattr(grid, "MAX_HOPS", 2)
    made = Room(types={"sales": SALES, **dict.fromkeys(PARTNERS, UNITS)})
    made.upload(
        "harbor",
        "sales",
        [
            *sales(0, 40, "north", date(2026, 1, 5)),
            *sales(100, 30, "south", date(2026, 2, 5)),
            *sales(200, 3, "east", date(2026, 2, 6)),
        ],
    )
    for partner in PARTNERS:
        owned = [*range(20), *range(100, 115), *range(200, 203)]
        made.upload("solstice", partner, [{"row_id": i, "owner": i, "unit": i} for i in owned])
    return made


def test_another_partner_is_no_reason_to_withhold(room: Room) -> None:
    """Held numbers about two partners do not stand in the way of numbers about a third."""
    for partner in PARTNERS:
        asked = ask(distinct("unit"), joins=[joined(partner, "unit", "unit")], by=[plain("region")])
        assert room.run(asked).table() == {("north",): [20], ("south",): [15]}


def test_subtraction_about_one_partner_is_still_met(room: Room) -> None:
    """INVARIANT I13: parts, then the total about the same partner: the small remainder stays hidden."""
    for partner in PARTNERS:
        room.run(ask(count(), joins=[joined(partner, "unit", "unit")], by=[plain("region")]))
    for partner in PARTNERS:
        assert room.run(ask(count(), joins=[joined(partner, "unit", "unit")])).table() == {(): ["withheld"]}


def test_two_partners_at_once_meet_what_is_about_either(room: Room) -> None:
    """INVARIANT I13: a question about two partners is held against those about each of them."""
    for partner in PARTNERS:
        room.run(ask(count(), joins=[joined(partner, "unit", "unit")], by=[plain("region")]))
    both = [joined("claims", "unit", "unit"), joined("registrations", "unit", "unit")]
    assert room.run(ask(count(), joins=both)).table() == {(): ["withheld"]}
