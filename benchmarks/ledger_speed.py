"""CPU milliseconds per new result with 100,000 recorded cells, by kind of question; cold start; peak memory.

``python -m benchmarks.ledger_speed [cells] [thin]``. A recorded cell is one released number. Time is that of the process, all
its threads together, so a loaded machine prints about what a quiet one does. The room: 1,000,000 sales of two
retailers joined to 250,000 claims, k = 25. Standing templates (region, month, model and channel, with parameters and
windows) are recorded for the maker, a part of them for a retailer too, until ``cells`` are held; then more of each kind
are asked. ``thin`` has a quarter of the rows in ten times the regions: most fine cells are small there.
"""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cleanroom.plan import Plan
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.privacy.ledger.store import MemoryStore
from cleanroom.shape import And, DateDiff, Dimension, Grain, Predicate, QueryShape
from tests.cleanroom.ledger.room import (
    Room,
    ask,
    cmp,
    col,
    count,
    distinct,
    joined,
    month,
    plain,
    within,
)

SALES = """
SELECT i AS sale_id, i AS buyer, CAST(md5('u' || i) AS UUID) AS unit, 'r' || (hash(i, 7) % {regions}) AS region, 'm' || (hash(i) % 30) AS model,
       ['store', 'online', 'pickup'][1 + CAST(hash(i, 8) % 3 AS INTEGER)] AS channel,
       DATE '2024-01-01' + CAST(hash(i, 1) % 730 AS INTEGER) AS sale_date
FROM range({first}, {last}) AS t(i)
"""
CLAIMS = """
SELECT i AS claim_id, i AS owner, CAST(md5('u' || i) AS UUID) AS unit, 'f' || (hash(i, 3) % 2) AS fault,
       DATE '2024-01-01' + CAST(hash(i, 1) % 730 + hash(i, 9) % 300 AS INTEGER) AS claim_date
FROM range({last}) AS t(i) WHERE hash(i, 5) % 4 = 0
"""
REGION, MODEL, CHANNEL, SALE_MONTH = plain("region"), plain("model"), plain("channel"), month("sale_date")
CLAIMED = (joined("claims", "unit", "unit", "left"),)
BOTH = (joined("claims", "unit", "unit"),)
MEASURES = (distinct("unit"), count("claim_id", 1))
MAKER, RETAILER = ("maker",), ("harbor", "maker")
MONTHS = [date(2024 + at // 12, at % 12 + 1, 1) for at in range(25)]
FEW, MANY = 10, 100
MOST_RECORDING = 150.0
"""CPU seconds in the ledger after which recording is cut; what was reached is printed."""


@dataclass
class Timings:
    """CPU seconds per new result, by kind."""

    of_kind: dict[str, list[float]] = field(default_factory=dict)

    def add(self, kind: str, seconds: float) -> None:
        """One more result."""
        self.of_kind.setdefault(kind, []).append(seconds)

    def lines(self) -> Iterator[str]:
        """Median and maximum of every kind."""
        for kind, seconds in self.of_kind.items():
            middle, worst = median(seconds) * 1000, max(seconds) * 1000
            yield f"  {kind:<58} {len(seconds):>4} results  median {middle:>6.0f} ms  max {worst:>6.0f} ms"


def main(cells: int, *, thin: bool) -> None:
    """Record ``cells`` cells, then time new results."""
    regions = MANY if thin else FEW
    room, store = made_room(regions, rows=250_000 if thin else 1_000_000)
    recorded, results, recording = 0, 0, Timings()
    spent = 0.0
    for kind, question, receivers in standing_reports(regions):
        if recorded >= cells or spent > MOST_RECORDING:
            break
        seconds, shown = timed(room, question, receivers)
        recorded, results, spent = recorded + shown, results + 1, spent + seconds
        recording.add(kind, seconds)
    print(f"{recorded:,} cells recorded in {results} results, {spent:.0f} s; while recording:")
    print(*recording.lines(), sep="\n")
    later = Timings()
    for kind, question, receivers in new_questions():
        later.add(kind, timed(room, question, receivers)[0])
    print(f"new results, with {recorded:,} cells recorded:")
    print(*later.lines(), sep="\n")
    room.ledger = Ledger(store)
    seconds, _ = timed(room, ask(by=[REGION]), MAKER)
    print(f"cold start (entries decoded, grid read, everything placed anew): {seconds:.1f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, the data included")


def made_room(regions: int, rows: int) -> tuple[Room, MemoryStore]:
    """Two retailers' sales, the maker's claims."""
    store = MemoryStore()
    room = Room(types={}, k=25, ledger=Ledger(store))
    room.generate("harbor", "sales", SALES.format(regions=regions, first=0, last=rows // 2))
    room.generate("quayside", "sales", SALES.format(regions=regions, first=rows // 2, last=rows))
    room.generate("maker", "claims", CLAIMS.format(last=rows))
    return room, store


def timed(room: Room, question: QueryShape, receivers: tuple[str, ...]) -> tuple[float, int]:
    """CPU seconds the ledger took, and the numbers shown; the engine's own time for the answer is not counted."""
    taken = 0.0

    def watched(of_ledger: Callable[..., object]) -> Callable[..., object]:
        def call(plan: Plan, **rest: object) -> object:
            nonlocal taken
            start = time.process_time()
            answer = of_ledger(plan, **rest)
            taken += time.process_time() - start
            return answer

        return call

    ledger = room.ledger
    room.ledger.ask, room.ledger.review = watched(ledger.ask), watched(ledger.review)  # type: ignore[method-assign, assignment]
    answer = room.run(question, receivers, querier="maker")
    del room.ledger.ask, room.ledger.review
    return taken, sum(sum(flags) for flags in answer.shown)


Asked = tuple[str, QueryShape, tuple[str, ...]]


def report(*by: Dimension, where: Predicate | None = None) -> QueryShape:
    """Units sold and claims on them."""
    return ask(*MEASURES, by=by, where=where, joins=CLAIMED)


def sold(first: int, last: int) -> Predicate:
    """A window of whole months."""
    return And(terms=(cmp("sale_date", ">=", MONTHS[first]), cmp("sale_date", "<", MONTHS[last])))


def standing_reports(regions: int) -> Iterator[Asked]:
    """Templates of a room with all their parameters, coarse and fine ones in turn."""
    windows = [(at, at + 3) for at in range(0, 24, 3)] + [(0, 6), (6, 12), (12, 18), (18, 24), (0, 12), (12, 24)]
    yield "margins", report(REGION), RETAILER
    yield "margins", report(SALE_MONTH), RETAILER
    yield "margins", report(MODEL), MAKER
    for model in range(30):
        only = cmp("model", "=", f"m{model}")
        yield "region x month of a model", report(REGION, SALE_MONTH, where=only), RETAILER if model < 5 else MAKER
    for first, last in windows:
        yield "region x model in a window", report(REGION, MODEL, where=sold(first, last)), MAKER
    for at in range(24):
        yield "region x model of a month", report(REGION, MODEL, where=sold(at, at + 1)), MAKER
    for channel in ("store", "online", "pickup"):
        only = cmp("channel", "=", channel)
        yield "region x month of a channel", report(REGION, SALE_MONTH, where=only), MAKER
        yield "model x month of a channel", report(MODEL, SALE_MONTH, where=only), MAKER
    for region in range(regions):
        only = cmp("region", "=", f"r{region}")
        yield "model x month of a region", report(MODEL, SALE_MONTH, where=only), MAKER
        yield "channel x month of a region", report(CHANNEL, SALE_MONTH, where=only), MAKER
    for first, last in windows:
        yield "region x channel x model in a window", report(REGION, CHANNEL, MODEL, where=sold(first, last)), MAKER
    for model in range(30):
        only = cmp("model", "=", f"m{model}")
        yield "region x channel x month of a model", report(REGION, CHANNEL, SALE_MONTH, where=only), MAKER
    sliding = [(at, at + months) for months in (3, 6, 12) for at in range(25 - months)]
    for first, last in sliding:
        if (first, last) not in windows:
            yield "region x model in a sliding window", report(REGION, MODEL, where=sold(first, last)), MAKER


def served(first: int, last: int) -> QueryShape:
    """Claims by months in service."""
    age = DateDiff(grain=Grain.MONTH, start=col("sale_date"), end=col("claim_date", 1))
    return ask(distinct("unit"), by=[age], where=sold(first, last), joins=(joined("claims", "unit", "unit"),))


def new_questions() -> Iterator[Asked]:
    """A few more of each kind."""
    for _ in range(3):
        yield "the same again", report(REGION), MAKER
    yield "a total", ask(), MAKER
    for grain in (Grain.QUARTER, Grain.YEAR):
        yield "coarser: region x quarter, year", report(REGION, month("sale_date", 0, grain)), MAKER
    for first, last in ((1, 4), (2, 7), (5, 23), (3, 9), (11, 20)):
        yield "known template, new window: region x model", report(REGION, MODEL, where=sold(first, last)), MAKER
    for model in (3, 9, 12):
        where = And(terms=(cmp("model", "=", f"m{model}"), sold(2, 7)))
        yield "known template, new window: region of a model", report(REGION, where=where), RETAILER
    for some in (("r1", "r5"), ("r2", "r5", "r9"), ("r3", "r4")):
        yield (
            "new filter: channel x model of some regions",
            report(CHANNEL, MODEL, where=within("region", *some)),
            MAKER,
        )
    yield "crossing: model x month, sales alone", ask(by=[MODEL, SALE_MONTH]), MAKER
    yield "crossing: region x channel x quarter", report(REGION, CHANNEL, month("sale_date", 0, Grain.QUARTER)), MAKER
    yield "crossing: model x channel x month", report(MODEL, CHANNEL, SALE_MONTH), MAKER
    yield "a new term: region x fault", ask(count("claim_id", 1), by=[REGION, plain("fault", 1)], joins=BOTH), MAKER
    yield "after the new term: model x fault", ask(by=[MODEL, plain("fault", 1)], joins=BOTH), MAKER
    yield "crossing, thin: months in service of a quarter", served(3, 6), MAKER


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    main(numbers[0] if numbers else 100_000, thin="thin" in sys.argv[1:])
