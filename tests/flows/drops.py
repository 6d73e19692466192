"""Daily drops of a web shop as they come: cancellations, postage lines, floats for customers, cp1252, exact repeats."""

import csv
import random
from datetime import date, timedelta
from pathlib import Path

HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
MAPPING = """
contract: sales
source: {format: csv}
columns:
  transaction_id: InvoiceNo
  sku: StockCode
  quantity: Quantity
  unit_price: UnitPrice
  sale_date: {from: InvoiceDate, date_format: "%Y-%m-%d %H:%M:%S"}
  sold_at: {from: InvoiceDate, date_format: "%Y-%m-%d %H:%M:%S"}
  region: Country
  buyer_email: {from: CustomerID, template: "{}@customers.example"}
constants: {currency: GBP, store_id: web, channel: online}
skip: ["StockCode in (POST, M)"]
"""
SKIPPED = "('POST', 'M')"


def write_drops(folder: Path, *, days: int, rows: int, seed: int = 7) -> list[Path]:
    """``days`` files of about ``rows`` lines each, one a day, oldest first."""
    chance = random.Random(seed)  # noqa: S311 - equal files for equal seeds
    folder.mkdir()
    return [_drop(folder, date(2010, 12, 1) + timedelta(days=day), rows, chance) for day in range(days)]


def _drop(folder: Path, day: date, rows: int, chance: random.Random) -> Path:
    lines: list[list[str]] = []
    invoice = (day - date(2010, 1, 1)).days * 1000
    while len(lines) < rows:
        invoice += 1
        is_cancelled = chance.random() < 0.04
        customer = f"{chance.randrange(12000, 12080)}.0" if chance.random() < 0.7 else ""
        stamp = f"{day} {chance.randrange(8, 20):02}:{chance.randrange(60):02}:00"
        country = chance.choice(["United Kingdom"] * 6 + ["France", "EIRE", "Norway"])
        for _ in range(chance.randrange(1, 9)):
            sku = "POST" if chance.random() < 0.05 else f"{chance.randrange(20000, 20400)}{chance.choice('ABC')}"
            quantity = -chance.randrange(1, 9) if is_cancelled else chance.randrange(1, 40)
            number = f"C{invoice}" if is_cancelled else str(invoice)
            price = f"{chance.randrange(10, 2999) / 100:.2f}"
            words = chance.choice(["CAFÉ SET, BLUE", 'A 6" BOWL', "LANTERN", ""])
            lines.append([number, sku, words, str(quantity), stamp, price, customer, country])
    lines.append(lines[-1])  # a line that stands twice is sold twice
    path = folder / f"{day}.csv"
    with path.open("w", newline="", encoding=chance.choice(["utf-8", "utf-8-sig", "cp1252"])) as file:
        csv.writer(file, lineterminator=chance.choice(["\n", "\r\n"])).writerows([HEADER, *lines])
    return path


def restate(path: Path) -> int:
    """Put another quantity on every seventh product line, as a shop that corrects itself does; how many were changed."""
    raw = path.read_bytes()
    encoding = "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8" if _is_utf8(raw) else "cp1252"
    rows = list(csv.reader(raw.decode(encoding).splitlines()))
    products = [row for row in rows[1:] if row[1] != "POST"]
    for row in products[::7]:
        row[3] = str(int(row[3]) + 100)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return len(products[::7])


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def utf8_copies(files: list[Path], folder: Path) -> str:
    """The files as UTF-8 in ``folder``, for a plain reader that knows no other; the glob to read."""
    folder.mkdir()
    for path in files:
        raw = path.read_bytes()
        (folder / path.name).write_text(raw.decode("utf-8-sig" if _is_utf8(raw) else "cp1252"), newline="")
    return str(folder / "*.csv")
