"""What the engine accepts and writes, on plans made by hand."""

import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from cleanroom.engine.control import RunControl
from cleanroom.engine.execute import execute
from cleanroom.engine.session import Session
from cleanroom.engine.sql import render_preview
from cleanroom.errors import IntegrityFailure
from cleanroom.names import ColumnName, DatasetName, MemberName, SnapshotId
from cleanroom.plan import Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    Case,
    CaseBranch,
    Coalesced,
    ColumnRef,
    Compare,
    CompareOp,
    DatePart,
    Dimension,
    Fn,
    Grain,
    In,
    Join,
    JoinKind,
    JoinPair,
    Literal,
    LiteralType,
    Output,
    PlainColumn,
    Predicate,
    QueryShape,
    Source,
)

HARBOR, SOLSTICE = MemberName("harbor"), MemberName("solstice")
SALES, CLAIMS = DatasetName("sales"), DatasetName("claims")
ROWS = {
    (HARBOR, SALES): pa.table(
        {
            "region": ["n", "7", None],
            "sale_date": [date(2026, 1, 1)] * 3,
            "unit_token": ["u1", "u2", "u3"],
            "buyer_token": ["b1", "b2", "b3"],
            "amount": [Decimal("1.5")] * 3,
        }
    ),
    (SOLSTICE, CLAIMS): pa.table({"unit_token": [1, 2], "owner_token": ["b1", "b2"]}),
}


def column(name: str, source: int = 0) -> ColumnRef:
    """A column of the plan."""
    return ColumnRef(source=source, column=ColumnName(name))


def literal(value: object) -> Literal:
    """A literal of the type that ``value`` has."""
    kinds = {str: LiteralType.TEXT, int: LiteralType.INTEGER, date: LiteralType.DATE, Decimal: LiteralType.DECIMAL}
    return Literal(type=kinds[type(value)], value=value)


def compare(name: str, value: object) -> Predicate:
    """``name = value``."""
    return Compare(op=CompareOp.EQ, left=PlainColumn(column=column(name)), right=literal(value))


def plan(
    *, where: Predicate | None = None, dimension: Dimension | None = None, aggregate: Aggregate | None = None
) -> Plan:
    """A question about harbor's sales."""
    shape = QueryShape(
        sources=(Source(alias="s", dataset=SALES),),
        where=where,
        dimensions=(dimension,) if dimension is not None else (),
        aggregates=(aggregate or Aggregate(fn=Fn.COUNT_STAR, column=None),),
        outputs=(Output(name="n", value=AggregateValue(index=0)),),
    )
    sources = (obligations(SALES, HARBOR, "buyer_token"),)
    return Plan(
        shape=shape,
        obligations=Obligations(sources=sources, receivers=(SOLSTICE,), mechanism=Mechanism.SUPPRESS),
        tables=((PinnedTable(member=HARBOR, dataset=SALES, snapshot=SnapshotId(3)),),),
        querier=SOLSTICE,
        purpose="warranty",
    )


def obligations(dataset: DatasetName, member: MemberName, unit: str) -> SourceObligations:
    """Obligations with a minimum of one."""
    return SourceObligations(
        dataset=dataset,
        members=(member,),
        privacy_unit=ColumnName(unit),
        minimum_units=1,
        contributors=None,
        clamps={},
        zeros=True,
        policies=(),
    )


def joined_on_different_kinds() -> Plan:
    """A join of a text token with a number."""
    question = plan()
    join = Join(kind=JoinKind.LEFT, pairs=(JoinPair(left=column("unit_token"), right=column("unit_token", 1)),))
    sources = (*question.shape.sources, Source(alias="c", dataset=CLAIMS, join=join))
    return replace(
        question,
        shape=replace(question.shape, sources=sources),
        obligations=replace(
            question.obligations,
            sources=(*question.obligations.sources, obligations(CLAIMS, SOLSTICE, "owner_token")),
        ),
        tables=(*question.tables, (PinnedTable(member=SOLSTICE, dataset=CLAIMS, snapshot=SnapshotId(1)),)),
    )


YES_OR_ONE = Case(branches=(CaseBranch(when=compare("region", "n"), then=literal("yes")),), otherwise=literal(1))


@pytest.mark.parametrize(
    "question",
    [
        plan(where=compare("region", 7)),
        plan(where=compare("amount", "1.5")),
        plan(where=compare("sale_date", "2026-01-01")),
        plan(where=In(left=PlainColumn(column=column("region")), options=(literal("n"), literal(7)))),
        plan(dimension=DatePart(part=Grain.YEAR, column=column("region"))),
        plan(dimension=Coalesced(dimension=PlainColumn(column=column("region")), default=literal(0))),
        plan(dimension=YES_OR_ONE),
        plan(aggregate=Aggregate(fn=Fn.SUM, column=column("region"))),
        plan(aggregate=Aggregate(fn=Fn.COUNT_STAR, column=None, filter=compare("region", 7))),
        joined_on_different_kinds(),
    ],
)
def test_no_cast_happens_on_some_rows_only(question: Plan) -> None:
    """Values of different kinds are never compared: whether a query fails would depend on the rows."""
    with Session.over_tables(ROWS) as session, pytest.raises(IntegrityFailure, match="CR-R207"):
        execute(question, session, RunControl(limit_seconds=20))


def test_a_source_without_tables_is_refused() -> None:
    """Empty means refuse: a dataset that nobody's table stands for is not an empty table."""
    with Session.over_tables(ROWS) as session, pytest.raises(IntegrityFailure, match="CR-R208"):
        execute(replace(plan(), tables=((),)), session, RunControl(limit_seconds=20))


def test_preview_is_the_generated_sql() -> None:
    """`query check` shows what would run: pinned tables, quoted constants, the protecting counts."""
    question = plan(where=compare("region", "o'n"))
    assert render_preview(question.shape, question.obligations, {HARBOR: 3}) == (
        "WITH r0 AS (\n"
        'SELECT \'harbor\' AS contributor, "region", "buyer_token" AS _unit\n'
        'FROM "lake_harbor".main."sales" AT (VERSION => 3)\n'
        ")\n"
        "SELECT\n"
        "  count(*) AS c0,\n"
        "  count(DISTINCT r0._unit) AS c1\n"
        "FROM r0\n"
        "WHERE (r0.\"region\" = 'o''n')\n"
        "LIMIT 200001"
    )


def test_preview_needs_no_engine() -> None:
    """`query check` runs on a laptop without the server's parts: writing SQL imports no DuckDB."""
    script = "import sys, cleanroom.engine.sql; print('duckdb' in sys.modules, 'pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]
