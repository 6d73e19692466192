"""What a question may tell of its receivers' own rows: decided before anything that others' rows say of them (pure).

Attack stopped: a list of one's own, asked for with and without one person. A threshold that is met or not, a zero, a row
that is listed or not would tell of that person; so where too little is asked, the same comes back whatever is true.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cleanroom.released import CellKey, Reason

Reasons = tuple[Reason | None, ...]

_GRAVEST_FIRST = (Reason.UNITS, Reason.LEDGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutOwn:
    """What one receiver may be told of its own rows.

    ``dimensions`` are those of the question that own rows decide. ``reasons`` has, per cell of them, why the cell itself
    is not listed and why each of its numbers stays; ``elsewhere`` is the same for a cell of which no row has a token.
    ``decides_cells``: whether a cell is there at all rests on own and others' rows.
    """

    dimensions: tuple[int, ...]
    reasons: Mapping[CellKey, Reasons]
    elsewhere: Reasons
    decides_cells: bool

    def of(self, key: CellKey) -> Reasons:
        """Why the cell ``key`` of the question is not listed, then why each of its numbers stays."""
        return self.reasons.get(tuple(key[at] for at in self.dimensions), self.elsewhere)

    def kept_back(self) -> Iterator[CellKey]:
        """The cells of own rows that are not listed because of what was asked before."""
        yield from (key for key, reasons in self.reasons.items() if reasons[0] is Reason.LEDGER)
        if self.elsewhere[0] is Reason.LEDGER:
            yield ()


def own_reasons(about: Sequence[AboutOwn], key: CellKey, numbers: int) -> Reasons:
    """The gravest reasons of all receivers for the cell ``key``: its own first, then one per number."""
    all_of = [one.of(key) for one in about]
    return tuple(
        next((reason for reason in _GRAVEST_FIRST if any(one[at] is reason for one in all_of)), None)
        for at in range(numbers + 1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBack:
    """What is not listed because of what was asked before: ``cells`` that own rows alone make, and ``groups`` of others.

    The keys tell a receiver its own rows; which cells others' rows would make of a group is not told.
    """

    cells: tuple[CellKey, ...]
    groups: int


def own_cells_kept_back(about: Sequence[AboutOwn], dimensions: int) -> KeptBack:
    """What all receivers' own rows keep from being listed, for a question of so many ``dimensions``."""
    keys = dict.fromkeys(key for one in about for key in one.kept_back())
    cells = tuple(key for key in keys if len(key) == dimensions)
    return KeptBack(cells=cells, groups=len(keys) - len(cells))
