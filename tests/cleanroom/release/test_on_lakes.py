"""The story on real vaults: encrypted lakes, stored masks, pinned snapshots, two retailers and a maker."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cleanroom.contracts import shipped_contracts
from cleanroom.crypto.keys import DataKey
from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session, SessionLimits
from cleanroom.names import ColumnName, DatasetName, MemberName, SnapshotId
from cleanroom.plan import Contributors, Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.ledger_port import NoLedger
from cleanroom.release import release
from cleanroom.released import Reason, ReleasedTable, Withheld
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    Arithmetic,
    ArithmeticOp,
    ColumnRef,
    DimensionValue,
    Fn,
    Join,
    JoinKind,
    JoinPair,
    NumberValue,
    Output,
    PlainColumn,
    QueryShape,
    Rounded,
    Source,
)
from cleanroom.vault.lake import LakePlace, PublishedLake
from cleanroom.vault.physical import physical_expressions
from cleanroom.vault.session import LAKE
from cleanroom.vault.tables import create_statements
from cleanroom.vault.vault import Vault

HARBOR, MILL, SOLSTICE = MemberName("harbor"), MemberName("mill-lane"), MemberName("solstice")
SALES, CLAIMS = DatasetName("sales"), DatasetName("claims")

NORTH, SOUTH, TINY = ("north", 0, 60), ("south", 100, 130), ("tiny", 200, 209)
"""Region, first unit, last unit (exclusive): every unit has a buyer of its own."""


def sold(*regions: tuple[str, int, int]) -> str:
    """Sales of units ``first`` to ``last`` in each region."""
    parts = (
        f"SELECT '{region}-' || i AS sale_id, '{region}' AS region, DATE '2026-03-04' AS sale_date, "
        f"CAST(2 AS DECIMAL(18, 4)) AS net_amount, CAST(md5('u' || i) AS UUID) AS unit_token, "
        f"CAST(md5('b' || i) AS UUID) AS buyer_token FROM range({first}, {last}) t(i)"
        for region, first, last in regions
    )
    return " UNION ALL ".join(parts)


def claimed(*units: tuple[int, int]) -> str:
    """Two claims for each unit in the ranges."""
    parts = (
        f"SELECT i || '-' || n AS claim_id, DATE '2026-05-06' AS claim_date, CAST(md5('u' || i) AS UUID) AS unit_token, "
        f"CAST(md5('b' || i) AS UUID) AS owner_token FROM range({first}, {last}) t(i), range(2) s(n)"
        for first, last in units
    )
    return " UNION ALL ".join(parts)


def filled(root: Path, member: MemberName, dataset: DatasetName, queries: Sequence[str]) -> list[PublishedLake]:
    """A vault with one commit per query; what was published after each."""
    contract = shipped_contracts()[dataset]
    vault = Vault(place=LakePlace(member=member, root=root / member), key=DataKey.generate(bytes))
    published = []
    for number, query in enumerate(queries):
        with vault.writer(wait=True) as writer:
            if not number:
                for statement in create_statements(contract, lake=LAKE):
                    writer.connection.execute(statement)
            present = frozenset(row[0] for row in writer.connection.execute(f"DESCRIBE {query}").fetchall())
            expressions = ", ".join(physical_expressions(contract, present))
            writer.connection.execute(f"INSERT INTO {LAKE}.{dataset} SELECT {expressions} FROM ({query})")
        published.append(vault.published())
    return published


def column(source: int, name: str) -> ColumnRef:
    """A column of the plan."""
    return ColumnRef(source=source, column=ColumnName(name))


def obligations(dataset: DatasetName, members: tuple[MemberName, ...], unit: str) -> SourceObligations:
    """A minimum of ten units."""
    return SourceObligations(
        dataset=dataset,
        members=members,
        privacy_unit=ColumnName(unit),
        minimum_units=10,
        contributors=None,
        clamps={},
        zeros=True,
        policies=(),
    )


def claim_rate(sales: Sequence[PublishedLake], claims: PublishedLake) -> Plan:
    """The design's template: units sold, claims, claims per 1,000 units, by region."""
    per_thousand = Arithmetic(
        op=ArithmeticOp.DIVIDE,
        left=Arithmetic(
            op=ArithmeticOp.MULTIPLY, left=NumberValue(value=Decimal("1000.0")), right=AggregateValue(index=1)
        ),
        right=AggregateValue(index=0),
    )
    join = Join(kind=JoinKind.LEFT, pairs=(JoinPair(left=column(0, "unit_token"), right=column(1, "unit_token")),))
    shape = QueryShape(
        sources=(Source(alias="s", dataset=SALES), Source(alias="c", dataset=CLAIMS, join=join)),
        where=None,
        dimensions=(PlainColumn(column=column(0, "region")),),
        aggregates=(
            Aggregate(fn=Fn.COUNT_DISTINCT, column=column(0, "unit_token")),
            Aggregate(fn=Fn.COUNT, column=column(1, "claim_id")),
        ),
        outputs=(
            Output(name="region", value=DimensionValue(index=0)),
            Output(name="units", value=AggregateValue(index=0)),
            Output(name="claims", value=AggregateValue(index=1)),
            Output(name="claims_per_1000", value=Rounded(value=per_thousand, digits=2)),
        ),
    )
    members = tuple(lake.member for lake in sales)
    return Plan(
        shape=shape,
        obligations=Obligations(
            sources=(obligations(SALES, members, "buyer_token"), obligations(CLAIMS, (SOLSTICE,), "owner_token")),
            receivers=(SOLSTICE,),
            mechanism=Mechanism.SUPPRESS,
        ),
        tables=(
            tuple(PinnedTable(member=lake.member, dataset=SALES, snapshot=lake.snapshot) for lake in sales),
            (PinnedTable(member=SOLSTICE, dataset=CLAIMS, snapshot=claims.snapshot),),
        ),
        querier=SOLSTICE,
        purpose="warranty",
    )


