"""A room in memory for ledger tests: versioned tables in plain DuckDB, shapes built in Python, thresholds as released.

The answers come from ``cleanroom.engine``'s own generated SQL over all pinned rows, so that the ledger is tried on what
the engine would really release; ``held`` remembers, by clear row numbers, what each shown number counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import duckdb

from cleanroom.engine.control import RunControl
from cleanroom.engine.sql import EngineSql, NumberLayout, aggregate_query
from cleanroom.names import ColumnName, DatasetName, MemberName, SnapshotId
from cleanroom.plan import Contributors, Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.about_own import own_reasons
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.privacy.ledger.store import MemoryStore
from cleanroom.released import CellKey
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    And,
    ColumnRef,
    Compare,
    CompareOp,
    Dimension,
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
    PlainColumn,
    Predicate,
    QueryShape,
    Source,
    Truncated,
)

ASKER = MemberName("solstice")
UNITS = {"sales": "buyer", "claims": "owner", "registrations": "owner", "tickets": "owner"}

Row = Mapping[str, object]


def col(column: str, source: int = 0) -> ColumnRef:
    """A column of a source."""
    return ColumnRef(source=source, column=ColumnName(column))


def plain(column: str, source: int = 0) -> PlainColumn:
    """A column as a dimension."""
    return PlainColumn(column=col(column, source))


def month(column: str, source: int = 0, grain: Grain = Grain.MONTH) -> Truncated:
    """A date by month or another grain."""
    return Truncated(grain=grain, column=col(column, source))


def literal(value: str | int | Decimal | bool | date) -> Literal:
    """A typed constant."""
    kinds = {str: LiteralType.TEXT, int: LiteralType.INTEGER, Decimal: LiteralType.DECIMAL, bool: LiteralType.BOOLEAN}
    return Literal(type=kinds.get(type(value), LiteralType.DATE), value=value)


def cmp(column: str | Dimension, op: str, value: str | int | Decimal | bool | date, source: int = 0) -> Compare:
    """``column op value``."""
    left = plain(column, source) if isinstance(column, str) else column
    return Compare(op=CompareOp(op), left=left, right=literal(value))


def within(column: str, *values: str | int, source: int = 0) -> In:
    """``column IN values``."""
    return In(left=plain(column, source), options=tuple(literal(value) for value in values))


def null(column: str, source: int = 0) -> IsNull:
    """``column IS NULL``."""
    return IsNull(left=plain(column, source))


def both(*terms: Predicate) -> And:
    """AND."""
    return And(terms=terms)


def either(*terms: Predicate) -> Or:
    """OR."""
    return Or(terms=terms)


def no(term: Predicate) -> Not:
    """NOT."""
    return Not(term=term)


def count(column: str | None = None, source: int = 0, where: Predicate | None = None) -> Aggregate:
    """COUNT(*) or COUNT(column), with FILTER."""
    reference = None if column is None else col(column, source)
    return Aggregate(fn=Fn.COUNT_STAR if column is None else Fn.COUNT, column=reference, filter=where)


def distinct(column: str, source: int = 0, where: Predicate | None = None) -> Aggregate:
    """COUNT(DISTINCT column)."""
    return Aggregate(fn=Fn.COUNT_DISTINCT, column=col(column, source), filter=where)


def total(column: str, source: int = 0, where: Predicate | None = None) -> Aggregate:
    """SUM(column)."""
    return Aggregate(fn=Fn.SUM, column=col(column, source), filter=where)


def joined(dataset: str, left: str, right: str, kind: str = "inner", parent: int = 0, at: int = 1) -> Source:
    """A source joined on one pair."""
    pair = JoinPair(left=col(left, parent), right=col(right, at))
    return Source(alias=f"s{at}", dataset=DatasetName(dataset), join=Join(kind=JoinKind(kind), pairs=(pair,)))


def ask(
    *measures: Aggregate,
    by: Sequence[Dimension] = (),
    where: Predicate | None = None,
    of: str = "sales",
    joins: Sequence[Source] = (),
) -> QueryShape:
    """A question."""
    measures = measures or (count(),)
    return QueryShape(
        sources=(Source(alias="s0", dataset=DatasetName(of)), *joins),
        where=where,
        dimensions=tuple(by),
        aggregates=measures,
        outputs=tuple(Output(name=f"m{i}", value=AggregateValue(index=i)) for i in range(len(measures))),
    )


class Tables:
    """A stand-in for the locked session: every snapshot of a table is a table of its own."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:")
        self.grids = 0
        self._columns: dict[PinnedTable, TableColumns] = {}

    def store(self, table: PinnedTable, rows: Sequence[Row], types: Mapping[str, str]) -> None:
        """Write one snapshot."""
        columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        self.connection.execute(f"CREATE TABLE {self.reference(table)} ({columns})")
        if rows:
            marks = ", ".join("?" for _ in types)
            values = [[row.get(name) for name in types] for row in rows]
            self.connection.executemany(f"INSERT INTO {self.reference(table)} VALUES ({marks})", values)

    def reference(self, table: PinnedTable) -> str:
        """A snapshot's table."""
        return f'"{table.member}_{table.dataset}_{int(table.snapshot)}"'

    def changes(self, since: PinnedTable, until: PinnedTable) -> None:
        """There is no feed: every snapshot is read."""

    def columns(self, table: PinnedTable) -> "TableColumns":
        """Its columns, remembered as the session does: a pinned table never changes."""
        if table not in self._columns:
            found = self.connection.execute(f"DESCRIBE {self.reference(table)}").fetchall()
            self._columns[table] = TableColumns({str(row[0]): str(row[1]) for row in found})
        return self._columns[table]

    def fetch(self, sql: EngineSql, control: RunControl) -> list[tuple[object, ...]]:
        """All rows."""
        assert control.progress() is None
        self.grids += 1
        return self.connection.execute(sql.text).fetchall()


