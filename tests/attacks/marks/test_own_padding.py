"""A retailer that pads a dataset it shares with others: its own buyers protect nobody else's from itself."""

from decimal import Decimal

import pyarrow as pa
import pytest

from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session
from cleanroom.names import ColumnName, DatasetName, MemberName, SnapshotId
from cleanroom.plan import Contributors, Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.ledger_port import NoLedger
from cleanroom.release import release
from cleanroom.released import Reason, ShownValue, Withheld
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    ColumnRef,
    DimensionValue,
    Fn,
    Output,
    PlainColumn,
    QueryShape,
    Source,
)

HARBOR, MILL, QUAYSIDE, SOLSTICE = (MemberName(name) for name in ("harbor", "mill", "quayside", "solstice"))
SALES = DatasetName("sales")
REGION = ColumnRef(source=0, column=ColumnName("region"))
RULES = {"no rule": None, "two members": Contributors(minimum=2, largest_share=Decimal("0.7"))}


def _plan(asker: MemberName, rule: Contributors | None) -> Plan:
    """Sales of all three retailers by region, for ``asker`` alone."""
    members = (HARBOR, MILL, QUAYSIDE)
    source = SourceObligations(
        dataset=SALES,
        members=members,
        privacy_unit=ColumnName("buyer_token"),
        minimum_units=25,
        contributors=rule,
        clamps={},
        zeros=False,
        policies=(),
    )
    shape = QueryShape(
        sources=(Source(alias="s", dataset=SALES),),
        where=None,
        dimensions=(PlainColumn(column=REGION),),
        aggregates=(Aggregate(fn=Fn.COUNT_STAR, column=None),),
        outputs=(Output(name="region", value=DimensionValue(index=0)), Output(name="n", value=AggregateValue(index=0))),
    )
    return Plan(
        shape=shape,
        obligations=Obligations(sources=(source,), receivers=(asker,), mechanism=Mechanism.SUPPRESS),
        tables=(tuple(PinnedTable(member=m, dataset=SALES, snapshot=SnapshotId(1)) for m in members),),
        querier=asker,
        purpose="benchmark",
    )


def _told(asker: MemberName, rule: Contributors | None, sizes: dict[MemberName, int]) -> dict[ShownValue, object]:
    """What ``asker`` is told where the retailers have so many buyers."""
    tables = {
        (member, SALES): pa.table(
            {
                "region": pa.array(["north"] * sizes[member], pa.string()),
                "buyer_token": pa.array([f"{member}{n}" for n in range(sizes[member])], pa.string()),
            }
        )
        for member in (HARBOR, MILL, QUAYSIDE)
    }
    with Session.over_tables(tables) as session:
        answer = release(_plan(asker, rule), session=session, ledger=NoLedger(), control=RunControl(limit_seconds=60))
    return {row[0]: row[1] for row in answer.rows if isinstance(row[0], str)}


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_own_buyers_do_not_count_towards_others_minimum(rule: Contributors | None) -> None:
    """INVARIANT I13: seventeen of its own and eight of others are twenty-five, and eight for who subtracts its own."""
    few = {HARBOR: 17, MILL: 4, QUAYSIDE: 4}
    assert _told(HARBOR, rule, few) in ({}, {"north": Withheld(Reason.UNITS)})
    assert _told(SOLSTICE, rule, few) == {"north": 25}
    assert _told(HARBOR, rule, {HARBOR: 17, MILL: 13, QUAYSIDE: 12}) == {"north": 42}
