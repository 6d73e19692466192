"""An answer, as it leaves: only numbers that passed, and marks where one was withheld.

Nothing here can hold a withheld number: a cell is either ``Shown`` or ``Withheld`` (INVARIANT I13).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cleanroom.names import Digest, MemberName

ShownValue = str | int | float | Decimal | bool | date | None
CellKey = tuple[ShownValue, ...]
"""One value per ``QueryShape.dimensions``; ``()`` is the ungrouped total."""


class Reason(StrEnum):
    """Why a number is withheld."""

    UNITS = "units"  # fewer distinct privacy units than the policy's minimum
    CONTRIBUTORS = "contributors"  # fewer members than the policy's minimum
    DOMINANCE = "dominance"  # one member holds more than the largest share
    ZERO = "zero"  # no unit contributes and the policy does not release zeros
    LEDGER = "ledger"  # with what the receiver already holds it would isolate a group
    DERIVED = "derived"  # computed from a withheld number


@dataclass(frozen=True, slots=True)
class Withheld:
    """A number that does not leave; the mark carries the reason and nothing else."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedColumn:
    """``type`` is one of text, integer, decimal, double, boolean, date; ``role`` dimension or measure."""

    name: str
    type: str
    role: str
    unit: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedTable:
    """Rows that may leave, after HAVING, ORDER BY and LIMIT.

    ``withheld`` counts numbers by reason over the rows shown; ``rows_dropped`` counts cells that a source they
    depend on does not carry and that are therefore not listed at all, ``dropped`` the same by reason. ``contributors`` maps each dataset to how many members took part.
    ``question`` is the digest of what was asked, without its data. ``earlier_rows`` are rows, by position, that are
    served as an earlier release held them, with the day up to which their data is known.
    """

    columns: tuple[ReleasedColumn, ...]
    rows: tuple[tuple[ShownValue | Withheld, ...], ...]
    withheld: Mapping[Reason, int]
    rows_dropped: int
    contributors: Mapping[str, int]
    policies: tuple[Digest, ...]
    snapshots: Mapping[str, int]
    receivers: tuple[MemberName, ...]
    dropped: Mapping[Reason, int] = field(default_factory=dict)
    question: str = ""
    earlier_rows: Mapping[int, date] = field(default_factory=dict)