def answered(plan: Plan, lakes: Sequence[PublishedLake]) -> ReleasedTable:
    """The released table, ledger off."""
    with Session.over_lakes(lakes, SessionLimits(memory_bytes=500_000_000)) as session:
        return release(plan, session=session, ledger=NoLedger(), control=RunControl(limit_seconds=60))


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[MemberName, list[PublishedLake]]:
    """Harbor (two commits), mill-lane and solstice."""
    root = tmp_path_factory.mktemp("room")
    return {
        HARBOR: filled(root, HARBOR, SALES, [sold(NORTH, TINY), sold(SOUTH)]),
        MILL: filled(root, MILL, SALES, [sold(("north", 300, 340))]),
        SOLSTICE: filled(root, SOLSTICE, CLAIMS, [claimed((0, 10), (100, 109))]),
    }


def test_claim_rate_over_two_retailers(lakes: dict[MemberName, list[PublishedLake]]) -> None:
    """Exactly ten claiming owners stay, nine are withheld, a region of nine buyers is not listed, fan-out counts once."""
    sales, claims = [lakes[HARBOR][-1], lakes[MILL][-1]], lakes[SOLSTICE][-1]
    table = answered(claim_rate(sales, claims), [*sales, claims])
    assert table.rows == (
        ("north", 100, 20, Decimal("200.00")),
        ("south", 30, Withheld(Reason.UNITS), Withheld(Reason.DERIVED)),
    )
    assert [(c.name, c.type, c.role) for c in table.columns] == [
        ("region", "text", "dimension"),
        ("units", "integer", "measure"),
        ("claims", "integer", "measure"),
        ("claims_per_1000", "decimal", "measure"),
    ]
    assert (table.withheld, table.rows_dropped) == ({Reason.UNITS: 1, Reason.DERIVED: 1}, 1)
    assert table.contributors == {"claims": 1, "sales": 2}


def test_a_pinned_snapshot_answers_as_it_did(lakes: dict[MemberName, list[PublishedLake]]) -> None:
    """INVARIANT I14: a plan pinned before a commit gives the same answer after it, from either copy."""
    before, after, claims = lakes[HARBOR][0], lakes[HARBOR][1], lakes[SOLSTICE][-1]
    plan = claim_rate([before], claims)
    assert answered(plan, [before, claims]) == answered(plan, [after, claims])
    assert [row[0] for row in answered(plan, [after, claims]).rows] == ["north"]
    assert [row[0] for row in answered(claim_rate([after], claims), [after, claims]).rows] == ["north", "south"]


def test_a_dominating_retailer_is_not_listed(lakes: dict[MemberName, list[PublishedLake]]) -> None:
    """Two retailers with 60 and 40 of 100 buyers mix up to a largest share of 0.6, and not below."""
    sales, claims = [lakes[HARBOR][-1], lakes[MILL][-1]], lakes[SOLSTICE][-1]
    plan = claim_rate(sales, claims)
    listed = {}
    for share in ("0.6", "0.5999"):
        first, second = plan.obligations.sources
        ruled = replace(first, contributors=Contributors(minimum=2, largest_share=Decimal(share)))
        held = replace(plan, obligations=replace(plan.obligations, sources=(ruled, second)))
        listed[share] = [row[:2] for row in answered(held, [*sales, claims]).rows]
    assert listed == {"0.6": [("north", 100)], "0.5999": []}


@pytest.mark.parametrize("zeros", [True, False])
def test_why_cells_are_not_listed_is_told_where_it_may(
    lakes: dict[MemberName, list[PublishedLake]], zeros: bool
) -> None:
    """INVARIANT I13: cells of too few units are counted where zeros are released, those of too few members always."""
    sales, claims = [lakes[HARBOR][-1], lakes[MILL][-1]], lakes[SOLSTICE][-1]
    plan = claim_rate(sales, claims)
    first, second = plan.obligations.sources
    ruled = replace(first, zeros=zeros, contributors=Contributors(minimum=2, largest_share=Decimal("0.5")))
    table = answered(replace(plan, obligations=replace(plan.obligations, sources=(ruled, second))), [*sales, claims])
    told = {Reason.CONTRIBUTORS: 1, Reason.DOMINANCE: 1}
    assert table.rows == ()
    assert table.dropped == ({Reason.UNITS: 1} | told if zeros else told)
    assert table.rows_dropped == (3 if zeros else 2)


def test_a_snapshot_of_the_future_is_no_answer(lakes: dict[MemberName, list[PublishedLake]]) -> None:
    """A plan pinned beyond what a copy can show fails closed, without DuckDB's text."""
    sales, claims = lakes[HARBOR][-1], lakes[SOLSTICE][-1]
    plan = claim_rate([sales], claims)
    future = PinnedTable(member=HARBOR, dataset=SALES, snapshot=SnapshotId(10_000))
    with pytest.raises(Exception, match="CR-R304"):
        answered(replace(plan, tables=((future,), plan.tables[1])), [sales, claims])
