"""Honest sequences on ample data are not withheld: what the ledger costs an analyst who means well."""

from cleanroom.shape import DateDiff, Grain
from tests.cleanroom.ledger.room import Room, ask, cmp, col, count, distinct, joined, month, plain, total

SALES = """
SELECT i AS sale_id, i AS buyer, i AS unit, ['north', 'south', 'east', 'west'][1 + i % 4] AS region,
       'model' || (hash(i) % 6) AS model, DATE '2024-01-01' + CAST(hash(i, 1) % ({days}) AS INTEGER) AS sale_date,
       1 + hash(i, 2) % 3 AS quantity
FROM range({rows}) AS t(i)
"""
CLAIMS = """
SELECT i AS claim_id, i AS owner, i AS unit, ['leak', 'noise', 'power'][1 + CAST(hash(i, 3) % 3 AS INTEGER)] AS fault,
       DATE '2024-01-01' + CAST(hash(i, 4) % ({days}) AS INTEGER) AS claim_date
FROM range({rows}) AS t(i) WHERE hash(i, 5) % 4 = 0
"""


def ample(rows: int = 40_000, days: int = 730, k: int = 25) -> Room:
    """A room in which every cell of the usual reports is large."""
    room = Room(types={}, k=k)
    room.generate("harbor", "sales", SALES.format(rows=rows, days=days))
    room.generate("maker", "claims", CLAIMS.format(rows=rows, days=days))
    return room


LEFT = (joined("claims", "unit", "unit", "left"),)
INNER = (joined("claims", "unit", "unit"),)
REPORT = (distinct("unit"), count("claim_id", 1), total("quantity"))


def test_the_usual_reports_in_any_order_leave_whole() -> None:
    """By region, by month, both, totals, filtered, both join kinds: nothing is withheld."""
    room = ample()
    questions = [
        ask(*REPORT, by=[plain("region")], joins=LEFT),
        ask(*REPORT, by=[month("sale_date")], joins=LEFT),
        ask(*REPORT, by=[plain("region"), month("sale_date")], joins=LEFT),
        ask(*REPORT, joins=LEFT),
        ask(count(), by=[plain("region")], joins=INNER),
        ask(count(), by=[plain("fault", 1)], joins=INNER),
        ask(count(), by=[month("sale_date", 0, Grain.YEAR), plain("model")]),
        ask(count(), by=[plain("model")], where=cmp("region", "=", "north")),
        ask(count(), by=[DateDiff(grain=Grain.QUARTER, start=col("sale_date"), end=col("claim_date", 1))], joins=INNER),
    ]
    assert [room.run(question).whole() for question in questions] == [True] * len(questions)


def test_totals_over_a_table_with_several_small_cells_leave() -> None:
    """A sparse table: hidden cells of one margin together reach k, so margins and totals leave."""
    room = ample(rows=3000)
    fine = room.run(ask(by=[plain("model"), month("sale_date")]))
    assert (len(fine.keys) < 6 * 24, fine.whole()) == (True, True)  # thresholds hide some cells
    assert room.run(ask(by=[plain("model")])).whole()
    assert room.run(ask(by=[month("sale_date", 0, Grain.QUARTER)])).whole()
    assert room.run(ask()).whole()


def test_a_report_on_a_feed_that_grows_by_many_rows_leaves_each_time() -> None:
    """Renewed: every new snapshot adds hundreds of units per cell, so the newer answer leaves."""
    room = ample(rows=8000)
    question = ask(*REPORT, by=[plain("region")], joins=LEFT)
    answers = [room.run(question).whole()]
    for rows in (10_000, 12_000, 14_000):
        room.generate("harbor", "sales", SALES.format(rows=rows, days=730))
        room.generate("maker", "claims", CLAIMS.format(rows=rows, days=730))
        answers.append(room.run(question).whole())
    assert answers == [True] * 4


def test_where_a_newer_number_stays_only_that_number_stays() -> None:
    """Renewed by one unit: the one cell that moved by it stays, with the total; all others may be told again."""
    room = ample(rows=8000)
    question = ask(by=[plain("region")])
    room.run(question)
    room.generate("harbor", "sales", SALES.format(rows=8001, days=730))
    newer = room.run(question)
    assert sorted(flags[0] for flags in newer.shown) == [False, *[True] * (len(newer.shown) - 1)]
