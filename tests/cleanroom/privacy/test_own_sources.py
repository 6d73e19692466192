"""The one exception to the contributor rules: "us", asked by us, held by nobody else."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cleanroom.engine.raw import RawNumber, UnitCount
from cleanroom.names import ColumnName, DatasetName, Digest, MemberName, SnapshotId
from cleanroom.plan import Contributors, Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.contributors import contributor_reason, own_sources
from cleanroom.released import Reason
from cleanroom.shape import (
    Aggregate,
    Case,
    CaseBranch,
    ColumnRef,
    Compare,
    CompareOp,
    Dimension,
    DimensionValue,
    Fn,
    Literal,
    LiteralType,
    Or,
    Output,
    PlainColumn,
    Predicate,
    QueryShape,
    Source,
)

HARBOR, ALDER = MemberName("harbor"), MemberName("alder")
CONTRIBUTOR = PlainColumn(column=ColumnRef(source=0, column=ColumnName("contributor")))
REGION = PlainColumn(column=ColumnRef(source=0, column=ColumnName("region")))


def text(value: str) -> Literal:
    return Literal(type=LiteralType.TEXT, value=value)


def is_(dimension: Dimension, value: str) -> Compare:
    return Compare(op=CompareOp.EQ, left=dimension, right=text(value))


def us_or_others(when: Predicate, *, otherwise: str = "others") -> Case:
    return Case(branches=(CaseBranch(when=when, then=text("us")),), otherwise=text(otherwise))


def plan(
    dimension: Dimension, *, where: Predicate | None = None, receivers: tuple[MemberName, ...] = (HARBOR,)
) -> Plan:
    sales = DatasetName("sales")
    rules = SourceObligations(
        dataset=sales,
        members=(ALDER, HARBOR),
        privacy_unit=ColumnName("buyer_token"),
        minimum_units=10,
        contributors=Contributors(minimum=3, largest_share=Decimal("0.7")),
        clamps={},
        zeros=True,
        policies=(Digest("sha256:0"),),
    )
    return Plan(
        shape=QueryShape(
            sources=(Source(alias="s", dataset=sales),),
            where=where,
            dimensions=(dimension,),
            aggregates=(Aggregate(fn=Fn.COUNT_STAR, column=None),),
            outputs=(Output(name="who", value=DimensionValue(index=0)),),
        ),
        obligations=Obligations(sources=(rules,), receivers=receivers, mechanism=Mechanism.SUPPRESS),
        tables=(tuple(PinnedTable(member=m, dataset=sales, snapshot=SnapshotId(1)) for m in (ALDER, HARBOR)),),
        querier=HARBOR,
        purpose="benchmark",
    )


@pytest.mark.parametrize(
    ("asked", "key", "own"),
    [
        (plan(CONTRIBUTOR), "harbor", {0}),
        (plan(CONTRIBUTOR), "alder", set()),
        (plan(us_or_others(is_(CONTRIBUTOR, "harbor"))), "us", {0}),
        (plan(us_or_others(is_(CONTRIBUTOR, "harbor"))), "others", set()),
        (plan(us_or_others(is_(CONTRIBUTOR, "alder"))), "us", set()),
        (plan(us_or_others(is_(CONTRIBUTOR, "harbor"), otherwise="us")), "us", set()),
        (plan(us_or_others(Or(terms=(is_(CONTRIBUTOR, "harbor"), is_(REGION, "north"))))), "us", set()),
        (plan(us_or_others(is_(REGION, "north"))), "us", set()),
        (plan(REGION, where=is_(CONTRIBUTOR, "harbor")), "north", {0}),
        (plan(REGION, where=is_(CONTRIBUTOR, "alder")), "north", set()),
        (plan(CONTRIBUTOR, receivers=(ALDER, HARBOR)), "harbor", set()),
    ],
)  # fmt: skip
def test_own_is_read_off_the_question(asked: Plan, key: str, own: set[int]) -> None:
    """Only a cell that can hold nobody else's rows is the asker's own, and only if nobody else may hold the answer."""
    assert own_sources(asked, (key,)) == own


def test_one_member_alone_is_withheld_unless_it_is_the_asker() -> None:
    """A cell of one member's rows misses the minimum of contributors; the asker's own cell is not held to it."""
    asked = plan(CONTRIBUTOR)
    alone = RawNumber(value=50, rows=50, units=(UnitCount(source=0, distinct=50, exact=True, by_member=(0, 50)),))
    sources = asked.obligations.sources
    assert contributor_reason(alone, sources, own_sources(asked, ("harbor",))) is None
    assert contributor_reason(alone, sources, own_sources(asked, ("alder",))) is Reason.CONTRIBUTORS
    ruleless = replace(sources[0], contributors=None)
    assert contributor_reason(alone, (ruleless,), frozenset()) is None
