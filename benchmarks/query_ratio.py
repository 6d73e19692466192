"""A protected join query against the same aggregate in plain DuckDB: time as ratios, and peak memory of each.

Run ``python benchmarks/query_ratio.py [--sales 10000000] [--claims 1000000] [--dir FOLDER]``. It makes its data in a
temporary folder: plain Parquet with UUID tokens, plain Parquet with 64-character hex tokens, and one encrypted vault
per member. Each measurement is a process of its own (best of three, so files are in the page cache for all alike):

* ``plain``: the aggregate as an analyst would write it, unprotected, over the UUID Parquet;
* ``hex``: the same over the hex Parquet;
* ``protected``: the whole release story without the ledger: plan, bounds, thresholds, released table.

Aims (issue 2): protected / plain <= 1.25, protected / hex <= 0.6.
"""

import argparse
import json
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb

from cleanroom.contracts import shipped_contracts
from cleanroom.crypto.keys import DataKey
from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session, SessionLimits
from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.plan import Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.ledger_port import NoLedger
from cleanroom.release import release
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    ColumnRef,
    Dimension,
    DimensionValue,
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
from cleanroom.vault.lake import LakePlace
from cleanroom.vault.physical import physical_expressions
from cleanroom.vault.session import LAKE
from cleanroom.vault.tables import create_statements, quoted
from cleanroom.vault.vault import Vault

THREADS = 2
MEMBERS = {"sales": MemberName("harbor"), "claims": MemberName("solstice")}
SALES_SQL = """
SELECT CAST(i AS VARCHAR) AS sale_id, ['north','south','east','west','centre'][1 + i % 5] AS region,
  DATE '2024-01-01' + CAST(hash(i, 1) % 730 AS INTEGER) AS sale_date, 'sku-' || hash(i, 2) % 40 AS sku,
  CAST(hash(i, 3) % 100000 AS DECIMAL(18, 4)) / 100 AS net_amount,
  CAST(md5('u' || i) AS UUID) AS unit_token, CAST(md5('b' || hash(i, 4) % {buyers}) AS UUID) AS buyer_token
FROM range({rows}) t(i)
"""
CLAIMS_SQL = """
SELECT CAST(i AS VARCHAR) AS claim_id, DATE '2024-06-01' + CAST(hash(i, 5) % 730 AS INTEGER) AS claim_date,
  CAST(hash(i, 6) % 50000 AS DECIMAL(18, 4)) / 100 AS total_cost,
  CAST(md5('u' || hash(i, 7) % {sales}) AS UUID) AS unit_token, CAST(md5('o' || i // 2) AS UUID) AS owner_token
FROM range({rows}) t(i)
"""
HEX = "* REPLACE (sha256(CAST(unit_token AS VARCHAR)) AS unit_token, sha256(CAST({unit} AS VARCHAR)) AS {unit})"


def _column(source: int, name: str) -> ColumnRef:
    return ColumnRef(source=source, column=ColumnName(name))


REGION: Dimension = PlainColumn(column=_column(0, "region"))
MONTH: Dimension = Truncated(grain=Grain.MONTH, column=_column(0, "sale_date"))
QUESTIONS: dict[str, tuple[str, JoinKind, tuple[Aggregate, ...]]] = {
    "claim rate (the template of the design)": (
        "count(DISTINCT s.unit_token), count(c.claim_id)",
        JoinKind.LEFT,
        (
            Aggregate(fn=Fn.COUNT_DISTINCT, column=_column(0, "unit_token")),
            Aggregate(fn=Fn.COUNT, column=_column(1, "claim_id")),
        ),
    ),
    "claims and cost": (
        "count(c.claim_id), sum(least(greatest(c.total_cost, 0), 10000)), avg(s.net_amount)",
        JoinKind.INNER,
        (
            Aggregate(fn=Fn.COUNT, column=_column(1, "claim_id")),
            Aggregate(fn=Fn.SUM, column=_column(1, "total_cost")),
            Aggregate(fn=Fn.AVG, column=_column(0, "net_amount")),
        ),
    ),
    "sales and claims": (
        "count(*), count(c.claim_id), sum(least(greatest(c.total_cost, 0), 10000))",
        JoinKind.LEFT,
        (
            Aggregate(fn=Fn.COUNT_STAR, column=None),
            Aggregate(fn=Fn.COUNT, column=_column(1, "claim_id")),
            Aggregate(fn=Fn.SUM, column=_column(1, "total_cost")),
        ),
    ),
}


