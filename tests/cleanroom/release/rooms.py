"""Random small rooms and random legal questions about them, as hypothesis strategies.

Three datasets in miniature: ``sales`` (one to three members), ``claims`` (one or two), ``tickets`` (one). Units repeat,
tokens are NULL now and then, joins fan out, thresholds are as small as the tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa
from hypothesis import strategies as st

from cleanroom.names import ColumnName, DatasetName, MemberName, SnapshotId
from cleanroom.plan import Contributors, Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    And,
    Case,
    CaseBranch,
    Coalesced,
    ColumnRef,
    Compare,
    CompareOp,
    DateDiff,
    DatePart,
    Dimension,
    DimensionValue,
    Fn,
    Grain,
    In,
    IsNull,
    Join,
    JoinKind,
    JoinPair,
    Literal,
    LiteralType,
    Not,
    Or,
    Output,
    PerUnit,
    PerUnitFn,
    PerUnitOutput,
    PlainColumn,
    Predicate,
    QueryShape,
    Source,
    Truncated,
)

Rows = list[dict[str, object]]
Key = tuple[MemberName, DatasetName]

HARBOR, MILL, PIER, SOLSTICE = (MemberName(name) for name in ("harbor", "mill-lane", "pier", "solstice"))
SALES, CLAIMS, TICKETS = (DatasetName(name) for name in ("sales", "claims", "tickets"))
SCHEMAS: Mapping[str, pa.Schema] = {
    "sales": pa.schema(
        {
            "region": pa.string(),
            "sale_date": pa.date32(),
            "unit_token": pa.string(),
            "buyer_token": pa.string(),
            "quantity": pa.int64(),
            "amount": pa.decimal128(18, 4),
        }
    ),
    "claims": pa.schema(
        {
            "claim_id": pa.string(),
            "claim_date": pa.date32(),
            "outcome": pa.string(),
            "unit_token": pa.string(),
            "owner_token": pa.string(),
            "cost": pa.decimal128(18, 4),
        }
    ),
    "tickets": pa.schema(
        {"ticket_id": pa.string(), "topic": pa.string(), "unit_token": pa.string(), "caller": pa.string()}
    ),
}
UNITS = {"sales": "buyer_token", "claims": "owner_token", "tickets": "caller"}

_tokens = st.sampled_from([None, *(f"t{n}" for n in range(9))])
_people = st.sampled_from([None, *(f"p{n}" for n in range(7))])
_dates = st.sampled_from([None, date(2024, 1, 5), date(2024, 1, 31), date(2024, 2, 1), date(2025, 2, 28)])
_amounts = st.sampled_from([None, Decimal("-3.5"), Decimal(0), Decimal("0.0001"), Decimal("12.25"), Decimal(900)])
_CELLS: Mapping[str, st.SearchStrategy[object]] = {
    "region": st.sampled_from([None, "N", "O'N", ""]),
    "sale_date": _dates,
    "claim_date": _dates,
    "unit_token": _tokens,
    "buyer_token": _people,
    "owner_token": _people,
    "caller": _people,
    "quantity": st.sampled_from([None, -2, 0, 1, 5, 1000]),
    "amount": _amounts,
    "cost": _amounts,
    "claim_id": st.sampled_from([None, "c1", "c2", "c3", "c4"]),
    "ticket_id": st.sampled_from([None, "k1", "k2"]),
    "outcome": st.sampled_from([None, "repair", "deny"]),
    "topic": st.sampled_from([None, "noise", "heat"]),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A plan and the clear rows it is about, per pinned table."""

    plan: Plan
    rows: Mapping[Key, Rows]
    slots: int
    """Slots of the stored occupancy masks: few, so that they collide; 0 for tables without masks."""

    def tables(self) -> dict[Key, pa.Table]:
        """The rows as Arrow tables, with the physical columns a vault would store."""
        return {key: self._table(key[1], rows) for key, rows in self.rows.items()}

    def _table(self, dataset: DatasetName, rows: Rows) -> pa.Table:
        table = pa.Table.from_pylist(rows, schema=SCHEMAS[dataset])
        if not self.slots:
            return table
        units = [row[UNITS[dataset]] for row in rows]
        masks = [0 if unit is None else 1 << int(str(unit)[1:]) % self.slots for unit in units]
        return table.append_column(f"_mask_{UNITS[dataset]}", pa.array(masks, pa.uint64()))


def ref(source: int, column: str) -> ColumnRef:
    """A column reference."""
    return ColumnRef(source=source, column=ColumnName(column))


