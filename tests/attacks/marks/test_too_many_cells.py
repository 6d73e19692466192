"""An answer of too many cells is refused; which cells there are must not decide it, only those that could be listed."""

import pyarrow as pa
import pytest

from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session
from cleanroom.engine.sql import MAX_CELLS
from cleanroom.names import ColumnName, DatasetName, MemberName, SnapshotId
from cleanroom.plan import Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.ledger_port import NoLedger
from cleanroom.release import release
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    ColumnRef,
    DimensionValue,
    Fn,
    Join,
    JoinKind,
    JoinPair,
    Output,
    PlainColumn,
    QueryShape,
    Source,
)

_TABLES = (
    PinnedTable(member=MemberName("solstice"), dataset=DatasetName("registrations"), snapshot=SnapshotId(1)),
    PinnedTable(member=MemberName("harbor"), dataset=DatasetName("sales"), snapshot=SnapshotId(1)),
)


def _column(source: int, name: str) -> ColumnRef:
    return ColumnRef(source=source, column=ColumnName(name))


def _plan() -> Plan:
    """How many were sold, by the mark of the maker's own row."""
    pair = JoinPair(left=_column(0, "unit_token"), right=_column(1, "unit_token"))
    shape = QueryShape(
        sources=(
            Source(alias="r", dataset=DatasetName("registrations")),
            Source(alias="s", dataset=DatasetName("sales"), join=Join(kind=JoinKind.INNER, pairs=(pair,))),
        ),
        where=None,
        dimensions=(PlainColumn(column=_column(0, "mark")),),
        aggregates=(Aggregate(fn=Fn.COUNT_STAR, column=None),),
        outputs=(Output(name="mark", value=DimensionValue(index=0)), Output(name="n", value=AggregateValue(index=0))),
    )
    sources = tuple(
        SourceObligations(
            dataset=table.dataset,
            members=(table.member,),
            privacy_unit=ColumnName("owner"),
            minimum_units=10,
            contributors=None,
            clamps={},
            zeros=False,
            policies=(),
        )
        for table in _TABLES
    )
    solstice = _TABLES[0].member
    obligations = Obligations(sources=sources, receivers=(solstice,), mechanism=Mechanism.SUPPRESS)
    tables = tuple((table,) for table in _TABLES)
    return Plan(shape=shape, obligations=obligations, tables=tables, querier=solstice, purpose="service")


@pytest.mark.parametrize("sold_to", ["target", "somebody"])
def test_own_marks_do_not_make_an_error_of_a_match(sold_to: str) -> None:
    """One own row more than an answer may have cells, all with one token: the same empty answer whoever bought."""
    marks = [str(number) for number in range(MAX_CELLS + 1)]
    own = pa.table({"mark": marks, "unit_token": ["target"] * len(marks), "owner": marks})
    buyers = [sold_to, *(f"b{n}" for n in range(40))]
    sold = pa.table({"unit_token": buyers, "owner": buyers})
    tables = {(pin.member, pin.dataset): table for pin, table in zip(_TABLES, (own, sold), strict=True)}
    with Session.over_tables(tables) as session:
        answer = release(_plan(), session=session, ledger=NoLedger(), control=RunControl(limit_seconds=60))
    assert (answer.rows, answer.withheld, answer.dropped) == ((), {}, {})
