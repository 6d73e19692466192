"""A room on a small disk of its own that fills up again and again; prints what its retailer saw, as JSON.

Run inside a mount namespace (``unshare -rm``), so that the disk is a real one that nobody else sees.
"""

import json
import subprocess
import sys
from pathlib import Path

from api.room import Room
from api.serving import quiet, served
from tests.flows.feed import Feed, join_retailer

DISK_MEGABYTES = 96
ROWS = 20_000
LEFT_KILOBYTES = (64, 1536, 6144)
"""How much is free when a file is pushed: full while it is received, while it is stored, and not at all."""
MAPPING = """contract: sales
columns:
  transaction_id: {from: Order}
  sale_date: {from: Date}
  sku: {from: SKU}
  serial: {from: Serial}
  brand: {from: Brand}
  quantity: {from: Qty}
  buyer_email: {from: Email}
constants: {currency: GBP}
"""


def extract(folder: Path, number: int) -> Path:
    """A day's file; files share no row."""
    path = folder / f"day-{number:02d}.csv"
    lines = ["Order,Date,SKU,Serial,Brand,Qty,Email"]
    lines += [
        f"A{number}-{row},2026-01-{number + 1:02d},K{row % 50},SN{number}{row:06d},Solstice,1,p{row}@mail.example"
        for row in range(ROWS)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def fill(disk: Path, leave_kilobytes: int) -> Path:
    """A file that takes the rest of the disk but for ``leave_kilobytes``."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
        except OSError:
            file.truncate(max(0, file.tell() - leave_kilobytes * 1024))
    return ballast


def _push(shop: Feed, path: Path, mapping: Path) -> tuple[int, str]:
    how = ("--dataset", "sales", "--mapping", str(mapping), "--mode", "upsert")
    code, _, err = shop.cli("data", "push", str(path), *how, *shop.profile)
    return code, err


def _rows(shop: Feed) -> int:
    (row,) = shop.query("SELECT count(*) FROM h.sales")
    return int(str(row[0]))


def run(folder: Path) -> list[dict[str, object]]:
    """Push a file at every level of fullness, then again with room to spare."""
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(disk)], check=True)
    mapping = folder / "sales.mapping.yaml"
    mapping.write_text(MAPPING)
    quiet()
    seen: list[dict[str, object]] = []
    with Room.create(disk / "room", name="pier") as room, served(room) as url:
        join_retailer(room, folder, url)
        shop = Feed(folder, room, url)
        first, said = _push(shop, extract(folder, 0), mapping)
        assert first == 0, said
        for number, left in enumerate(LEFT_KILOBYTES, start=1):
            path = extract(folder, number)
            ballast = fill(disk, left)
            code, said = _push(shop, path, mapping)
            when_full = _rows(shop)
            ballast.unlink()
            again, said_again = _push(shop, path, mapping)
            seen.append(
                {"left": left, "code": code, "said": said, "rows": when_full, "again": again,
                 "said_again": said_again, "rows_again": _rows(shop)}
            )  # fmt: skip
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]))))