def text(value: str) -> Literal:
    """A text literal."""
    return Literal(type=LiteralType.TEXT, value=value)


@st.composite
def rooms(draw: st.DrawFn) -> Room:
    """A room with a legal question."""
    sources = draw(st.lists(st.sampled_from([CLAIMS, TICKETS]), max_size=2).map(lambda more: [SALES, *more]))
    described = [_source(draw, index, name) for index, name in enumerate(sources)]
    columns = [_columns_of(source) for source in described]
    members = {
        SALES: draw(st.sampled_from([(HARBOR,), (HARBOR, MILL), (HARBOR, MILL, PIER)])),
        CLAIMS: draw(st.sampled_from([(SOLSTICE,), (PIER, SOLSTICE)])),
        TICKETS: (SOLSTICE,),
    }
    dimensions = tuple(draw(st.lists(_dimension(columns), max_size=2)))
    aggregates = tuple(draw(st.lists(_aggregate(columns), min_size=1, max_size=4)))
    shape = QueryShape(
        sources=tuple(described),
        where=draw(st.none() | _predicate(columns)),
        dimensions=dimensions,
        aggregates=aggregates,
        outputs=(
            *(Output(name=f"d{n}", value=DimensionValue(index=n)) for n in range(len(dimensions))),
            *(Output(name=f"m{n}", value=AggregateValue(index=n)) for n in range(len(aggregates))),
        ),
    )
    obligations = Obligations(
        sources=tuple(_obligations(draw, name, members[name]) for name in sources),
        receivers=(SOLSTICE,),
        mechanism=Mechanism.SUPPRESS,
    )
    tables = tuple(
        tuple(PinnedTable(member=m, dataset=name, snapshot=SnapshotId(1)) for m in members[name]) for name in sources
    )
    rows = {(m, name): draw(_rows(name)) for name in dict.fromkeys(sources) for m in members[name]}
    plan = Plan(shape=shape, obligations=obligations, tables=tables, querier=SOLSTICE, purpose="warranty")
    return Room(plan=plan, rows=rows, slots=draw(st.sampled_from([0, 2, 3, 64])))


def _rows(dataset: str) -> st.SearchStrategy[Rows]:
    row = st.fixed_dictionaries({name: _CELLS[name] for name in SCHEMAS[dataset].names})
    return st.lists(row, max_size=14)


def _source(draw: st.DrawFn, index: int, dataset: DatasetName) -> Source:
    join = None
    if index:
        to = draw(st.integers(0, index - 1))
        kind = draw(st.sampled_from(JoinKind))
        join = Join(kind=kind, pairs=(JoinPair(left=ref(to, "unit_token"), right=ref(index, "unit_token")),))
    per_unit = draw(st.none() | st.just(_fold())) if dataset == CLAIMS else None
    return Source(alias=f"a{index}", dataset=dataset, join=join, per_unit=per_unit)


def _fold() -> PerUnit:
    repaired = Compare(op=CompareOp.EQ, left=PlainColumn(column=ref(0, "outcome")), right=text("repair"))
    return PerUnit(
        key=ColumnName("unit_token"),
        outputs=(
            PerUnitOutput(name=ColumnName("claims"), fn=PerUnitFn.COUNT, column=ref(0, "claim_id")),
            PerUnitOutput(name=ColumnName("every"), fn=PerUnitFn.COUNT, column=None, filter=repaired),
            PerUnitOutput(name=ColumnName("first_claim"), fn=PerUnitFn.MIN, column=ref(0, "claim_date")),
            PerUnitOutput(name=ColumnName("kinds"), fn=PerUnitFn.COUNT_DISTINCT, column=ref(0, "outcome")),
            PerUnitOutput(name=ColumnName("spent"), fn=PerUnitFn.SUM, column=ref(0, "cost")),
        ),
        where=Not(term=IsNull(left=PlainColumn(column=ref(0, "claim_date")))),
    )


def _columns_of(source: Source) -> Mapping[str, tuple[str, ...]]:
    """Column names by what they may be used for."""
    if source.per_unit is not None:
        return {"text": (), "date": ("first_claim",), "number": ("claims", "spent"), "any": ("claims", "kinds")}
    match source.dataset:
        case "sales":
            return {
                "text": ("region", "contributor"),
                "date": ("sale_date",),
                "number": ("quantity", "amount"),
                "any": ("unit_token", "buyer_token", "region"),
            }
        case "claims":
            return {
                "text": ("outcome", "contributor"),
                "date": ("claim_date",),
                "number": ("cost",),
                "any": ("claim_id", "unit_token", "owner_token"),
            }
        case _:
            return {"text": ("topic",), "date": (), "number": (), "any": ("ticket_id", "caller")}


