"""Each multi-step attack works on thresholds alone, and fails with the ledger."""

import pytest

from tests.attacks.ledger.adversary import Adversary
from tests.attacks.ledger.receiving import learn
from tests.attacks.ledger.scenarios import ATTACKS, TYPES, Attack, K, Upload, fixed_claims, fixed_sales
from tests.cleanroom.ledger.room import Room

NAMES = {"sales": "sale", "claims": "claim"}


def isolated(attack: Attack, *, ledger: bool) -> bool:
    """Play the attack; whether its adversary isolates anybody."""
    room = Room(types=TYPES, k=K, ledger_on=ledger)
    data = {"sales": fixed_sales(), "claims": fixed_claims()}
    owner = {"sales": "harbor", "claims": "maker"}
    for dataset, rows in data.items():
        room.upload(owner[dataset], dataset, rows)
    adversaries = {dataset: Adversary(k=K) for dataset in data}
    for step in attack.steps:
        if isinstance(step, Upload):
            data[step.dataset] = restated(data[step.dataset], step)
            room.upload(owner[step.dataset], step.dataset, data[step.dataset])
        else:
            learn(adversaries, room, room.run(step))
    return any(adversary.isolates() for adversary in adversaries.values())


def restated(rows: list[dict[str, object]], step: Upload) -> list[dict[str, object]]:
    """The rows after an upload."""
    name = NAMES[step.dataset]
    kept = [dict(row) for row in rows if row[name] not in step.drop]
    for number, column, value in step.change:
        for row in kept:
            if row[name] == number:
                row[column] = value
    return [*kept, *map(dict, step.add)]


def test_there_are_at_least_forty_attacks_with_names_of_their_own() -> None:
    """The corpus only grows."""
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 40


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_attack_fails_with_the_ledger_and_works_without(attack: Attack) -> None:
    """INVARIANT I13: the sequence isolates a group on thresholds alone, and nothing with the ledger."""
    assert (isolated(attack, ledger=False), isolated(attack, ledger=True)) == (True, False)