def main() -> None:
    """Make the data, measure, print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sales", type=int, default=10_000_000)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--dir", type=Path, default=None, help="keep the data here and use it again")
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "QUESTION"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        _measure(arguments.dir, *arguments.measure)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.dir or Path(temporary)
        _make_data(folder, arguments.sales, arguments.claims)
        print(f"{arguments.sales:,} sales x {arguments.claims:,} claims, {THREADS} threads; best of three")
        for name in QUESTIONS:
            found = {way: _in_own_process(folder, way, name) for way in ("plain", "hex", "protected")}
            seconds = {way: figures["seconds"] for way, figures in found.items()}
            memory = ", ".join(f"{way} {figures['peak_mb']:.0f} MB" for way, figures in found.items())
            times = ", ".join(f"{way} {value:.2f} s" for way, value in seconds.items())
            print(f"\n{name}\n  {times}\n  peak memory: {memory}")
            print(f"  protected / plain {seconds['protected'] / seconds['plain']:.2f} (aim <= 1.25)", end="   ")
            print(f"protected / hex {seconds['protected'] / seconds['hex']:.2f} (aim <= 0.6)")


def _make_data(folder: Path, sales: int, claims: int) -> None:
    if (folder / "ready").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "keys.json"
    keys = {name: secrets.token_hex(32) for name in MEMBERS}
    key_file.write_text(json.dumps(keys))
    queries = {
        "sales": (SALES_SQL.format(rows=sales, buyers=max(sales // 3, 1)), "buyer_token"),
        "claims": (CLAIMS_SQL.format(rows=claims, sales=sales), "owner_token"),
    }
    for name, (query, unit) in queries.items():
        connection = duckdb.connect(config={"threads": THREADS})
        plain, hexed = folder / f"{name}.parquet", folder / f"{name}.hex.parquet"
        connection.execute(f"COPY ({query}) TO '{plain}' (COMPRESSION zstd)")
        connection.execute(f"COPY (SELECT {HEX.format(unit=unit)} FROM '{plain}') TO '{hexed}' (COMPRESSION zstd)")
        connection.close()
        _fill_vault(folder, name, plain)
    (folder / "ready").touch()


def _vault(folder: Path, name: str) -> Vault:
    secret = bytes.fromhex(json.loads((folder / "keys.json").read_text())[name])
    place = LakePlace(member=MEMBERS[name], root=folder / f"vault-{name}")
    return Vault(place=place, key=DataKey.generate(lambda _size: secret))


def _fill_vault(folder: Path, name: str, parquet: Path) -> None:
    contract = shipped_contracts()[DatasetName(name)]
    with _vault(folder, name).writer(wait=True) as writer:
        present = frozenset(row[0] for row in writer.connection.execute(f"DESCRIBE FROM '{parquet}'").fetchall())
        for statement in create_statements(contract, lake=LAKE):
            writer.connection.execute(statement)
        expressions = ", ".join(physical_expressions(contract, present))
        writer.connection.execute(f"INSERT INTO {LAKE}.{quoted(name)} SELECT {expressions} FROM '{parquet}'")


def _in_own_process(folder: Path, way: str, question: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--dir", str(folder), "--measure", way, question]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _measure(folder: Path, way: str, question: str) -> None:
    run = _protected(folder, question) if way == "protected" else _plain(folder, question, way)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": min(seconds), "peak_mb": _peak_mb()}))


def _peak_mb() -> float:
    # ru_maxrss survives exec and would show the parent's peak; the kernel's high-water mark is this program's own.
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _plain(folder: Path, question: str, way: str) -> Callable[[], object]:
    measures, kind, _ = QUESTIONS[question]
    suffix = ".hex.parquet" if way == "hex" else ".parquet"
    connection = duckdb.connect(config={"threads": THREADS, "preserve_insertion_order": False})
    text = (
        f"SELECT s.region, date_trunc('month', s.sale_date), {measures} FROM '{folder}/sales{suffix}' s "
        f"{kind.value} JOIN '{folder}/claims{suffix}' c ON s.unit_token = c.unit_token GROUP BY 1, 2"
    )
    return lambda: connection.execute(text).fetchall()


def _protected(folder: Path, question: str) -> Callable[[], object]:
    lakes = {name: _vault(folder, name).published() for name in MEMBERS}
    tables = tuple(
        (PinnedTable(member=MEMBERS[name], dataset=DatasetName(name), snapshot=lakes[name].snapshot),)
        for name in MEMBERS
    )
    plan = _plan(question, tables)
    session = Session.over_lakes(lakes.values(), SessionLimits(threads=THREADS, memory_bytes=4_000_000_000))

    def run() -> object:
        table = release(plan, session=session, ledger=NoLedger(), control=RunControl(limit_seconds=600))
        assert len(table.rows) == 5 * 24, len(table.rows)
        return table

    return run


def _plan(question: str, tables: tuple[tuple[PinnedTable, ...], ...]) -> Plan:
    _, kind, aggregates = QUESTIONS[question]
    join = Join(kind=kind, pairs=(JoinPair(left=_column(0, "unit_token"), right=_column(1, "unit_token")),))
    shape = QueryShape(
        sources=(
            Source(alias="s", dataset=DatasetName("sales")),
            Source(alias="c", dataset=DatasetName("claims"), join=join),
        ),
        where=None,
        dimensions=(REGION, MONTH),
        aggregates=aggregates,
        outputs=(
            Output(name="region", value=DimensionValue(index=0)),
            Output(name="sale_month", value=DimensionValue(index=1)),
            *(Output(name=f"m{n}", value=AggregateValue(index=n)) for n in range(len(aggregates))),
        ),
    )
    bounds = {ColumnName("total_cost"): (Decimal(0), Decimal(10000))}
    sources = tuple(
        SourceObligations(
            dataset=DatasetName(name),
            members=(MEMBERS[name],),
            privacy_unit=ColumnName(unit),
            minimum_units=25,
            contributors=None,
            clamps=bounds if name == "claims" else {},
            zeros=True,
            policies=(),
        )
        for name, unit in (("sales", "buyer_token"), ("claims", "owner_token"))
    )
    obligations = Obligations(sources=sources, receivers=(MEMBERS["claims"],), mechanism=Mechanism.SUPPRESS)
    return Plan(shape=shape, obligations=obligations, tables=tables, querier=MEMBERS["claims"], purpose="warranty")


if __name__ == "__main__":
    main()
