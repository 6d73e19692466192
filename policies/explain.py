"""Policies of one dataset -> what a querier could see of it: the finest table, as data and in words.

For the steward who asks, before signing, "what could this member see of my data?". It is the most that any single
question obtains; thresholds and the ledger then withhold cells of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from cleanroom.contracts import shipped_contracts
from cleanroom.contracts.model import Column, ColumnType, Contract
from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.plan import Contributors, Mechanism
from cleanroom.shape import Grain
from policies.meaning import means_the_same
from policies.merge import Terms, meet_all
from policies.model import ColumnGrant, DataPolicy, Mode, Permission
from policies.rules.mechanism import AVAILABLE
from policies.visible import CONTRIBUTOR

_SHOWING = (Permission.DIMENSION, Permission.FILTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenColumn:
    """A column that cells can be split or filtered by, at its finest: ``grain`` for dates."""

    column: ColumnName
    grain: Grain | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMeasure:
    """A number that can be had per cell; ``between`` are the bounds each value is clamped to."""

    fn: Permission
    column: ColumnName
    between: tuple[Decimal, Decimal] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The most a querier obtains. ``queriers`` are those that may both ask and hold; empty means nobody sees anything.

    ``sql`` is the finest question itself, ``sentences`` the whole in plain words.
    """

    dataset: DatasetName
    members: tuple[MemberName, ...]
    queriers: tuple[MemberName, ...]
    receivers: tuple[MemberName, ...]
    purposes: tuple[str, ...]
    mode: Mode
    join_required: bool
    join_columns: tuple[ColumnName, ...]
    join_with: tuple[DatasetName, ...]
    dimensions: tuple[SeenColumn, ...]
    filters: tuple[SeenColumn, ...]
    measures: tuple[SeenMeasure, ...]
    hidden: tuple[ColumnName, ...]
    minimum_units: int
    privacy_unit: ColumnName
    contributors: Contributors | None
    mechanism: Mechanism
    zeros: bool
    expires: date | None
    sql: str
    sentences: tuple[str, ...]


def explain(
    policies: Sequence[DataPolicy],
    *,
    contract: Contract,
    floor: int = 10,
    contracts: Mapping[DatasetName, Contract] | None = None,
) -> Explanation:
    """What anybody could see of the dataset that ``policies`` (at least one, all of it) are for.

    Args:
        policies: one owner's policy, or those of several owners whose rows `FROM` would mix.
        contract: the dataset's record type.
        floor: the room's least ``minimum_units`` for data about people.
        contracts: the record types of possible partners, to write a join that fits; the shipped ones by default.
    """
    terms = meet_all(policies, floor=floor if contract.privacy_unit is not None else 1)
    stored = {column.name: column for column in contract.stored}
    dimensions, filters = (tuple(_shown(terms, contract, permission)) for permission in _SHOWING)
    measures = tuple(
        SeenMeasure(fn=fn, column=name, between=grant.between if fn in (Permission.SUM, Permission.AVG) else None)
        for name, grant in terms.columns.items()
        for fn in (Permission.COUNT, Permission.COUNT_DISTINCT, Permission.SUM, Permission.AVG)
        if fn in grant.allow and name in stored and _can_be(fn, grant, stored[name])
    )
    partial = Explanation(
        dataset=contract.dataset,
        members=tuple(sorted(terms.members)),
        queriers=tuple(sorted(terms.queriers & terms.receivers)) if terms.purposes and _offered(terms) else (),
        receivers=tuple(sorted(terms.receivers)),
        purposes=tuple(sorted(terms.purposes)),
        mode=terms.mode,
        join_required=terms.join_required,
        join_columns=tuple(sorted(terms.join_columns & stored.keys())),
        join_with=tuple(sorted(terms.join_with)),
        dimensions=dimensions,
        filters=filters,
        measures=measures,
        hidden=tuple(name for name in stored if name not in terms.columns and name not in terms.join_columns),
        minimum_units=terms.minimum_units,
        privacy_unit=min(terms.privacy_units),
        contributors=terms.contributors,
        mechanism=terms.mechanism,
        zeros=terms.zeros,
        expires=terms.expires,
        sql="",
        sentences=(),
    )
    with_sql = replace(partial, sql=_sql(partial, contract, contracts or shipped_contracts()))
    return replace(with_sql, sentences=tuple(_sentences(with_sql)))


def _can_be(fn: Permission, grant: ColumnGrant, column: Column) -> bool:
    """Whether a granted measure is ever had: numbers are added up, sums within bounds."""
    if fn not in (Permission.SUM, Permission.AVG):
        return True
    return column.type in (ColumnType.INTEGER, ColumnType.DECIMAL) and not (
        fn is Permission.SUM and grant.between is None
    )


def _offered(terms: Terms) -> bool:
    return terms.mechanism in AVAILABLE