Columns = list[Mapping[str, tuple[str, ...]]]


def _some(columns: Columns, kind: str) -> st.SearchStrategy[ColumnRef]:
    found = [ref(index, name) for index, names in enumerate(columns) for name in names[kind]]
    return st.sampled_from(found)


def _dimension(columns: Columns) -> st.SearchStrategy[Dimension]:
    texts, dates = _some(columns, "text"), _some(columns, "date")
    grains = st.sampled_from([Grain.MONTH, Grain.QUARTER, Grain.YEAR])
    plain = st.builds(lambda c: PlainColumn(column=c), texts)
    return st.one_of(
        plain,
        st.builds(lambda g, c: Truncated(grain=g, column=c), grains, dates),
        st.builds(lambda g, c: DatePart(part=g, column=c), grains, dates),
        st.builds(lambda g, a, b: DateDiff(grain=g, start=a, end=b), grains, dates, dates),
        st.builds(lambda d: Coalesced(dimension=d, default=text("it's none")), plain),
        st.builds(
            lambda p, e: Case(branches=(CaseBranch(when=p, then=text("yes")),), otherwise=e),
            _predicate(columns),
            st.none() | st.just(text("no")),
        ),
    )


def _predicate(columns: Columns) -> st.SearchStrategy[Predicate]:
    texts = _some(columns, "text").map(lambda c: PlainColumn(column=c))
    dates = _some(columns, "date").map(lambda c: PlainColumn(column=c))
    words = st.sampled_from(["N", "O'N", "", "repair", "noise", "harbor", "solstice", "\x00\n"]).map(text)
    days = st.sampled_from([date(2024, 1, 31), date(2025, 1, 1)]).map(lambda d: Literal(type=LiteralType.DATE, value=d))
    ops = st.sampled_from(CompareOp)
    leaves = st.one_of(
        st.builds(lambda o, d, w: Compare(op=o, left=d, right=w), ops, texts, words),
        st.builds(lambda o, d, w: Compare(op=o, left=d, right=w), ops, dates, days),
        st.builds(lambda d, w: In(left=d, options=tuple(w)), texts, st.lists(words, min_size=1, max_size=3)),
        st.builds(lambda d: IsNull(left=d), texts | dates),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=2).map(lambda t: And(terms=tuple(t))),
            st.lists(inner, min_size=2, max_size=2).map(lambda t: Or(terms=tuple(t))),
            inner.map(lambda t: Not(term=t)),
        ),
        max_leaves=3,
    )


def _aggregate(columns: Columns) -> st.SearchStrategy[Aggregate]:
    own = st.none() | _predicate(columns)
    anything, numbers = _some(columns, "any"), _some(columns, "number")
    return st.one_of(
        st.builds(lambda f: Aggregate(fn=Fn.COUNT_STAR, column=None, filter=f), own),
        st.builds(lambda c, f: Aggregate(fn=Fn.COUNT, column=c, filter=f), anything, own),
        st.builds(lambda c, f: Aggregate(fn=Fn.COUNT_DISTINCT, column=c, filter=f), anything, own),
        st.builds(lambda c, f: Aggregate(fn=Fn.SUM, column=c, filter=f), numbers, own),
        st.builds(lambda c, f: Aggregate(fn=Fn.AVG, column=c, filter=f), numbers, own),
    )


def _obligations(draw: st.DrawFn, name: DatasetName, members: tuple[MemberName, ...]) -> SourceObligations:
    rule = st.builds(
        lambda n, share: Contributors(minimum=n, largest_share=Decimal(share)),
        st.integers(1, 3),
        st.sampled_from(["0.5", "0.75", "1"]),
    )
    bounds = st.sampled_from([(Decimal(0), Decimal(10)), (Decimal("-1.5"), Decimal("100.25"))])
    columns = {"sales": ("quantity", "amount"), "claims": ("cost", "spent", "claims"), "tickets": ()}[name]
    return SourceObligations(
        dataset=name,
        members=members,
        privacy_unit=ColumnName(UNITS[name]),
        minimum_units=draw(st.integers(1, 4)),
        contributors=draw(st.none() | rule),
        clamps={ColumnName(column): draw(bounds) for column in columns if draw(st.booleans())},
        zeros=draw(st.booleans()),
        policies=(),
    )
