"""One small seeded room over the shipped contracts, twice: behind our engine at k = 1, and as plain DuckDB tables.

Nobody is NULL, so that no threshold hides a cell. A timestamp acts like its date in the language; the plain tables hold
its date.
"""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

import duckdb
import pyarrow as pa

from cleanroom.contracts import shipped_contracts
from cleanroom.contracts.model import ColumnType
from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session
from cleanroom.names import DatasetName, MemberName, SnapshotId
from cleanroom.plan import Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.ledger_port import NoLedger
from cleanroom.release import release
from cleanroom.shape import QueryShape

OWNER = MemberName("harbor")
DATASETS = tuple(DatasetName(name) for name in ("sales", "claims", "registrations", "returns", "service_tickets"))
_ROWS = 120
_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DECIMAL: pa.decimal128(18, 4),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
    ColumnType.TOKEN: pa.string(),
}
_WORDS = {"region": ("n", "s", "N", "o'n", "", "none"), "channel": ("web", "store", "n")}
_AMOUNTS = tuple(Decimal(text) for text in ("-3.5", "0", "0.25", "2", "12.5", "100", "1.0001"))

Row = tuple[object, ...]


@cache
def tables() -> dict[DatasetName, pa.Table]:
    """The rows of every dataset."""
    draw = random.Random(5)  # noqa: S311  # repeatable on purpose
    found = {}
    for dataset in DATASETS:
        columns = shipped_contracts()[dataset].stored
        rows = [{str(c.name): _cell(draw, str(c.name), c.type, number) for c in columns} for number in range(_ROWS)]
        found[dataset] = pa.Table.from_pylist(rows, pa.schema({str(c.name): _TYPES[c.type] for c in columns}))
    return found


def _cell(draw: random.Random, name: str, kind: ColumnType, number: int) -> object:
    if kind is ColumnType.TOKEN:
        return f"00000000-0000-0000-0000-0000000000{draw.randrange(30):02d}"
    if draw.random() < 0.12 and not name.endswith("_id"):
        return None
    day = date(2024, 1, 1) + timedelta(days=draw.randrange(760))
    match kind:
        case ColumnType.TEXT:
            return f"{name}{number}" if name.endswith("_id") else draw.choice(_WORDS.get(name, ("a", "b", "n")))
        case ColumnType.INTEGER:
            return draw.choice((-3, 0, 1, 2, 5, 7))
        case ColumnType.DECIMAL:
            return draw.choice(_AMOUNTS)
        case ColumnType.BOOLEAN:
            return draw.random() < 0.5
        case ColumnType.DATE:
            return day
        case _:
            return datetime(day.year, day.month, day.day, draw.randrange(24), draw.randrange(60))  # noqa: DTZ001


@cache
def plain() -> duckdb.DuckDBPyConnection:
    """The same rows where any SQL runs."""
    connection = duckdb.connect()
    for dataset, table in tables().items():
        moments = [
            name for name, kind in zip(table.schema.names, table.schema.types, strict=True) if kind == "timestamp[us]"
        ]
        dates = f" REPLACE ({', '.join(f'{name}::DATE AS {name}' for name in moments)})" if moments else ""
        connection.register("incoming", table)
        connection.execute(f"CREATE TABLE {dataset} AS SELECT *{dates}, '{OWNER}' AS contributor FROM incoming")
        connection.unregister("incoming")
    return connection


@cache
def _session() -> Session:
    return Session.over_tables({(OWNER, dataset): table for dataset, table in tables().items()})


def released(shape: QueryShape) -> tuple[list[str], list[Row]]:
    """Names and rows of our answer, nothing withheld and nothing clamped."""
    sources = tuple(
        SourceObligations(
            dataset=source.dataset, members=(OWNER,), minimum_units=1, contributors=None, clamps={}, zeros=True,
            privacy_unit=shipped_contracts()[source.dataset].privacy_unit, policies=(),
        )
        for source in shape.sources
    )  # fmt: skip
    plan = Plan(
        shape=shape,
        obligations=Obligations(sources=sources, receivers=(OWNER,), mechanism=Mechanism.SUPPRESS),
        tables=tuple(
            (PinnedTable(member=OWNER, dataset=source.dataset, snapshot=SnapshotId(1)),) for source in shape.sources
        ),
        querier=OWNER,
        purpose="warranty",
    )
    answer = release(plan, session=_session(), ledger=NoLedger(), control=RunControl(limit_seconds=60))
    return [column.name for column in answer.columns], [tuple(row) for row in answer.rows]