@dataclass(frozen=True)
class TableColumns:
    """Name to type."""

    by_name: dict[str, str]


@dataclass
class Room:
    """Tables, a ledger (or none), and what thresholds would release."""

    types: Mapping[str, Mapping[str, str]]
    k: int = 5
    contributors: Contributors | None = None
    ledger_on: bool = True
    zeros: bool = True
    tables: Tables = field(default_factory=Tables)
    ledger: Ledger = field(default_factory=lambda: Ledger(MemoryStore()))
    pins: dict[tuple[str, str], int] = field(default_factory=dict)
    data: dict[PinnedTable, list[Row]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=lambda: UNITS)

    def upload(self, member: str, dataset: str, rows: Sequence[Row]) -> None:
        """A member's next snapshot of a dataset."""
        number = self.pins.get((member, dataset), 0) + 1
        self.pins[member, dataset] = number
        table = PinnedTable(member=MemberName(member), dataset=DatasetName(dataset), snapshot=SnapshotId(number))
        self.data[table] = list(rows)
        self.tables.store(table, rows, self.types[dataset])

    def generate(self, member: str, dataset: str, select: str) -> None:
        """A member's next snapshot, made by a query: for rooms with ample data."""
        number = self.pins.get((member, dataset), 0) + 1
        self.pins[member, dataset] = number
        table = PinnedTable(member=MemberName(member), dataset=DatasetName(dataset), snapshot=SnapshotId(number))
        self.tables.connection.execute(f"CREATE TABLE {self.tables.reference(table)} AS {select}")

    def plan(self, shape: QueryShape, receivers: Sequence[str] = ("solstice",), querier: str = "solstice") -> Plan:
        """The question pinned at the newest snapshots."""
        pinned = tuple(
            tuple(
                PinnedTable(member=MemberName(member), dataset=source.dataset, snapshot=SnapshotId(number))
                for (member, dataset), number in sorted(self.pins.items())
                if dataset == source.dataset
            )
            for source in shape.sources
        )
        obligations = tuple(
            SourceObligations(
                dataset=source.dataset,
                members=tuple(table.member for table in tables),
                privacy_unit=ColumnName(self.units[source.dataset]),
                minimum_units=self.k,
                contributors=self.contributors,
                clamps={},
                zeros=self.zeros,
                policies=(),
            )
            for source, tables in zip(shape.sources, pinned, strict=True)
        )
        return Plan(
            shape=shape,
            obligations=Obligations(
                sources=obligations,
                receivers=tuple(MemberName(name) for name in receivers),
                mechanism=Mechanism.SUPPRESS,
            ),
            tables=pinned,
            querier=MemberName(querier),
            purpose="warranty",
        )

    def run(self, shape: QueryShape, receivers: Sequence[str] = ("solstice",), querier: str = "solstice") -> "Answer":
        """Thresholds, then the ledger: what leaves."""
        plan = self.plan(shape, receivers, querier)
        sql = aggregate_query(plan, self.tables.reference)
        rows = self.tables.connection.execute(sql.text).fetchall()
        assert sql.whole is not None
        cells = [row for row in rows if self._passes(plan, sql.whole, row) and row[sql.whole.units[0].column]]
        keys = [tuple(row[: sql.keys]) for row in cells]
        passed = [
            [self._passes(plan, sql.numbers[number], row) for number in range(len(shape.aggregates))] for row in cells
        ]
        shown = passed
        if self.ledger_on:
            shown = self._reviewed(plan, keys, passed)
        return Answer(
            plan=plan,
            keys=keys,
            passed=passed,
            shown=[list(flags) for flags in shown],
            values=[[row[layout.value] for layout in sql.numbers] for row in cells],
        )

    def _reviewed(self, plan: Plan, keys: Sequence[CellKey], passed: Sequence[Sequence[bool]]) -> list[list[bool]]:
        """What may leave of what passed; a cell that is not listed for the asker's own rows is one of withheld numbers."""
        about = self.ledger.ask(plan, session=self.tables)
        told = [own_reasons(about, key, len(plan.shape.aggregates)) for key in keys]
        listed = [at for at, why in enumerate(told) if why[0] is None]
        flags = self.ledger.review(
            plan,
            cells=[keys[at] for at in listed],
            passed=[
                [flag and why is None for flag, why in zip(passed[at], told[at][1:], strict=True)] for at in listed
            ],
            session=self.tables,
        )
        shown = dict(zip(listed, flags, strict=True))
        return [list(shown.get(at, (False,) * len(plan.shape.aggregates))) for at in range(len(keys))]

    def _passes(self, plan: Plan, layout: NumberLayout, row: Sequence[object]) -> bool:
        for units in (*layout.units, *layout.multipliers):
            here = row[units.column]
            if isinstance(here, int) and 0 < here < self.k:
                return False
            minimum = plan.obligations.sources[units.source].contributors
            taking_part = sum(1 for at in units.by_member if row[at])
            if minimum is not None and units.by_member and here and taking_part < minimum.minimum:
                return False
        return True


@dataclass(frozen=True)
class Answer:
    """What left: per cell and measure, whether it was shown and its value."""

    plan: Plan
    keys: list[tuple[object, ...]]
    passed: list[list[bool]]
    shown: list[list[bool]]
    values: list[list[object]]

    def table(self) -> dict[tuple[object, ...], list[object]]:
        """Cells as the receiver sees them; ``withheld`` stands for a number that did not leave."""
        return {
            key: [value if shown else "withheld" for value, shown in zip(values, flags, strict=True)]
            for key, values, flags in zip(self.keys, self.values, self.shown, strict=True)
        }

    def whole(self) -> bool:
        """Whether the ledger withheld nothing."""
        return self.shown == self.passed
