"""Several policies -> one set of terms, the most restrictive value of each: a meet-semilattice.

# INVARIANT I10: ``meet`` is commutative, associative and idempotent, and never allows more than either side; the
property tests hold it to that. Rules still ask every owner on its own, so that a refusal names who refuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from math import lcm

from cleanroom.names import ColumnName, DatasetName, Digest, MemberName
from cleanroom.plan import Contributors, Mechanism
from cleanroom.shape import Grain
from policies.model import ColumnGrant, DataPolicy, Mode

MECHANISMS = (Mechanism.SUPPRESS, Mechanism.ROUND, Mechanism.PERTURB, Mechanism.DIFFERENTIAL_PRIVACY)
"""Weakest first; each also suppresses, so a later one is the stricter."""

GRAINS = (Grain.DAY, Grain.MONTH, Grain.QUARTER, Grain.YEAR)
"""Fine to coarse; each is a union of the one before."""

_GRAIN_RANK = {grain: rank for rank, grain in enumerate(GRAINS)}
_MECHANISM_RANK = {mechanism: rank for rank, mechanism in enumerate(MECHANISMS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one or several policies together ask for one dataset.

    ``privacy_units`` with more than one column cannot be met by any cell; ``between`` with low above high neither.
    """

    members: frozenset[MemberName]
    policies: frozenset[Digest]
    privacy_units: frozenset[ColumnName]
    minimum_units: int
    receivers: frozenset[MemberName]
    purposes: frozenset[str]
    queriers: frozenset[MemberName]
    mode: Mode
    join_required: bool
    join_columns: frozenset[ColumnName]
    join_with: frozenset[DatasetName]
    columns: Mapping[ColumnName, ColumnGrant]
    contributors: Contributors | None
    mechanism: Mechanism
    base: int | None
    zeros: bool
    expires: date | None


def coarser(left: Grain | None, right: Grain | None) -> Grain | None:
    """The coarser of two grains; None (no grain asked for) is the finest."""
    if left is None or right is None:
        return left or right
    return left if _GRAIN_RANK[left] >= _GRAIN_RANK[right] else right


def is_finer(left: Grain, right: Grain) -> bool:
    """Whether ``left`` tells more than ``right``."""
    return _GRAIN_RANK[left] < _GRAIN_RANK[right]


def stricter(left: Mechanism, right: Mechanism) -> Mechanism:
    """The stricter of two mechanisms."""
    return left if _MECHANISM_RANK[left] >= _MECHANISM_RANK[right] else right


def multiple(left: int | None, right: int | None) -> int | None:
    """The base that satisfies both: their least common multiple, so a rounded number is a multiple of each."""
    if left is None or right is None:
        return left or right
    return lcm(left, right)


def narrower(
    left: tuple[Decimal, Decimal] | None, right: tuple[Decimal, Decimal] | None
) -> tuple[Decimal, Decimal] | None:
    """The intersection of two clamps; empty (low above high) where they do not meet."""
    if left is None or right is None:
        return left or right
    return max(left[0], right[0]), min(left[1], right[1])


def harder(left: Contributors | None, right: Contributors | None) -> Contributors | None:
    """The larger minimum and the smaller share."""
    if left is None or right is None:
        return left or right
    return Contributors(
        minimum=max(left.minimum, right.minimum), largest_share=min(left.largest_share, right.largest_share)
    )


def terms_of(policy: DataPolicy, *, floor: int = 1) -> Terms:
    """One policy's terms; ``floor`` is the room's least ``minimum_units``."""
    return Terms(
        members=frozenset((policy.member,)),
        policies=frozenset((policy.digest,)),
        privacy_units=frozenset((policy.privacy_unit,)),
        minimum_units=max(policy.minimum_units, floor),
        receivers=frozenset(policy.receivers),
        purposes=frozenset(policy.purposes),
        queriers=frozenset(policy.queriers),
        mode=policy.mode,
        join_required=policy.joins.required,
        join_columns=frozenset(policy.joins.columns),
        join_with=frozenset(policy.joins.with_),
        columns=policy.columns,
        contributors=policy.contributors,
        mechanism=policy.release.mechanism,
        base=policy.release.base,
        zeros=policy.zeros,
        expires=policy.expires,
    )


def meet(left: Terms, right: Terms) -> Terms:
    """The weakest terms that satisfy both."""
    days = [day for day in (left.expires, right.expires) if day is not None]
    shared = left.columns.keys() & right.columns.keys()
    return Terms(
        members=left.members | right.members,
        policies=left.policies | right.policies,
        privacy_units=left.privacy_units | right.privacy_units,
        minimum_units=max(left.minimum_units, right.minimum_units),
        receivers=left.receivers & right.receivers,
        purposes=left.purposes & right.purposes,
        queriers=left.queriers & right.queriers,
        mode=Mode.AD_HOC if left.mode is right.mode is Mode.AD_HOC else Mode.TEMPLATES,
        join_required=left.join_required or right.join_required,
        join_columns=left.join_columns & right.join_columns,
        join_with=left.join_with & right.join_with,
        columns={name: _grant(left.columns[name], right.columns[name]) for name in sorted(shared)},
        contributors=harder(left.contributors, right.contributors),
        mechanism=stricter(left.mechanism, right.mechanism),
        base=multiple(left.base, right.base),
        zeros=left.zeros and right.zeros,
        expires=min(days, default=None),
    )


def meet_all(policies: Sequence[DataPolicy], *, floor: int = 1) -> Terms:
    """The terms of all of ``policies`` (at least one) of one dataset together."""
    return reduce(meet, (terms_of(policy, floor=floor) for policy in policies))


def _grant(left: ColumnGrant, right: ColumnGrant) -> ColumnGrant:
    return ColumnGrant(
        allow=left.allow & right.allow,
        grain=coarser(left.grain, right.grain),
        between=narrower(left.between, right.between),
    )
