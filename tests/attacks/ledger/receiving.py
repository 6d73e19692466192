"""What the adversaries of a room's datasets learn from one answer: only numbers that were shown."""

from collections.abc import Mapping

from tests.attacks.ledger.adversary import Adversary, falls_by
from tests.cleanroom.ledger.room import Answer, Room


def learn(adversaries: Mapping[str, Adversary], room: Room, answer: Answer) -> None:
    """Give each adversary what was shown, as amounts over the clear rows of its dataset."""
    shape = answer.plan.shape
    tables = [[row for pin in pins for row in room.data[pin]] for pins in answer.plan.tables]
    for key, flags in zip(answer.keys, answer.shown, strict=True):
        for aggregate, shown in zip(shape.aggregates, flags, strict=True):
            for source, described in enumerate(shape.sources if shown else ()):
                adversary = adversaries[described.dataset]
                rows = [(tuple(sorted(row.items(), key=str)), row) for row in tables[source]]
                amounts = falls_by(shape, aggregate, key, tables, source)
                unit = room.units[described.dataset]
                adversary.learn(
                    {rows[position][0]: amount for position, amount in amounts.items()},
                    {name: row[unit] for name, row in rows},
                )