def _shown(terms: Terms, contract: Contract, permission: Permission) -> Iterator[SeenColumn]:
    stored = {column.name: column for column in contract.stored}
    for name, grant in terms.columns.items():
        is_token = name in stored and stored[name].type is ColumnType.TOKEN
        is_known = name in stored or name == CONTRIBUTOR
        if permission in grant.allow and is_known and not is_token and name not in terms.privacy_units:
            yield SeenColumn(column=name, grain=grant.grain)


def _sql(seen: Explanation, contract: Contract, contracts: Mapping[DatasetName, Contract]) -> str:
    """The finest question: every dimension at its grain, every measure; the first partner stands for all of them."""
    if not seen.measures or not seen.queriers:
        return ""
    alias = contract.dataset[0]
    columns = [_spelled(alias, dimension) for dimension in seen.dimensions]
    numbers = [_measure(alias, measure) for measure in seen.measures]
    lines = ["SELECT " + ",\n       ".join((*columns, *numbers)), f"FROM {contract.dataset} {alias}"]
    if seen.join_required:
        join = next(_joins(seen, contract, contracts), "")
        if not join:
            return ""
        lines.append(join)
    if columns:
        lines.append(f"GROUP BY {', '.join(columns)}")
    return "\n".join(lines)


def _joins(seen: Explanation, contract: Contract, contracts: Mapping[DatasetName, Contract]) -> Iterator[str]:
    """Joins with each partner on columns that mean the same."""
    for partner in seen.join_with:
        other = contracts.get(partner)
        if other is None:
            continue
        for column in seen.join_columns:
            for theirs in other.stored:
                if means_the_same(contract, column, other, theirs.name):
                    yield f"JOIN {partner} partner ON {contract.dataset[0]}.{column} = partner.{theirs.name}"


def _spelled(alias: str, seen: SeenColumn) -> str:
    name = f"{alias}.{seen.column}"
    return name if seen.grain in (None, Grain.DAY) else f"date_trunc('{seen.grain}', {name})"


def _measure(alias: str, measure: SeenMeasure) -> str:
    name = f"{alias}.{measure.column}"
    return f"COUNT(DISTINCT {name})" if measure.fn is Permission.COUNT_DISTINCT else f"{measure.fn.upper()}({name})"


def _sentences(seen: Explanation) -> Iterator[str]:
    data = f"{_names(seen.members)}'s `{seen.dataset}`"
    if seen.mechanism not in AVAILABLE:
        yield f"nobody can see anything of {data}: this room does not offer `{seen.mechanism}`"
        return
    if not seen.queriers:
        yield f"nobody can see anything of {data}: no member may both ask for a purpose and hold the answer"
        return
    how = "by any question" if seen.mode is Mode.AD_HOC else "by approved templates only"
    yield f"{_names(seen.queriers)} may ask about {data} {how}, for {_names(seen.purposes)}"
    partners = f"{_quoted(seen.join_with)} on {_quoted(seen.join_columns)}"
    if seen.join_required:
        yield f"only together with another member's data: joined with {partners}"
    elif seen.join_with and seen.join_columns:
        yield f"alone or joined with {partners}"
    else:
        yield "alone: it may be joined with nothing"
    split = _quoted(tuple(_described(column) for column in seen.dimensions))
    yield f"numbers may be split by {split}" if seen.dimensions else "numbers cannot be split: totals only"
    if seen.filters:
        yield f"rows may be chosen by {_quoted(tuple(_described(column) for column in seen.filters))}"
    yield "per cell: " + (", ".join(_number(measure) for measure in seen.measures) or "nothing, no measure is granted")
    yield f"a number is shown where at least {seen.minimum_units} distinct `{seen.privacy_unit}` stand behind it"
    if seen.contributors is not None:
        share = format(seen.contributors.largest_share * 100, "f").rstrip("0").rstrip(".")
        yield f"and where members are mixed, at least {seen.contributors.minimum} of them, none above {share} %"
    yield "a number that nobody contributes to is " + ("shown as zero" if seen.zeros else "withheld")
    if seen.mechanism is not Mechanism.SUPPRESS:
        yield f"numbers are released by `{seen.mechanism}`"
    if seen.expires is not None:
        yield f"all of this until {seen.expires.isoformat()}"
    if seen.hidden:
        yield f"never visible: {_quoted(seen.hidden)}"


def _described(seen: SeenColumn) -> str:
    return seen.column if seen.grain is None else f"{seen.column} by {seen.grain}"


def _number(measure: SeenMeasure) -> str:
    bounds = f" of values held to {measure.between[0]} to {measure.between[1]}" if measure.between is not None else ""
    return f"{measure.fn} of `{measure.column}`{bounds}"


def _names(names: Sequence[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"
