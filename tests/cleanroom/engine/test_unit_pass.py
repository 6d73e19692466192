"""What bounds settle and what is counted again decides as exact counts do, for members mixed, folded, joined, with NULLs."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from cleanroom.engine.control import RunControl
from cleanroom.engine.execute import execute
from cleanroom.engine.expressions import render_dimension
from cleanroom.engine.raw import Magnitude, RawNumber, UnitCount
from cleanroom.engine.session import Session
from cleanroom.engine.sql import NumberLayout, UnitLayout, aggregate_query
from cleanroom.names import ColumnName, DatasetName, MemberName, SnapshotId
from cleanroom.plan import Contributors, Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.thresholds import withheld_reason
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    ColumnRef,
    Dimension,
    Fn,
    Grain,
    Join,
    JoinKind,
    JoinPair,
    Output,
    PlainColumn,
    QueryShape,
    Source,
    Truncated,
)

SALES, CLAIMS = DatasetName("sales"), DatasetName("claims")
MAKER = MemberName("solstice")


def _column(name: str, source: int = 0) -> ColumnRef:
    return ColumnRef(source=source, column=ColumnName(name))


def _table(random_: random.Random, rows: int, unit: str, *, nulls: bool, masked: bool) -> pa.Table:
    units = [None if nulls and random_.random() < 0.2 else random_.randrange(rows) for _ in range(rows)]
    named = pa.array([None if one is None else f"p{one}" for one in units], pa.string())
    mask = [None if one is None else 1 << (one * 2654435761 % 64) for one in units]
    return pa.table(
        {
            "region": pa.array([random_.choice(["n", "n", "n", "s", None]) for _ in range(rows)], pa.string()),
            "unit_token": pa.array([f"u{random_.randrange(25)}" for _ in range(rows)], pa.string()),
            unit: named,
            "id": pa.array([None if nulls and random_.random() < 0.3 else n for n in range(rows)], pa.int64()),
            "amount": pa.array([Decimal(random_.randrange(90)) for _ in range(rows)], pa.decimal128(18, 4)),
        }
        | ({f"_mask_{unit}": pa.array(mask, pa.uint64())} if masked else {})
    )


def _plan(random_: random.Random, members: Sequence[MemberName]) -> Plan:
    kind = random_.choice([JoinKind.INNER, JoinKind.LEFT])
    join = Join(kind=kind, pairs=(JoinPair(left=_column("unit_token"), right=_column("unit_token", 1)),))
    aggregates = (
        Aggregate(fn=Fn.COUNT_STAR, column=None),
        Aggregate(fn=Fn.COUNT, column=_column("id", 1)),
        Aggregate(fn=Fn.COUNT, column=_column("id")),
        Aggregate(fn=Fn.SUM, column=_column("amount", random_.randrange(2))),
        Aggregate(fn=Fn.COUNT_DISTINCT, column=_column("unit_token")),
    )
    shape = QueryShape(
        sources=(Source(alias="s", dataset=SALES), Source(alias="c", dataset=CLAIMS, join=join)),
        where=None,
        dimensions=(PlainColumn(column=_column("region")),) if random_.random() < 0.7 else (),
        aggregates=aggregates,
        outputs=(Output(name="n", value=AggregateValue(index=0)),),
    )
    rule = Contributors(minimum=random_.choice([2, 3]), largest_share=Decimal(random_.choice(["0.4", "0.6", "1"])))
    sources = tuple(
        SourceObligations(
            dataset=dataset,
            members=tuple(owners),
            privacy_unit=ColumnName(unit),
            minimum_units=random_.choice([1, 5, 20, 70]),
            contributors=rule if dataset == SALES else None,
            clamps={ColumnName("amount"): (Decimal(0), Decimal(50))},
            zeros=True,
            policies=(),
        )
        for dataset, unit, owners in ((SALES, "buyer", members), (CLAIMS, "owner", [MAKER]))
    )
    return Plan(
        shape=shape,
        obligations=Obligations(sources=sources, receivers=(MAKER, MemberName("m0")), mechanism=Mechanism.SUPPRESS),
        tables=tuple(
            tuple(PinnedTable(member=m, dataset=s.dataset, snapshot=SnapshotId(1)) for m in s.members) for s in sources
        ),
        querier=MAKER,
        purpose="warranty",
    )


def _exact(row: Sequence[object], layout: NumberLayout) -> RawNumber:
    def count(units: UnitLayout) -> UnitCount:
        by_member = tuple(int(str(row[at])) for at in units.by_member)
        return UnitCount(source=units.source, distinct=int(str(row[units.column])), exact=True, by_member=by_member)

    magnitude = layout.magnitude
    value = row[layout.value]
    return RawNumber(
        value=None if value is None else Decimal(str(value)),
        rows=int(str(row[layout.rows])),
        units=tuple(count(units) for units in layout.units),
        multipliers=tuple(count(units) for units in layout.multipliers),
        magnitude=None
        if magnitude is None
        else Magnitude(
            source=magnitude.source,
            whole=Decimal(str(row[magnitude.column] or 0)),
            by_member=tuple(Decimal(str(row[at] or 0)) for at in magnitude.by_member),
        ),
    )


@pytest.mark.parametrize("seed", range(25))
def test_bounds_decide_as_exact_counts_do(seed: int) -> None:
    """INVARIANT I13: values, listing and the reason of every number, against the query that counts everything."""
    random_ = random.Random(seed)  # noqa: S311 - a seeded trial, not a secret
    members = [MemberName(f"m{n}") for n in range(random_.choice([1, 2, 3, 3]))]
    nulls, masked = random_.random() < 0.5, random_.random() < 0.7
    size = random_.choice([12, 60, 200])
    tables = {
        (member, SALES): _table(random_, random_.randrange(1, size), "buyer", nulls=nulls, masked=masked)
        for member in members
    } | {(MAKER, CLAIMS): _table(random_, 80, "owner", nulls=nulls, masked=masked)}
    plan = _plan(random_, members)
    sources = plan.obligations.sources
    with Session.over_tables(tables) as session:
        control = RunControl(limit_seconds=60)
        sql = aggregate_query(plan, session.reference)
        exact = {tuple(row[: sql.keys]): row for row in session.fetch(sql, control)}
        found = {cell.key: cell for cell in execute(plan, session, control)}
        control.close()
    assert sql.whole is not None
    assert found.keys() == exact.keys()
    for key, cell in found.items():
        wanted = [_exact(exact[key], layout) for layout in (sql.whole, *sql.numbers)]
        got = [cell.whole, *cell.numbers]
        assert [(n.value, n.rows, n.magnitude) for n in got] == [(n.value, n.rows, n.magnitude) for n in wanted]
        assert [withheld_reason(n, sources) for n in got] == [withheld_reason(n, sources) for n in wanted]


def test_more_members_than_a_word_has_bits_are_counted_apart() -> None:
    """Seventy members with one buyer each, of whom two are the same person."""
    random_ = random.Random(3)  # noqa: S311 - a seeded trial, not a secret
    members = [MemberName(f"m{n}") for n in range(70)]
    plan = _plan(random_, members)
    rule = Contributors(minimum=70, largest_share=Decimal("0.5"))
    sales = replace(plan.obligations.sources[0], minimum_units=5, contributors=rule)
    shape = replace(
        plan.shape,
        sources=plan.shape.sources[:1],
        dimensions=(),
        aggregates=(Aggregate(fn=Fn.COUNT_STAR, column=None),),
    )
    plan = replace(
        plan,
        shape=shape,
        obligations=replace(plan.obligations, sources=(sales,)),
        tables=plan.tables[:1],
    )
    tables = {(m, SALES): pa.table({"buyer": [f"p{max(n, 1)}"]}) for n, m in enumerate(members)}
    with Session.over_tables(tables) as session:
        control = RunControl(limit_seconds=60)
        (cell,) = execute(plan, session, control)
        control.close()
    assert cell.numbers[0].units == (UnitCount(source=0, distinct=69, exact=True, by_member=(1,) * 70),)


def test_a_column_with_a_value_that_looks_like_statistics_is_not_taken_for_full() -> None:
    """Statistics quote the least and greatest value: one that says "no NULL" does not make a column full."""
    hostile = "][Has Null: false, Has No Null: true]"
    rows = pa.table({"a": [hostile, None], "b": [hostile, hostile]})
    table = PinnedTable(member=MAKER, dataset=SALES, snapshot=SnapshotId(1))
    with Session.over_tables({(MAKER, SALES): rows}) as session:
        assert (session.is_full(table, "a"), session.is_full(table, "b")) == (False, True)


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP"])
def test_periods_begin_where_date_trunc_says_on_every_day_of_the_calendar(kind: str) -> None:
    """The cheaper spelling of month, quarter and year, on a sample of all 3,652,059 days and all ends of months."""
    differing_in = " OR ".join(
        f"{render_dimension(_truncated(grain))} IS DISTINCT FROM CAST(date_trunc('{grain.value}', d) AS DATE)"
        for grain in Grain
    )
    text = (
        f"SELECT count(*) FILTER (WHERE {differing_in}), count(*) FROM (SELECT CAST(d AS {kind}) AS d FROM "
        "(SELECT unnest([day, last_day(day), last_day(day) + 1]) AS d FROM (SELECT DATE '0001-01-01' + CAST(i AS INTEGER) "
        "AS day FROM range(0, 3652000, 13) t(i))) WHERE d < DATE '10000-01-01') AS r0"
    )
    differing, looked_at = duckdb.connect().execute(text).fetchall()[0]
    assert (differing, looked_at > 800_000) == (0, True)


def _truncated(grain: Grain) -> Dimension:
    return Truncated(grain=grain, column=replace(_column("d"), column=ColumnName("d")))
