"""The ledger over real engine SQL: what leaves, and what must not."""

from datetime import date
from uuid import UUID

import pytest

from cleanroom.privacy.ledger import grid
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.privacy.ledger.store import MemoryStore
from tests.cleanroom.ledger.room import Room, ask, cmp, count, distinct, joined, month, plain

SALES = {"sale_id": "INTEGER", "buyer": "INTEGER", "unit": "INTEGER", "region": "VARCHAR", "sale_date": "DATE"}


def sales(first: int, size: int, region: str, day: date) -> list[dict[str, object]]:
    """One sale each of ``size`` new buyers."""
    return [
        {"sale_id": i, "buyer": i, "unit": i, "region": region, "sale_date": day} for i in range(first, first + size)
    ]


def small_room(**options: object) -> Room:
    """Two large regions and a small one."""
    room = Room(types={"sales": SALES}, **options)
    room.upload(
        "harbor",
        "sales",
        [
            *sales(0, 10, "north", date(2026, 1, 5)),
            *sales(100, 8, "south", date(2026, 2, 5)),
            *sales(200, 3, "east", date(2026, 2, 6)),
        ],
    )
    return room


def test_parts_then_the_total_would_give_the_small_part() -> None:
    """by region leaves out east; the total would give it back, so the total stays."""
    room = small_room()
    assert room.run(ask(by=[plain("region")])).table() == {("north",): [10], ("south",): [8]}
    assert room.run(ask()).table() == {(): ["withheld"]}


def test_the_same_question_again_is_answered_again() -> None:
    """A replay adds nothing to what is held."""
    room = small_room()
    first = room.run(ask(by=[plain("region")])).table()
    assert room.run(ask(by=[plain("region")])).table() == first


def test_without_a_ledger_the_total_leaves() -> None:
    """What the ledger is there to stop."""
    room = small_room(ledger_on=False)
    room.run(ask(by=[plain("region")]))
    assert room.run(ask()).table() == {(): [21]}


def test_a_grid_stays_warm_while_nothing_finer_is_asked() -> None:
    """A second question over the same terms runs no new grid query."""
    room = small_room()
    room.run(ask(by=[plain("region"), month("sale_date")]))
    assert room.tables.grids == 1
    room.run(ask(by=[month("sale_date")]))
    room.run(ask(count(where=cmp("region", "=", "north"))))
    assert room.tables.grids == 1


def test_members_that_hold_the_same_are_tested_once() -> None:
    """Five receivers of one answer cost one grid, and each is protected."""
    room = small_room()
    everybody = ["alder", "birch", "cedar", "dogwood", "elm"]
    room.run(ask(by=[plain("region")]), receivers=everybody)
    assert room.tables.grids == 1
    assert room.run(ask(), receivers=["elm"], querier="elm").table() == {(): ["withheld"]}


def test_the_order_of_rows_decides_nothing() -> None:
    """Of two totals that differ by a small group, by the order of cells the same one stays, however they arrive."""
    plan_of = [small_room(), small_room()]
    question = ask(count(), count(where=cmp("region", "<>", "east")), by=[month("sale_date")])
    shown = []
    for room, turn in zip(plan_of, (1, -1), strict=True):
        keys = [(date(2026, 1, 1),), (date(2026, 2, 1),)][::turn]
        flags = room.ledger.review(
            room.plan(question), cells=keys, passed=[[True, True], [True, True]], session=room.tables
        )
        shown.append(dict(zip(keys, map(tuple, flags), strict=True)))
    assert shown[0] == shown[1] == {(date(2026, 1, 1),): (True, True), (date(2026, 2, 1),): (True, False)}


def test_a_grid_that_would_be_too_fine_lets_only_what_is_held_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """More snapshots of one dataset than a grid takes: the same answer again, and nothing new."""
    monkeypatch.setattr(grid, "MAX_PINS", 4)
    room = small_room()
    rows = list(room.data.values())[-1]
    for step in range(5):
        room.run(ask(count(where=cmp("region", "=", "north"))))
        room.upload("harbor", "sales", [*rows, *sales(1000 + 100 * step, 50, "north", date(2026, 3, 1))])
        rows = list(room.data.values())[-1]
    late = room.run(ask(by=[plain("region")]))
    assert not any(any(flags) for flags in late.shown)


def test_a_standing_question_is_answered_every_night() -> None:
    """Sixty nights, each with enough news; after a restart, a night with too few is not told."""
    store = MemoryStore()
    room = Room(types={"sales": SALES}, ledger=Ledger(store))
    rows = sales(0, 20, "north", date(2026, 1, 5))
    for night in range(60):
        rows = [*rows, *sales(100 + 10 * night, 6, "north", date(2026, 1, 5))]
        room.upload("harbor", "sales", rows)
        assert room.run(ask()).table() == {(): [len(rows)]}
    room.ledger = Ledger(store)
    room.upload("harbor", "sales", rows[3:])
    assert room.run(ask()).table() == {(): ["withheld"]}


def test_a_question_about_own_rows_that_is_too_fine_is_never_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """INVARIANT I13: not at first and not when it is asked again; what was asked before is."""
    monkeypatch.setattr(grid, "MAX_HOPS", 1)
    room = Room(types={"sales": {"buyer": "UUID"}, "registrations": {"owner": "UUID"}, "tickets": {"owner": "UUID"}})
    room.upload("harbor", "sales", [{"buyer": UUID(int=n)} for n in range(30)])
    for own in ("registrations", "tickets"):
        room.upload("solstice", own, [{"owner": UUID(int=n)} for n in range(20)])
    first, second = (
        ask(distinct("buyer"), joins=[joined(own, "buyer", "owner")]) for own in ("registrations", "tickets")
    )
    assert room.run(first).table() == {(): [20]}
    assert [room.run(second).table() for _ in range(2)] == [{(): ["withheld"]}] * 2
    assert room.run(first).table() == {(): [20]}


def test_versions_of_several_members_meet() -> None:
    """Two sellers; one restates with one buyer more: the total moves by one, so the newer total stays."""
    for more, expected in ((1, "withheld"), (5, 25)):
        room = Room(types={"sales": SALES})
        room.upload("harbor", "sales", sales(0, 10, "north", date(2026, 1, 5)))
        room.upload("quayside", "sales", sales(100, 10, "north", date(2026, 1, 5)))
        assert room.run(ask()).table() == {(): [20]}
        room.upload("quayside", "sales", sales(100, 10 + more, "north", date(2026, 1, 5)))
        assert room.run(ask()).table() == {(): [expected]}


def test_a_restatement_that_swaps_people_counts_both() -> None:
    """Two buyers leave and two come: the total is equal and about four others, fewer than five."""
    room = Room(types={"sales": SALES})
    room.upload("harbor", "sales", sales(0, 10, "north", date(2026, 1, 5)))
    assert room.run(ask()).table() == {(): [10]}
    room.upload("harbor", "sales", sales(2, 10, "north", date(2026, 1, 5)))
    assert room.run(ask()).table() == {(): ["withheld"]}
