"""The story's own promises: what is dropped, what the ledger may do, what the answer says about itself."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pytest

from cleanroom.engine.control import RunCancelled, RunControl
from cleanroom.engine.session import Session
from cleanroom.errors import IntegrityFailure, PolicyRefused
from cleanroom.names import ColumnName, DatasetName, MemberName, SnapshotId
from cleanroom.plan import Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.ledger_port import LedgerPort, NoLedger
from cleanroom.release import release
from cleanroom.released import CellKey, Reason, ReleasedTable, Withheld
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    ColumnRef,
    Compare,
    CompareOp,
    DimensionValue,
    Fn,
    HavingCompare,
    Literal,
    LiteralType,
    OrderItem,
    Output,
    PlainColumn,
    QueryShape,
    Source,
)

HARBOR, SOLSTICE = MemberName("harbor"), MemberName("solstice")
SALES = DatasetName("sales")
SIZES = {"big": 30, "fair": 10, "small": 9, "one": 1}


def sales(sizes: dict[str, int]) -> pa.Table:
    """One row per buyer, so many buyers per region."""
    rows = [{"region": region, "buyer_token": f"{region}{n}"} for region, size in sizes.items() for n in range(size)]
    return pa.Table.from_pylist(rows, schema=pa.schema({"region": pa.string(), "buyer_token": pa.string()}))


REGION = ColumnRef(source=0, column=ColumnName("region"))


def by_region(*, zeros: bool = True, only: str | None = None, grouped: bool = True) -> Plan:
    """COUNT(*) by region, minimum ten."""
    text = Literal(type=LiteralType.TEXT, value=only)
    where = Compare(op=CompareOp.EQ, left=PlainColumn(column=REGION), right=text)
    dimension = (Output(name="region", value=DimensionValue(index=0)),) if grouped else ()
    shape = QueryShape(
        sources=(Source(alias="s", dataset=SALES),),
        where=None if only is None else where,
        dimensions=(PlainColumn(column=REGION),) if grouped else (),
        aggregates=(Aggregate(fn=Fn.COUNT_STAR, column=None),),
        outputs=(*dimension, Output(name="n", value=AggregateValue(index=0))),
    )
    source = SourceObligations(
        dataset=SALES,
        members=(HARBOR,),
        privacy_unit=ColumnName("buyer_token"),
        minimum_units=10,
        contributors=None,
        clamps={},
        zeros=zeros,
        policies=(),
    )
    return Plan(
        shape=shape,
        obligations=Obligations(sources=(source,), receivers=(SOLSTICE,), mechanism=Mechanism.SUPPRESS),
        tables=((PinnedTable(member=HARBOR, dataset=SALES, snapshot=SnapshotId(4)),),),
        querier=SOLSTICE,
        purpose="warranty",
    )


def answered(plan: Plan, ledger: LedgerPort | None = None, sizes: dict[str, int] | None = None) -> ReleasedTable:
    """The released table."""
    with Session.over_tables({(HARBOR, SALES): sales(SIZES if sizes is None else sizes)}) as session:
        return release(plan, session=session, ledger=ledger or NoLedger(), control=RunControl(limit_seconds=30))


def test_cells_below_the_minimum_are_not_listed() -> None:
    """Exactly k is listed, one fewer is not; the count of dropped cells is told."""
    table = answered(by_region())
    assert table.rows == (("big", 30), ("fair", 10))
    assert (table.rows_dropped, table.dropped, table.withheld) == (2, {Reason.UNITS: 2}, {})
    assert table.snapshots == {"harbor": 4}


@pytest.mark.parametrize("only", ["one", "nobody"])
def test_without_zeros_nothing_tells_few_from_none(only: str) -> None:
    """INVARIANT I13: where zeros are not released, a filter that fits one buyer answers like one that fits nobody."""
    assert answered(by_region(zeros=False, only=only)) == answered(by_region(zeros=False, only="absent"))
    ungrouped = by_region(zeros=False, only=only, grouped=False)
    assert answered(ungrouped).rows == ()


def test_ungrouped_totals_are_cells() -> None:
    """A total below the minimum is dropped like any cell; a total of nothing is zero where zeros are released."""
    assert answered(by_region(only="small", grouped=False)).rows == ()
    assert answered(by_region(only="absent", grouped=False)).rows == ((0,),)
    assert answered(by_region(grouped=False)).rows == ((50,),)


class _Withholding(NoLedger):
    """A ledger with a fixed answer; it also keeps what it was told."""

    def __init__(self, answer: Sequence[Sequence[bool]]) -> None:
        self.answer = answer
        self.told: list[CellKey] = []

    def review(
        self,
        plan: Plan,  # noqa: ARG002 - the port's form
        *,
        cells: Sequence[CellKey],
        passed: Sequence[Sequence[bool]],  # noqa: ARG002 - the port's form
        session: Session,  # noqa: ARG002 - the port's form
    ) -> Sequence[Sequence[bool]]:
        """The fixed answer."""
        self.told += cells
        return self.answer


def test_the_ledger_withholds_with_its_own_reason() -> None:
    """What the ledger keeps back is marked so; it is told of listed cells only."""
    plan = by_region()
    with Session.over_tables({(HARBOR, SALES): sales({"big": 30, "one": 1})}) as session:
        ledger = _Withholding([[False]])
        table = release(plan, session=session, ledger=ledger, control=RunControl(limit_seconds=30))
    assert table.rows == (("big", Withheld(Reason.LEDGER)),)
    assert table.withheld == {Reason.LEDGER: 1}
    assert ledger.told == [("big",)]


def test_the_ledger_cannot_release_what_a_threshold_withheld() -> None:
    """INVARIANT I13: a yes of the ledger is not a way around the minimum."""
    plan = by_region()
    extra = Aggregate(
        fn=Fn.COUNT_STAR,
        column=None,
        filter=Compare(
            op=CompareOp.LT, left=PlainColumn(column=REGION), right=Literal(type=LiteralType.TEXT, value="a")
        ),
    )
    shape = replace(plan.shape, aggregates=(extra,))
    source = replace(plan.obligations.sources[0], zeros=False)
    plan = replace(plan, shape=shape, obligations=replace(plan.obligations, sources=(source,)))
    with Session.over_tables({(HARBOR, SALES): sales({"big": 30})}) as session:
        table = release(plan, session=session, ledger=_Withholding([[True]]), control=RunControl(limit_seconds=30))
    assert table.rows == (("big", Withheld(Reason.UNITS)),)


def test_a_ledger_that_answers_something_else_is_refused() -> None:
    """An answer of another form releases nothing."""
    with pytest.raises(IntegrityFailure, match="CR-R205"):
        answered(by_region(), _Withholding([[True]]))


def test_having_order_and_limit_see_released_values_only() -> None:
    """A withheld number is in no HAVING and last in every order; LIMIT cuts after that."""
    plan = by_region()
    having = HavingCompare(
        op=CompareOp.GE, left=AggregateValue(index=0), right=Literal(type=LiteralType.INTEGER, value=0)
    )
    sizes = {"a": 40, "b": 20, "c": 30}
    order = (OrderItem(value=AggregateValue(index=0), descending=True),)
    shape = replace(plan.shape, order_by=order)
    ordered = answered(replace(plan, shape=shape), _Keyed({"a"}), sizes)
    assert ordered.rows == (("c", 30), ("b", 20), ("a", Withheld(Reason.LEDGER)))
    limited = answered(replace(plan, shape=replace(shape, having=having, limit=1)), _Keyed({"a"}), sizes)
    assert limited.rows == (("c", 30),)


class _Keyed(NoLedger):
    """A ledger that withholds the cells of some regions."""

    def __init__(self, regions: set[str]) -> None:
        self.regions = regions

    def review(
        self,
        plan: Plan,  # noqa: ARG002 - the port's form
        *,
        cells: Sequence[CellKey],
        passed: Sequence[Sequence[bool]],  # noqa: ARG002 - the port's form
        session: Session,  # noqa: ARG002 - the port's form
    ) -> Sequence[Sequence[bool]]:
        """False for the regions."""
        return [[key[0] not in self.regions] for key in cells]


def test_absent_mechanism_is_refused_before_data_is_read() -> None:
    """The refusal needs no table."""
    plan = by_region()
    noisy = replace(plan, obligations=replace(plan.obligations, mechanism=Mechanism.DIFFERENTIAL_PRIVACY))
    with Session.over_tables({}) as session, pytest.raises(PolicyRefused, match="CR-R105"):
        release(noisy, session=session, ledger=NoLedger(), control=RunControl(limit_seconds=30))


def test_rounding_happens_after_thresholds() -> None:
    """Thirty-one buyers are thirty at base ten; nine are not ten."""
    plan = by_region()
    rounded = replace(plan, obligations=replace(plan.obligations, mechanism=Mechanism.ROUND, rounding_base=10))
    assert answered(rounded, sizes={"a": 31, "b": 9}).rows == (("a", 30),)


def test_a_cancelled_run_releases_nothing() -> None:
    """INVARIANT I16: a cancel before counting ends the story before the ledger is asked."""
    control = RunControl(limit_seconds=30)
    control.cancel()
    ledger = _Withholding([])
    with Session.over_tables({(HARBOR, SALES): sales(SIZES)}) as session:
        session.columns(by_region().tables[0][0])
        with pytest.raises(RunCancelled, match="CR-R301"):
            release(by_region(), session=session, ledger=ledger, control=control)
    assert ledger.told == []
