"""How long ``prepare`` takes beside DuckDB's own ``COPY (FROM read_csv) TO parquet`` of the same file.

    python benchmarks/prepare_ratio.py 5000000

Prints seconds of both (best of three), seconds of processor, peak memory, rows a second, and the ratios. Each runs in a process of its own.
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

MAPPING = b"""
contract: sales
source: {format: csv, delimiter: ","}
columns:
  sale_id: sale_id
  store_id: store_id
  region: region
  channel: channel
  sale_date: sale_date
  transaction_id: transaction_id
  line_no: line_no
  gtin: gtin
  sku: sku
  model: model
  brand: brand
  serial: serial
  quantity: quantity
  unit_price: unit_price
  net_amount: net_amount
  currency: currency
  buyer_email: buyer_email
  buyer_phone: {from: buyer_phone, region: GB}
"""


def write_sales(path: Path, rows: int) -> None:
    """A sales extract as a till writes it: 18 columns, e-mails in three spellings, a third with a phone."""
    duckdb.sql(f"""
        copy (select 'S' || i as sale_id, 'store' || (i % 200) as store_id, 'region' || (i % 12) as region,
          case when i % 3 = 0 then 'online' else 'store' end as channel,
          date '2025-01-01' + (i * 365 // {rows})::int as sale_date, 'T' || (i // 2) as transaction_id,
          i % 2 + 1 as line_no, '0' || (400638100000 + i % 500) || (10 - (list_sum(list_transform(range(12), k ->
          substr((400638100000 + i % 500)::varchar, (k + 1)::int, 1)::int * (case when k % 2 = 0 then 1 else 3 end)))
          % 10)::int) % 10 as gtin, 'SKU' || (i % 500) as sku, 'model' || (i % 40) as model,
          'brand' || (i % 3) as brand, 'SN-' || lpad(i::varchar, 9, '0') as serial, 1 as quantity,
          (10 + i % 90) || '.99' as unit_price, (10 + i % 90) || '.99' as net_amount, 'GBP' as currency,
          case i % 4 when 0 then null when 1 then ' Customer.' || (i % 300000) || '@Mail.example'
            else 'customer' || (i % 300000) || '@gmail.com' end as buyer_email,
          case when i % 3 = 0 then '+44 7700 9' || lpad((i % 100000)::varchar, 5, '0') end as buyer_phone
        from range({rows}) t(i)) to '{path}' (header)""")


def prepare_once(folder: Path) -> None:
    """Read, map, normalise, tokenise, convert, package."""
    from cleanroom.contracts import shipped_contracts
    from cleanroom.crypto import CollaborationKey, MemberKeys
    from cleanroom.names import MemberName
    from connectors.mapping import load_mapping
    from connectors.prepare import prepare

    contracts = shipped_contracts()
    mapping = load_mapping(MAPPING, contracts)
    seeded = random.Random(1)  # noqa: S311 - a benchmark's key
    keys, shared = MemberKeys.generate(seeded.randbytes), CollaborationKey.generate(seeded.randbytes)
    started = _now()
    prepared = prepare(
        [folder / "sales.csv"],
        mapping=mapping,
        contract=contracts[mapping.contract],
        out=folder / f"package-{time.perf_counter_ns()}",
        member=MemberName("harbor"),
        keys=keys,
        collaboration=shared,
        now=datetime.now(UTC),
    )
    _report(started)
    assert prepared.manifest.rows_rejected == 0, prepared.findings


def copy_once(folder: Path) -> None:
    """DuckDB's own way."""
    started = _now()
    duckdb.sql(f"copy (from read_csv('{folder}/sales.csv')) to '{folder}/copy.parquet' (format parquet)")
    _report(started)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _report(started: tuple[float, float]) -> None:
    seconds, processor = (now - then for now, then in zip(_now(), started, strict=True))
    print(seconds, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def _measured(what: str, folder: str) -> tuple[float, float, int]:
    runs = []
    for _ in range(3):
        shown = subprocess.run(
            [sys.executable, "-m", "benchmarks.prepare_ratio", "--run", what, folder], check=True, capture_output=True
        )
        seconds, processor, mebibytes = shown.stdout.split()
        runs.append((float(seconds), float(processor), int(mebibytes)))
    return min(runs)


def main() -> None:
    """Compare."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("rows", nargs="?", type=int, default=1_000_000)
    arguments.add_argument("--run", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.run:
        (prepare_once if given.run[0] == "prepare" else copy_once)(Path(given.run[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_sales(Path(folder) / "sales.csv", given.rows)
        size = (Path(folder) / "sales.csv").stat().st_size / 1e6
        copied = _measured("copy", folder)
        prepared = _measured("prepare", folder)
    print(f"{given.rows:,} rows, {size:,.0f} MB of CSV")
    for name, (seconds, processor, mebibytes) in (("DuckDB COPY", copied), ("prepare", prepared)):
        rate = given.rows / seconds
        print(
            f"{name:12} {seconds:8.2f} s {processor:8.2f} s of processor {mebibytes:6,} MiB peak {rate:12,.0f} rows/s"
        )
    print(f"{'ratio':12} {prepared[0] / copied[0]:8.2f}   {prepared[1] / copied[1]:8.2f}")


if __name__ == "__main__":
    main()
