"""Proof that a new result adds no light combination: in the held atoms it splits, its parts keep each other company.

In: the atoms before and after a new result, their units, the layers. Out: True only if every combination about fewer than
``k`` units of held and new numbers together is one of held numbers alone (those were tested when they left).

A combination is ``h + f``: ``h`` of held numbers, the same all over a held atom, and ``f`` of new numbers, the same
wherever the new result has the same label. Two labels in one held atom: where ``f`` differs between them, the combination
is zero on one of the two parts at most. Added up over all held atoms that hold both labels, that is company: from ``k``
own units on, ``f`` must be the same for both labels in whatever is light. Labels so tied act as one and keep more company.
If in the end all that a light ``f`` could still be is sums of held numbers, it adds nothing.
"""

from collections.abc import Sequence

import numpy as np

from cleanroom.privacy.ledger.atoms import Atoms, Layer
from cleanroom.privacy.ledger.company import own_units
from cleanroom.privacy.ledger.rollups import less_wholes
from cleanroom.privacy.ledger.units import Flags, Ints, Units, sorted_distinct

_ROUNDS = 20
"""Times that labels are tied; what is apart then stays apart, and proves less."""


def adds_nothing_light(before: Atoms, after: Atoms, units: Units, held: Sequence[Layer], new: Sequence[Layer]) -> bool:
    """Whether the proof succeeds for ``new`` layers over ``held`` ones.

    Args:
        before: atoms of ``held``.
        after: the same refined by ``new``.
        units: of the atoms ``after``.
        held: layers of numbers that left.
        new: layers of numbers that are to leave.
    """
    labels, uncovered = _labels(after, new)
    around = before.of_cell[after.first]
    # Own units are in no other small atom, so they add up; a combination that touches a large atom is not light.
    weight = np.where(units.large, units.k, own_units(units))
    group = _tied(around, labels, weight, units.k)
    left = np.where(group == group[uncovered], -1, group) if uncovered is not None else group
    layer = left[labels][after.of_cell].astype(np.int32)
    return not bool((less_wholes(layer, held) >= 0).any())


def _labels(atoms: Atoms, new: Sequence[Layer]) -> tuple[Ints, int | None]:
    """Per atom its label, one for each way of being covered by ``new``; and the label that is covered by none."""
    labels = np.zeros(atoms.count, dtype=np.int64)
    bare = np.ones(atoms.count, dtype=bool)
    for layer in new:
        of_atom = layer[atoms.first].astype(np.int64)
        bare &= of_atom < 0
        _, labels = np.unique(labels * (int(of_atom.max(initial=-1)) + 2) + of_atom + 1, return_inverse=True)
    return labels.astype(np.int64), int(labels[bare][0]) if bare.any() else None


def _tied(around: Ints, labels: Ints, weight: Ints, k: int) -> Ints:
    """Per label the group of labels that every light combination gives one coefficient."""
    group = np.arange(int(labels.max(initial=-1)) + 1)
    for _ in range(_ROUNDS):
        places, of_group, parts = _parts(around, group[labels], weight)
        left, right, company = _pairs(places, of_group, parts, k)
        tied = company >= k
        if not tied.any():
            break
        group = _joined(left[tied], right[tied], len(group))[group]
    return group


def _parts(around: Ints, group: Ints, weight: Ints) -> tuple[Ints, Ints, Ints]:
    """The parts that groups have in held atoms: the held atom, the group, and own units, added up."""
    span = int(group.max(initial=0)) + 1
    keys = around * span + group
    parts = sorted_distinct(keys)
    total = np.bincount(np.searchsorted(parts, keys), weights=weight, minlength=len(parts)).astype(np.int64)
    return parts // span, parts % span, total


def _pairs(places: Ints, group: Ints, weight: Ints, k: int) -> tuple[Ints, Ints, Ints]:
    """Each held atom's weightiest group with each other group there; their company, added up over all held atoms."""
    size = int(group.max(initial=0)) + 1
    # Weightiest in all, not in the one held atom: so the same pairs come up again and again, and add up.
    rank = np.empty(size, dtype=np.int64)
    in_all = np.bincount(group, weights=np.minimum(weight, k), minlength=size)
    rank[np.argsort(-in_all, kind="stable")] = np.arange(size)
    order = np.lexsort((rank[group], places))
    places, group, weight = places[order], group[order], weight[order]
    leads: Flags = np.append(True, places[1:] != places[:-1])[: len(places)]
    leader = np.flatnonzero(leads)[np.cumsum(leads) - 1]
    least = np.minimum(np.minimum(weight, weight[leader]), k)
    keys = (group[leader] * size + group)[~leads]
    pairs = sorted_distinct(keys)
    company = np.bincount(np.searchsorted(pairs, keys), weights=least[~leads], minlength=len(pairs)).astype(np.int64)
    return pairs // size, pairs % size, company


def _joined(left: Ints, right: Ints, size: int) -> Ints:
    """Per group the lowest one it is tied to."""
    lowest = np.arange(size)
    while True:
        spread = lowest.copy()
        np.minimum.at(spread, left, lowest[right])
        np.minimum.at(spread, right, lowest[left])
        spread = spread[spread]
        if (spread == lowest).all():
            return lowest
        lowest = spread
