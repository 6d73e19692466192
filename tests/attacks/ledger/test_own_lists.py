"""A member's own list with marks of its own: what leaves never depends on whether another member knows one person.

The adversary reads each number it received as a question about its own rows: for every partner a row might have, whether
the number would count it then. A combination about 1 .. k-1 of its rows would tell, by its value or by being withheld,
whether those few are known.
"""

import random
from uuid import UUID

import pytest

from cleanroom.shape import Aggregate, Case, CaseBranch, Dimension, Fn, JoinKind, Predicate, QueryShape
from tests.attacks.ledger.adversary import Adversary, counts
from tests.cleanroom.ledger.room import (
    Answer,
    Room,
    Row,
    ask,
    both,
    cmp,
    count,
    distinct,
    either,
    joined,
    literal,
    no,
    null,
    plain,
    within,
)

K = 4
TYPES = {
    "sales": {"buyer": "UUID", "region": "VARCHAR"},
    "registrations": {"owner": "UUID", "mark": "VARCHAR", "kind": "VARCHAR"},
}
PARTNERS: tuple[Row, ...] = tuple({"buyer": UUID(int=0), "region": region} for region in ("n", "s", None))


def _registered(people: list[int], source: random.Random) -> list[Row]:
    """Everybody with a mark that few or no others have."""
    return [
        {
            "owner": UUID(int=n),
            "mark": f"m{source.randrange(len(people))}",
            "kind": source.choice(["a", "a", "b", None]),
        }
        for n in people
    ]


def _predicate(source: random.Random, own: int, depth: int = 0) -> Predicate:
    if depth < 2 and source.random() < 0.5:
        terms = [_predicate(source, own, depth + 1) for _ in range(2)]
        return source.choice([both, either])(*terms)
    if source.random() < 0.25:
        return no(_predicate(source, own, depth + 1))
    mark = f"m{source.randrange(24)}"
    return source.choice(
        [
            cmp("mark", "<>", mark, own),
            cmp("mark", ">=", mark, own),
            within("mark", mark, "m1", source=own),
            cmp("kind", "=", "a", own),
            null("kind", own),
            cmp("region", "=", "n", 1 - own),
            null("region", 1 - own),
        ]
    )


def _question(source: random.Random) -> QueryShape:
    own = source.choice([0, 1])
    keys = ("owner", "buyer") if own == 0 else ("buyer", "owner")
    other = "sales" if own == 0 else "registrations"
    dimensions: list[Dimension] = [plain("kind", own), plain("region", 1 - own), plain("mark", own)]
    measures: list[Aggregate] = [
        count(),
        count("kind", own),
        distinct("buyer", 1 - own),
        count(where=_predicate(source, own)),
    ]
    return ask(
        *source.sample(measures, source.choice([1, 2])),
        by=source.sample(dimensions, source.choice([0, 0, 1, 2])),
        where=_predicate(source, own) if source.random() < 0.7 else None,
        of="registrations" if own == 0 else "sales",
        joins=[joined(other, *keys, source.choice(["inner", "inner", "left"]))],
    )


def _learn(adversary: Adversary, room: Room, answer: Answer) -> None:
    """For every partner that a row might have: which of one's own rows each number that was shown asks about."""
    shape = answer.plan.shape
    own = [source.dataset for source in shape.sources].index("registrations")
    rows = [row for pin in answer.plan.tables[own] for row in room.data[pin]]
    for key, flags in zip(answer.keys, answer.shown, strict=True):
        for aggregate, shown in zip(shape.aggregates, flags, strict=True):
            for partner in PARTNERS if shown else ():
                pairs = [(row, partner) if own == 0 else (partner, row) for row in rows]
                asked = [counts(shape, aggregate, key, pair) for pair in pairs]
                if aggregate.fn is Fn.COUNT_DISTINCT and shape.sources[own].join is not None:
                    # A buyer counts once: with and without a row of one's own beside it is the same question.
                    alone = shape.sources[own].join.kind is JoinKind.LEFT and counts(
                        shape, aggregate, key, (partner, None)
                    )
                    asked = [is_asked != alone for is_asked in asked]
                names = [(row["owner"], row["mark"], row["kind"]) for row in rows]
                adversary.learn(
                    {name: 1 for name, is_asked in zip(names, asked, strict=True) if is_asked},
                    {name: row["owner"] for name, row in zip(names, rows, strict=True)},
                )


def _play(seed: int, *, ledger: bool, zeros: bool = True) -> bool:
    source = random.Random(seed)  # noqa: S311 - a seeded trial, not a secret
    room = Room(types=TYPES, k=K, ledger_on=ledger, zeros=zeros)
    room.upload(
        "harbor", "sales", [{"buyer": UUID(int=n), "region": source.choice(["n", "s", None])} for n in range(40)]
    )
    people = source.sample(range(60), 24)
    registered = _registered(people, source)
    room.upload("solstice", "registrations", registered)
    adversary = Adversary(k=K)
    for step in range(9):
        if step == 5:  # a list that grows by one
            room.upload("solstice", "registrations", [*registered, *_registered([70], source)])
        _learn(adversary, room, room.run(_question(source)))
    return adversary.isolates()


@pytest.mark.parametrize("zeros", [True, False], ids=["zeros", "no zeros"])
def test_no_question_singles_out_people_of_ones_own_list(zeros: bool) -> None:
    """INVARIANT I13: whatever the marks, filters, joins and uploads, too few of one's own are never told apart."""
    assert [seed for seed in range(30) if _play(seed, ledger=True, zeros=zeros)] == []


def test_without_a_ledger_marks_single_people_out() -> None:
    """The adversary is able."""
    assert sum(_play(seed, ledger=False) for seed in range(15)) > 10


@pytest.mark.parametrize("known", [True, False], ids=["a buyer of harbor", "nobody harbor knows"])
@pytest.mark.parametrize(
    "without",
    [
        lambda own: ask(where=cmp("mark", "<>", "m7", own), of="registrations", joins=[_JOIN]),
        lambda own: ask(count(where=no(within("mark", "m7", source=own))), of="registrations", joins=[_JOIN]),
        lambda own: ask(
            where=either(cmp("mark", "<>", "m7", own), cmp("region", "=", "nowhere", 1 - own)),
            of="registrations",
            joins=[_JOIN],
        ),
        lambda own: ask(
            by=[
                Case(
                    branches=(
                        CaseBranch(
                            when=both(cmp("mark", "=", "m7", own), cmp("region", "=", "n", 1 - own)),
                            then=literal("one"),
                        ),
                    ),
                    otherwise=literal("rest"),
                )
            ],
            of="registrations",
            joins=[_JOIN],
        ),
    ],
    ids=["where", "filter", "or", "case"],
)
def test_leaving_one_marked_person_out_is_withheld_whoever_it_is(without, known: bool) -> None:  # type: ignore[no-untyped-def]
    """INVARIANT I13, group testing by one's own marks, with no upload: the answer is the same for both."""
    room = Room(types=TYPES, k=K)
    buyers = [n for n in range(30) if known or n != 7]
    room.upload("harbor", "sales", [{"buyer": UUID(int=n), "region": "n"} for n in buyers])
    room.upload("solstice", "registrations", [{"owner": UUID(int=n), "mark": f"m{n}", "kind": "a"} for n in range(20)])
    assert room.run(ask(of="registrations", joins=[_JOIN])).shown == [[True]]
    assert room.run(without(0)).shown == [[False]]


_JOIN = joined("sales", "owner", "buyer")
