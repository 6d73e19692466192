"""Raw cells: what the engine counted, before anything is decided. Never leaves the process, is never printed.

Only ``cleanroom.privacy`` reads these; its answer is a ``ReleasedTable``, which cannot hold a raw number.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from cleanroom.released import ShownValue


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCount:
    """Distinct privacy units of ``source`` that contribute; a lower bound unless ``exact``.

    ``by_member`` is parallel to the plan's tables of that source where the cell mixes members, else empty; exact if
    ``exact`` is (or, for a per-unit source, an upper bound: a folded row counts for each member it has rows of), else
    lower bounds that are zero only where the count is.
    """

    source: int
    distinct: int = field(repr=False)
    exact: bool
    by_member: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Magnitude:
    """Sum of absolute clamped values of ``source``, in whole and by member."""

    source: int
    whole: Decimal = field(repr=False)
    by_member: tuple[Decimal, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawNumber:
    """One number of one cell. ``value`` of AVG is the sum: the releaser divides by ``rows`` exactly.

    ``rows`` contribute: they pass WHERE and FILTER and their argument is not NULL. ``multipliers`` are the units of
    joined sources that the number does not draw on but whose rows multiply it, and those of what it draws on whose rows
    are multiplied.
    """

    value: int | Decimal | None = field(repr=False)
    rows: int = field(repr=False)
    units: tuple[UnitCount, ...]
    multipliers: tuple[UnitCount, ...] = ()
    magnitude: Magnitude | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCell:
    """One cell: its key, what decides whether it is listed (``whole``), and its numbers, one per aggregate."""

    key: tuple[ShownValue, ...] = field(repr=False)
    whole: RawNumber
    numbers: tuple[RawNumber, ...]
