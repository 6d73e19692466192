"""Per-unit tables in the ledger: what a fold counts is about the rows behind it."""

from dataclasses import replace

from cleanroom.names import ColumnName
from cleanroom.shape import Aggregate, Fn, PerUnit, PerUnitFn, PerUnitOutput, Predicate, QueryShape
from tests.cleanroom.ledger.room import Room, ask, cmp, joined, plain

TYPES = {
    "sales": {"sale_id": "INTEGER", "buyer": "INTEGER", "unit": "INTEGER", "region": "VARCHAR"},
    "claims": {"claim": "INTEGER", "owner": "INTEGER", "unit": "INTEGER", "fault": "VARCHAR"},
}


def claimed(**options: object) -> Room:
    """Forty units sold; units 0 to 19 have one claim each, of which three are for a rare fault."""
    room = Room(types=TYPES, **options)
    room.upload(
        "harbor", "sales", [{"sale_id": i, "buyer": i, "unit": i, "region": "n" if i % 2 else "s"} for i in range(40)]
    )
    room.upload(
        "maker", "claims", [{"claim": i, "owner": i, "unit": i, "fault": "b" if i < 3 else "a"} for i in range(20)]
    )
    return room


def folded(where: Predicate | None) -> QueryShape:
    """Units sold, and how many have a claim, by a table of claims per unit."""
    fold = PerUnit(
        key=ColumnName("unit"),
        outputs=(PerUnitOutput(name=ColumnName("claims"), fn=PerUnitFn.COUNT, column=None),),
        where=where,
    )
    source = replace(joined("claims", "unit", "unit"), per_unit=fold)
    return ask(Aggregate(fn=Fn.COUNT_STAR, column=None), joins=[source])


def test_a_fold_without_a_few_rows_is_held_against_the_whole() -> None:
    """All claimed units, then those without the rare fault: three owners' difference stays in the room."""
    without = cmp("fault", "=", "a")
    numbers = {}
    for on in (False, True):
        room = claimed(ledger_on=on)
        numbers[on] = [room.run(folded(None)).table(), room.run(folded(without)).table()]
    assert numbers == {False: [{(): [20]}, {(): [17]}], True: [{(): [20]}, {(): ["withheld"]}]}


def test_a_fold_and_a_plain_join_meet() -> None:
    """The same units asked without a fold: the difference is the same three owners."""
    room = claimed()
    join = joined("claims", "unit", "unit")
    assert room.run(ask(joins=[join])).table() == {(): [20]}
    assert room.run(folded(cmp("fault", "=", "a"))).table() == {(): ["withheld"]}
    assert room.run(ask(by=[plain("region")], joins=[join])).whole()
