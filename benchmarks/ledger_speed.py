"""Milliseconds per new result with 100,000 recorded cells: prints one line per kind of question.

``python benchmarks/ledger_speed.py [cells]``. The room: 3,000,000 sales joined to 750,000 claims, k = 25; standing reports
are recorded until ``cells`` are held, then further questions are timed with a warm and a cold grid.
"""

import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cleanroom.plan import Plan
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.privacy.ledger.store import MemoryStore
from cleanroom.shape import QueryShape
from tests.cleanroom.ledger.room import Room, ask, cmp, count, distinct, joined, month, plain, within

SALES = """
SELECT i AS sale_id, i AS buyer, i AS unit, 'r' || (hash(i, 7) % 100) AS region, 'm' || (hash(i) % 12) AS model,
       ['store', 'online', 'pickup'][1 + CAST(hash(i, 8) % 3 AS INTEGER)] AS channel,
       DATE '2024-01-01' + CAST(hash(i, 1) % 730 AS INTEGER) AS sale_date
FROM range(3000000) AS t(i)
"""
CLAIMS = """
SELECT i AS claim_id, i AS owner, i AS unit, 'f' || (hash(i, 3) % 3) AS fault
FROM range(3000000) AS t(i) WHERE hash(i, 5) % 4 = 0
"""
CLAIMED = (joined("claims", "unit", "unit", "left"),)


def main(cells: int) -> None:
    """Record ``cells`` cells, then time new results."""
    store = MemoryStore()
    room = Room(types={}, k=25, ledger=Ledger(store))
    room.generate("harbor", "sales", SALES)
    room.generate("maker", "claims", CLAIMS)
    recorded, results, spent = 0, 0, []
    for question in honest_questions():
        if recorded >= cells:
            break
        seconds, shown = timed(room, question)
        recorded, results = recorded + shown, results + 1
        spent.append(seconds)
    print(f"recorded {recorded} cells in {results} results; while recording: {mean_ms(spent)} per result")
    for name, question in new_questions().items():
        seconds, shown = timed(room, question)
        print(f"{name}: {shown} cells shown, {seconds * 1000:.0f} ms")
    room.ledger = Ledger(store)
    seconds, _ = timed(room, ask(by=[plain("region")]))
    print(f"cold start (entries decoded, grids read, {recorded} cells placed): {seconds:.1f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def timed(room: Room, question: QueryShape) -> tuple[float, int]:
    """Seconds the ledger took, and the numbers shown; the engine's own time is not counted."""
    taken = 0.0
    review = room.ledger.review

    def watched(plan: Plan, **rest: object) -> object:
        nonlocal taken
        start = time.perf_counter()
        answer = review(plan, **rest)  # type: ignore[arg-type]
        taken = time.perf_counter() - start
        return answer

    room.ledger.review = watched  # type: ignore[method-assign, assignment]
    answer = room.run(question)
    room.ledger.review = review  # type: ignore[method-assign]
    return taken, sum(sum(flags) for flags in answer.shown)


def honest_questions() -> list[QueryShape]:
    """Standing reports of a room: fine tables, each once per channel, model or region, and their coarser versions."""
    measures = (distinct("unit"), count("claim_id", 1))
    fine = [
        ask(*measures, by=[plain("region"), month("sale_date")], where=cmp("channel", "=", channel))
        for channel in ("store", "online", "pickup")
    ]
    for model in range(12):
        where = cmp("model", "=", f"m{model}")
        fine.append(ask(*measures, by=[plain("region"), month("sale_date")], where=where))
        fine.append(ask(*measures, by=[plain("region"), plain("channel")], where=where))
    for region in range(100):
        where = cmp("region", "=", f"r{region}")
        fine.append(ask(*measures, by=[plain("model"), month("sale_date")], where=where))
        fine.append(ask(*measures, by=[plain("channel"), month("sale_date")], where=where))
        fine.append(ask(*measures, by=[month("sale_date")], where=where))
    return [replace(question, sources=(*question.sources, *CLAIMED)) for question in fine]


def new_questions() -> dict[str, QueryShape]:
    """One more of each kind."""
    odd = within("region", "r1", "r5", "r9", "r12")
    return {
        "a total": ask(),
        "by region": ask(by=[plain("region")]),
        "by model and month": ask(by=[plain("model"), month("sale_date")]),
        "by channel and model, new filter": ask(by=[plain("channel"), plain("model")], where=odd),
        "the same again": ask(by=[plain("region")]),
    }


def mean_ms(seconds: list[float]) -> str:
    """Mean and worst, in milliseconds."""
    return f"mean {sum(seconds) / len(seconds) * 1000:.0f} ms, worst {max(seconds) * 1000:.0f} ms"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
