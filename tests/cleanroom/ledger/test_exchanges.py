"""Company by exchanges: what it proves is true, by the independent adversary's own algebra."""

import random

import numpy as np

from cleanroom.privacy.ledger.atoms import one_atom
from cleanroom.privacy.ledger.exchanges import Exchanges
from cleanroom.privacy.ledger.units import units_of
from tests.cleanroom.ledger.subtraction import isolated
from tests.cleanroom.ledger.test_settle import numbers_of


def table(seed: int) -> tuple[np.ndarray, list[np.ndarray], list[frozenset[int]], int]:
    """A full two-way or three-way table with margins as layers and disjoint people."""
    source = random.Random(seed)  # noqa: S311 - a seeded trial, not a secret
    shape = source.choice([(3, 3), (2, 4), (2, 2, 3), (4, 2)])
    codes = np.array(list(np.ndindex(*shape)), dtype=np.int64)
    k = source.choice([3, 4])
    cells, first = [], 0
    for _ in codes:
        size = source.choice([0, 1, 2, 2, 3])
        cells.append(frozenset(range(first, first + size)))
        first += size
    layers = [codes[:, axis].astype(np.int32) for axis in range(len(shape)) if source.random() < 0.9]
    if source.random() < 0.5:
        layers.append((codes.sum(axis=1) % 2 - 1).astype(np.int32))
    return codes, layers, cells, k


def test_what_has_company_is_never_part_of_an_isolated_group() -> None:
    """Over random tables: if all small atoms have company, exact algebra isolates nobody."""
    checked = 0
    for seed in range(60):
        codes, layers, cells, k = table(seed)
        atoms = one_atom(len(cells)).refined(layers)
        base = units_of([sorted(people)[:k] for people in cells], k=k)
        units = base.merged(atoms.of_cell, atoms.count)
        company = Exchanges(codes).companions(atoms.of_cell, units, layers[:1], layers[1:])
        if units.small.any() and bool(company[units.small].all()):
            checked += 1
            assert not isolated(cells, numbers_of(layers), k)
    assert checked > 8


def test_a_number_that_sees_an_exchange_ends_it() -> None:
    """Once the fine table itself is held, no exchange is left."""
    codes = np.array(list(np.ndindex(3, 3)), dtype=np.int64)
    cells = [frozenset({2 * i, 2 * i + 1}) for i in range(9)]
    margins = [codes[:, 0].astype(np.int32), codes[:, 1].astype(np.int32)]
    atoms = one_atom(9).refined(margins)
    units = units_of([sorted(people) for people in cells], k=4).merged(atoms.of_cell, atoms.count)
    exchanges = Exchanges(codes)
    assert exchanges.companions(atoms.of_cell, units, [], margins).all()
    exchanges.absorb(margins)
    fine = np.arange(9, dtype=np.int32)
    assert not exchanges.companions(atoms.of_cell, units, margins, [fine]).any()
