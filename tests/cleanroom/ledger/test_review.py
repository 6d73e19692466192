"""The ledger over real engine SQL: what leaves, and what must not."""

from datetime import date

from tests.cleanroom.ledger.room import Room, ask, cmp, count, month, plain

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
