"""The data policy as frozen types: what one member lets be asked of one dataset.

Made from YAML by ``policies.load``; nothing else makes one. The text is a public format (docs/formats.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cleanroom.names import ColumnName, DatasetName, Digest, MemberName
from cleanroom.plan import Contributors, Mechanism
from cleanroom.shape import Grain


class Mode(StrEnum):
    """Whether only approved templates may read the dataset, or ad hoc questions too."""

    TEMPLATES = "templates"
    AD_HOC = "ad_hoc"


class Permission(StrEnum):
    """What a column may be used for."""

    DIMENSION = "dimension"
    FILTER = "filter"
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVG = "avg"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGrant:
    """One column's permissions. ``grain`` bounds dates from below; ``between`` clamps values before summing."""

    allow: frozenset[Permission]
    grain: Grain | None = None
    between: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPolicy:
    """``columns`` may join, with the datasets ``with_``; ``required`` means never without another member's data."""

    required: bool
    columns: tuple[ColumnName, ...]
    with_: tuple[DatasetName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePolicy:
    """How numbers leave: the mechanism and its parameters (``epsilon``, ``delta``: differential privacy's budget)."""

    mechanism: Mechanism
    base: int | None = None
    epsilon: Decimal | None = None
    delta: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPolicy:
    """One member's policy for one dataset, immutable per version; ``digest`` is over its canonical form.

    ``two_person``: public signing keys any two of which, of two persons, must sign; empty: the member's own key alone.
    """

    member: MemberName
    dataset: DatasetName
    version: int
    privacy_unit: ColumnName
    minimum_units: int
    queriers: tuple[MemberName, ...]
    receivers: tuple[MemberName, ...]
    purposes: tuple[str, ...]
    mode: Mode
    joins: JoinPolicy
    columns: Mapping[ColumnName, ColumnGrant]
    contributors: Contributors | None
    release: ReleasePolicy
    zeros: bool
    expires: date | None
    digest: Digest
    two_person: tuple[str, ...] = ()
