"""The pure core: layers and units in, shown flags out, against an independent adversary."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from cleanroom.privacy.ledger.atoms import Layer, one_atom
from cleanroom.privacy.ledger.rollups import packed
from cleanroom.privacy.ledger.settle import Case, settle
from cleanroom.privacy.ledger.units import units_of
from tests.cleanroom.ledger.subtraction import isolated, numbers_of


def layer(*labels: int) -> Layer:
    """A layer from its labels."""
    return np.array(labels, dtype=np.int32)


def decide(cells: Sequence[frozenset[int]], held: Sequence[Layer], new: Sequence[Layer], k: int) -> list[list[bool]]:
    """One call of the core, from people per cell."""
    case = Case(
        atoms=one_atom(len(cells)).refined([*held, *new]),
        units=units_of([sorted(people)[:k] for people in cells], k=k),
        held=held,
        new=new,
    )
    return [flags.tolist() for flags in settle(case)]


def people(*sizes: int) -> list[frozenset[int]]:
    """Disjoint groups of these sizes."""
    groups, first = [], 0
    for size in sizes:
        groups.append(frozenset(range(first, first + size)))
        first += size
    return groups


def test_a_total_after_all_but_a_small_part_is_withheld() -> None:
    """Two-query differencing: the parts are out, the whole would give the small rest away."""
    assert decide(people(10, 12, 3), [layer(0, 1, -1)], [layer(0, 0, 0)], 5) == [[False]]


def test_a_total_that_leaves_a_large_rest_is_shown() -> None:
    """Two small parts of together at least k may stay hidden behind the total."""
    assert decide(people(10, 12, 3, 3), [layer(0, 1, -1, -1)], [layer(0, 0, 0, 0)], 5) == [[True]]


def test_a_copy_of_a_held_number_is_always_shown() -> None:
    """The same box in another spelling adds nothing."""
    assert decide(people(10, 3), [layer(0, 0)], [layer(0, 0)], 5) == [[True]]


def test_the_first_of_two_conflicting_numbers_is_preferred() -> None:
    """With nothing held, the earlier layer leaves and the later one stays."""
    assert decide(people(10, 3), [], [layer(0, 0), layer(0, -1)], 5) == [[True], [False]]


def test_copies_of_a_withheld_number_are_withheld_too() -> None:
    """Equal numbers share one fate, whichever column they stand in."""
    assert decide(people(10, 3), [layer(0, 0)], [layer(0, -1), layer(0, -1)], 5) == [[False], [False]]


def test_only_the_number_that_isolates_is_withheld() -> None:
    """Of one result, the harmless cells leave."""
    cells = people(10, 3, 20, 30)
    assert decide(cells, [layer(0, 0, 1, -1)], [layer(0, -1, 1, 2)], 5) == [[False, True, True]]


def test_one_person_in_many_cells_is_one_person() -> None:
    """Units that overlap are not added up: four cells of the same two people stay hidden."""
    pair = frozenset({100, 101})
    cells = [*people(10), pair, pair, pair, pair]
    assert decide(cells, [layer(0, -1, -1, -1, -1)], [layer(0, 0, 0, 0, 0)], 5) == [[False]]


def test_a_tracker_of_four_numbers_is_stopped() -> None:
    """Denning: T or C, not T or C, and T with its complement give C; the last of them stays."""
    cells = people(20, 20, 2, 2)  # T only, neither, T and C, C only
    held = [layer(0, -1, 0, 0), layer(-1, 0, 0, 0), layer(0, -1, 0, -1)]
    assert decide(cells, held, [layer(-1, 0, -1, 0)], 5) == [[False]]


def test_cells_about_nobody_never_withhold() -> None:
    """A cell that counts no unit separates nothing."""
    assert decide(people(10, 0), [layer(0, 0)], [layer(0, -1)], 5) == [[True]]


def test_nothing_new_gives_nothing() -> None:
    """No new layers, no flags."""
    assert decide(people(10, 2), [layer(0, 0)], [], 5) == []


def test_a_minimum_below_one_is_a_mistake() -> None:
    """There is no protection of zero units."""
    with pytest.raises(ValueError, match="at least one"):
        units_of([], k=0)


def random_room(seed: int) -> tuple[list[frozenset[int]], list[Layer], int]:
    """Overlapping people, and random partial partitions as the questions."""
    source = random.Random(seed)  # noqa: S311 - a seeded trial, not a secret
    k = source.choice([3, 4, 5])
    count = source.randint(5, 9)
    crowd = range(source.randint(8, 40))
    cells = [
        frozenset(source.sample(crowd, min(len(crowd), source.choice([0, 1, 1, 2, 3, 6, 8])))) for _ in range(count)
    ]
    layers = []
    for _ in range(source.randint(3, 12)):
        groups = source.randint(1, 3)
        layers.append(layer(*(source.randint(-1, groups - 1) for _ in range(count))))
    return cells, layers, k


def large_enough(cells: Sequence[frozenset[int]], asked: Layer, k: int) -> Layer:
    """The threshold rule: numbers about 1 .. k-1 people are withheld before the ledger sees them."""
    kept = asked.copy()
    for number in range(int(asked.max(initial=-1)) + 1):
        inside = frozenset().union(*(cells[i] for i in np.flatnonzero(asked == number)))
        if len(inside) < k:
            kept[asked == number] = -1
    return kept


def play(seed: int, *, ledger: bool) -> bool:
    """Whether the adversary isolates somebody in room ``seed``."""
    cells, questions, k = random_room(seed)
    held: list[Layer] = []
    for question in questions:
        answer = large_enough(cells, question, k)
        if ledger:
            (shown,) = decide(cells, held, [answer], k)
            for number, flag in enumerate(shown):
                if not flag:
                    answer[answer == number] = -1
        held.append(answer)
    return isolated(cells, numbers_of(held), k)


def test_the_adversary_never_isolates_a_group_with_the_ledger() -> None:
    """INVARIANT I13: over 400 random rooms, no sequence of answers isolates fewer than k people."""
    assert [seed for seed in range(400) if play(seed, ledger=True)] == []


def test_the_adversary_does_isolate_groups_without_the_ledger() -> None:
    """The same adversary, the same rooms: thresholds alone fall in most."""
    assert sum(play(seed, ledger=False) for seed in range(400)) > 200


def test_no_number_is_withheld_that_the_adversary_could_not_use() -> None:
    """Exactness: over random rooms each withheld number would have let the adversary isolate a group."""
    needless = []
    for seed in range(1000, 1150):
        cells, questions, k = random_room(seed)
        held: list[Layer] = []
        for question in questions:
            answer = large_enough(cells, question, k)
            (shown,) = decide(cells, held, [answer], k)
            for number in np.flatnonzero(~shown if isinstance(shown, np.ndarray) else ~np.array(shown, dtype=bool)):
                blocked = answer.copy()
                blocked[answer != number] = -1
                earlier = answer.copy()
                earlier[answer >= number] = -1
                for other, flag in enumerate(shown):
                    if not flag:
                        earlier[answer == other] = -1
                if not isolated(cells, numbers_of([*held, earlier, blocked]), k):
                    needless.append((seed, int(number)))
            for number, flag in enumerate(shown):
                if not flag:
                    answer[answer == number] = -1
            held.append(answer)
    assert needless == []


def test_packed_numbers_decide_as_they_were_received() -> None:
    """Held numbers less what they contain, disjoint ones side by side: every flag as with each answer as it was."""
    differ = []
    for seed in range(2000, 2120):
        cells, questions, k = random_room(seed)
        held: list[Layer] = []
        compact: list[Layer] = []
        for question in questions:
            answer = large_enough(cells, question, k)
            direct, incremental = decide(cells, held, [answer], k), decide(cells, compact, [answer], k)
            if direct != incremental:
                differ.append((seed, direct, incremental))
            for number, flag in enumerate(direct[0]):
                if not flag:
                    answer[answer == number] = -1
            held.append(answer)
            compact = packed(compact, [answer])
    assert differ == []
