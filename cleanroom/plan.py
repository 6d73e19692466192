"""A checked question, pinned: what the engine runs and the releaser enforces.

``policies`` turns a ``QueryShape`` into ``Obligations`` (or a refusal); the room pins snapshots; together they are a
``Plan``, whose digest names the answer (INVARIANT I14: same plan on same snapshots, same release).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cleanroom.names import ColumnName, DatasetName, Digest, MemberName, SnapshotId
from cleanroom.shape import QueryShape


class Mechanism(StrEnum):
    """How released numbers are protected beyond thresholds."""

    SUPPRESS = "suppress"
    ROUND = "round"
    PERTURB = "perturb"
    DIFFERENTIAL_PRIVACY = "differential_privacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributors:
    """A cell that mixes members needs ``minimum`` of them, none above ``largest_share`` (0 < share <= 1)."""

    minimum: int
    largest_share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceObligations:
    """What one source of the shape must keep to: the most restrictive of all its admitted owners.

    ``members`` are the owners whose rows take part, sorted. ``clamps`` are inclusive bounds applied to each value
    before SUM/AVG. ``privacy_unit`` is the column whose distinct non-NULL values a cell's numbers are counted in.
    ``zeros``: whether a number that no unit contributes to may be shown as zero.
    """

    dataset: DatasetName
    members: tuple[MemberName, ...]
    privacy_unit: ColumnName
    minimum_units: int
    contributors: Contributors | None
    clamps: Mapping[ColumnName, tuple[Decimal, Decimal]]
    zeros: bool
    policies: tuple[Digest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligations:
    """What an allowed question must keep to; ``sources`` is parallel to ``QueryShape.sources``."""

    sources: tuple[SourceObligations, ...]
    receivers: tuple[MemberName, ...]
    mechanism: Mechanism
    rounding_base: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedTable:
    """One member's rows of one dataset at one snapshot."""

    member: MemberName
    dataset: DatasetName
    snapshot: SnapshotId


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that determines an answer. ``tables`` is parallel to ``shape.sources``: one tuple per source.

    ``querier`` asks, ``purpose`` is why; neither changes the numbers but both change what may be released.
    """

    shape: QueryShape
    obligations: Obligations
    tables: tuple[tuple[PinnedTable, ...], ...]
    querier: MemberName
    purpose: str
