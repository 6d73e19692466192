"""Members as the protected unit: no remainder is fewer retailers than agreed, and one's own rows stay one's own."""

from decimal import Decimal

from cleanroom.plan import Contributors
from cleanroom.shape import PlainColumn
from tests.cleanroom.ledger.room import Room, ask, cmp, col, plain

SALES = {"sale_id": "INTEGER", "buyer": "INTEGER", "unit": "INTEGER", "region": "VARCHAR"}
BY_MEMBER = PlainColumn(column=col("contributor"))


def room(regions: dict[str, str], **options: object) -> Room:
    """Per member which regions it sells in, one letter each, twenty buyers per region."""
    made = Room(types={"sales": SALES}, k=5, contributors=Contributors(minimum=3, largest_share=Decimal(1)), **options)
    for number, (member, letters) in enumerate(regions.items()):
        rows = [
            {"sale_id": first + i, "buyer": first + i, "unit": first + i, "region": letter}
            for first, letter in ((number * 1000 + at * 100, letter) for at, letter in enumerate(letters))
            for i in range(20)
        ]
        made.upload(member, "sales", rows)
    return made


def test_a_remainder_of_two_members_stays() -> None:
    """Five members, then the three of them that sell in the north: the difference would be the other two."""
    regions = {"alder": "n", "birch": "n", "cedar": "n", "dogwood": "s", "elm": "s"}
    with_ledger, without = room(regions), room(regions, ledger_on=False)
    for asked in (with_ledger, without):
        asked.run(ask())
    question = ask(where=cmp("region", "=", "n"))
    assert (with_ledger.run(question).table(), without.run(question).table()) == (
        {(): ["withheld"]},
        {(): [60]},
    )


def test_a_remainder_of_three_members_leaves() -> None:
    """Six members: what is left is as many as agreed."""
    regions = {"alder": "n", "birch": "n", "cedar": "n", "dogwood": "s", "elm": "s", "fir": "s"}
    asked = room(regions)
    asked.run(ask())
    assert asked.run(ask(where=cmp("region", "=", "n"))).table() == {(): [60]}


def test_what_a_member_gave_itself_is_not_held_against_it() -> None:
    """Us beside all: the asker's own rows apart leave, and the difference is enough other members."""
    regions = {"alder": "n", "birch": "n", "cedar": "n", "dogwood": "n"}
    asked = room(regions)
    everybody = asked.run(ask(), receivers=["alder"], querier="alder")
    us = ask(where=cmp(BY_MEMBER, "=", "alder"), by=[BY_MEMBER])
    plan = asked.plan(us, receivers=["alder"], querier="alder")
    own = asked.ledger.review(plan, cells=[("alder",)], passed=[[True]], session=asked.tables)
    assert (everybody.table(), [list(flags) for flags in own]) == ({(): [80]}, [[True]])


def test_one_other_member_stays_hidden_beside_ones_own_rows() -> None:
    """Own rows apart, then all four members and three of them: the difference would be a single other one."""
    asked = room({"alder": "n", "birch": "n", "cedar": "n", "dogwood": "s"})
    us = ask(where=cmp(BY_MEMBER, "=", "alder"), by=[BY_MEMBER])
    plan = asked.plan(us, receivers=["alder"], querier="alder")
    own = asked.ledger.review(plan, cells=[("alder",)], passed=[[True]], session=asked.tables)
    answers = [
        asked.run(question, receivers=["alder"], querier="alder").table()
        for question in (ask(), ask(where=cmp("region", "=", "n")))
    ]
    assert ([list(flags) for flags in own], answers) == ([[True]], [{(): [80]}, {(): ["withheld"]}])


def test_a_shared_answer_of_one_member_alone_is_held_against_everybody() -> None:
    """An answer that others may hold too has no rows of one's own."""
    asked = room({"alder": "n", "birch": "n", "cedar": "n", "dogwood": "n"})
    us = ask(where=cmp(BY_MEMBER, "=", "alder"), by=[plain("region")])
    plan = asked.plan(us, receivers=["alder", "solstice"], querier="alder")
    shown = asked.ledger.review(plan, cells=[("n",)], passed=[[True]], session=asked.tables)
    assert [list(flags) for flags in shown] == [[False]]
