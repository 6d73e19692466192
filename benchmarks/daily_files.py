"""A season of a chain's daily sales extracts, and what plain DuckDB makes of them when they are loaded in order.

Comes in: how many files, lines a file, a seed (equal seeds give equal files). Among the files are corrections of earlier
days, copies under another name, and lines that are doubled, contradicted, broken, blank, carriage, or a second header.
"""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

FIRST_DAY = date(2026, 1, 5)
HEADER = ("Receipt", "Line", "Sold At", "Store", "SKU", "Model", "Brand", "Serial", "Qty", "Price", "Email", "Updated")
MAPPING = """contract: sales
source: {format: csv, delimiter: ","}
columns:
  transaction_id: Receipt
  line_no: Line
  sale_date: {from: Sold At, date_format: "%d/%m/%Y %H:%M"}
  store_id: Store
  sku: SKU
  model: Model
  brand: Brand
  serial: Serial
  quantity: Qty
  unit_price: Price
  buyer_email: Email
  restated_at: {from: Updated, date_format: "%Y-%m-%d %H:%M"}
constants: {currency: GBP, channel: store}
skip: ["SKU in (CARRIAGE)"]
"""
COMPARED = "transaction_id, line_no, sale_date, store_id, sku, model, quantity, unit_price, restated_at"
_MODELS = ("Kettle 2", "Toaster, wide", "Café 9", "Mill 4")
_ENCODINGS = ("utf-8", "utf-8-sig", "cp1252")
Line = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyFile:
    """One file: where it lies, its lines below the header, and the file whose exact copy it is."""

    path: Path
    lines: int
    copy_of: Path | None = None


def write_daily_files(folder: Path, *, files: int, rows: int, seed: int) -> tuple[DailyFile, ...]:
    """``files`` files of about ``rows`` lines in a new ``folder``, in the order in which they were made."""
    folder.mkdir()
    chance = random.Random(seed)  # noqa: S311 - equal files for equal seeds
    made = _files(folder, rows, chance)
    return tuple(next(made) for _ in range(files))


def _files(folder: Path, rows: int, chance: random.Random) -> Iterator[DailyFile]:
    day = FIRST_DAY
    while True:
        sold = list(_receipts(day, rows, chance))
        path = folder / f"sales-{day}.csv"
        first = DailyFile(path=path, lines=_write(path, _spoilt(sold, chance), chance))
        yield first
        for version in range(1, 1 + chance.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, 2))):
            late = folder / f"sales-{day}-restated-{version}.csv"
            corrected = [_corrected(line, day, version, chance) for line in sold if chance.random() < 0.3]
            yield DailyFile(path=late, lines=_write(late, corrected, chance))
        if chance.random() < 0.03:
            copy = folder / f"sales-{day} (copy).csv"
            copy.write_bytes(path.read_bytes())
            yield replace(first, path=copy, copy_of=path)
        day += timedelta(days=1)


def _receipts(day: date, rows: int, chance: random.Random) -> Iterator[Line]:
    count, receipt = 0, 0
    while count < rows:
        receipt += 1
        store, buyer = f"S{chance.randrange(1, 13):02}", f" Buyer.{chance.randrange(4 * rows)}@Mail.example "
        sold = f"{day:%d/%m/%Y} {chance.randrange(8, 21):02}:{chance.randrange(60):02}"
        for line in range(1, chance.choice((2, 2, 3, 5))):
            count += 1
            model = chance.choice(_MODELS)
            serial = f"{day:%y%m%d}{count:06}" if chance.random() < 0.4 else ""
            sku = "CARRIAGE" if chance.random() < 0.04 else f"SKU-{chance.randrange(400)}"
            price = f"{chance.randrange(500, 99_900) / 100:.2f}"
            email = buyer if receipt % 3 else ""
            number = f"{day:%y%m%d}-{receipt}"
            quantity = str(chance.choice((-1, 1, 1, 1, 2, 3)))
            yield [number, str(line), sold, store, sku, model, "Solstice", serial, quantity, price, email, ""]


def _spoilt(sold: list[Line], chance: random.Random) -> list[Line]:
    """What a nightly export makes of the lines: doubled, contradicted, unreadable, impossible, empty, a second header."""
    found: list[Line] = []
    for line in sold:
        found.append(line)
        fate = chance.random()
        if fate < 0.01:
            found.append([*line])
        elif fate < 0.015:
            found.append([*line[:9], "1.01", *line[10:]])
        elif fate < 0.02:
            found.append([f"{line[0]}X", *line[1:8], "two", *line[9:]])
        elif fate < 0.025:
            found.append([f"{line[0]}Y", line[1], "31/02/2026 10:00", *line[3:]])
        elif fate < 0.03:
            found.append([f"{line[0]}Z", line[1], "01/01/1907 10:00", *line[3:]])
        elif fate < 0.032:
            found.append([*HEADER])
        elif fate < 0.034:
            found.append([""] * len(HEADER))
    return found


def _corrected(line: Line, day: date, version: int, chance: random.Random) -> Line:
    when = datetime(day.year, day.month, day.day) + timedelta(days=7 * version, hours=3)  # noqa: DTZ001 - a till's clock
    return [*line[:8], str(chance.randrange(1, 9)), *line[9:11], f"{when:%Y-%m-%d %H:%M}"]


def _write(path: Path, lines: list[Line], chance: random.Random) -> int:
    with path.open("w", newline="", encoding=chance.choice(_ENCODINGS)) as file:
        csv.writer(file, lineterminator=chance.choice(("\n", "\r\n"))).writerows([HEADER, *lines])
    return len(lines)


def plain_load(files: tuple[DailyFile, ...], folder: Path) -> duckdb.DuckDBPyConnection:
    """A session with the table ``plain``: the files read in order by DuckDB alone, later restatements over earlier ones."""
    folder.mkdir()
    for file in files:
        raw = file.path.read_bytes()
        (folder / file.path.name).write_text(_decoded(raw), encoding="utf-8", newline="")
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in HEADER)
    connection = duckdb.connect()
    connection.execute(
        f"""
        CREATE TABLE plain AS WITH cells AS (
            FROM read_csv('{folder}/*.csv', columns = {{{columns}}}, auto_detect = false, header = true, filename = true)
        ), readable AS (
            SELECT *, TRY_STRPTIME("Sold At", '%d/%m/%Y %H:%M') AS sold, TRY_CAST(Qty AS BIGINT) AS units FROM cells
            WHERE SKU <> 'CARRIAGE' AND sold > TIMESTAMP '1990-01-01' AND units IS NOT NULL
        ), agreeing AS (
            FROM readable WINDOW one AS (PARTITION BY filename, Receipt, Line) QUALIFY min(Price) OVER one = max(Price) OVER one
        )
        SELECT DISTINCT ON (Receipt, Line) Receipt AS transaction_id, Line::INT AS line_no, sold::DATE AS sale_date, Store AS store_id, SKU AS sku,
            Model AS model, units AS quantity, Price::DECIMAL(18, 4) AS unit_price, Updated::TIMESTAMP AS restated_at,
            lower(trim(Email)) AS email, Serial AS serial
        FROM agreeing ORDER BY Receipt, Line, Updated::TIMESTAMP DESC NULLS LAST"""
    )
    return connection


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252")
