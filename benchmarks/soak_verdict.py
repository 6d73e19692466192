"""A soaked room and the files it was fed -> whether it holds what a plain load in order holds, and every line is accounted for."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from api.room import Room
from benchmarks.daily_files import COMPARED, DailyFile, plain_load
from cleanroom.client.profile import load_profile
from cleanroom.client.remote import RoomClient
from cleanroom.names import MemberName
from cleanroom.vault import attach_lake, load_lake_extensions

Totals = tuple[object, ...]
_TOTALS = "count(*), sum(quantity), sum(quantity * unit_price)::DECIMAL(18, 2), count(restated_at)"
_ENDED = ("committed", "refused", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``lines`` of all distinct files, ``counts`` of what became of them, totals of both sides, and what is wrong."""

    lines: int
    counts: Mapping[str, int]
    held: Totals
    expected: Totals
    problems: tuple[str, ...]


def verdict(folder: Path, url: str, files: Sequence[DailyFile]) -> Verdict:
    """Look at uploads, receipts, snapshots and rows."""
    profile = load_profile(folder / "profile.json")
    with RoomClient(url, profile.api_key) as client:
        uploads = client.every("/uploads")
        snapshots = client.every("/datasets/sales/snapshots")
    contents = {sha256(file.path.read_bytes()).digest(): file for file in files}
    receipts = {view["upload_id"]: json.loads(view["receipt"])["receipt"] for view in uploads if view["receipt"]}
    problems = [*_unended(uploads), *_unreconciled(receipts), *_snapshots(snapshots, receipts, len(contents))]
    first = {view["upload_id"]: receipts[view["upload_id"]] for view in snapshots if view["upload_id"] in receipts}
    counts = _counts(first.values())
    lines = sum(file.lines for file in contents.values())
    if sum(counts.values()) != lines:
        problems.append(
            f"the files have {lines} lines, the receipts of their snapshots account for {sum(counts.values())}"
        )
    plain = plain_load(tuple(files), folder / "plain")
    held, expected, differing = _compared(folder, plain)
    return Verdict(lines=lines, counts=counts, held=held, expected=expected, problems=(*problems, *differing))


def _unended(uploads: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for view in uploads:
        if view["state"] == "refused":
            yield f"upload {view['upload_id']} was refused: {view['refusal']}"
        elif view["state"] not in _ENDED and view["offset"] == view["size"]:
            yield f"upload {view['upload_id']} is whole and still {view['state']}"


def _unreconciled(receipts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for upload, receipt in receipts.items():
        counts = dict(receipt["counts"])
        rows, _ = counts.pop("rows"), counts.pop("removed")
        if rows != sum(counts.values()):
            yield f"the receipt of {upload} does not reconcile"


def _snapshots(
    snapshots: Sequence[Mapping[str, Any]], receipts: Mapping[str, Mapping[str, Any]], files: int
) -> Iterator[str]:
    """One commit for each content: not fewer, not more."""
    packages = Counter(receipts[view["upload_id"]]["package"] for view in snapshots if view["upload_id"] in receipts)
    if len(packages) != files:
        yield f"{files} different files, {len(packages)} different packages committed"
    yield from (f"package {package[:8]} has {count} snapshots" for package, count in packages.items() if count > 1)
    lost = [view["snapshot"] for view in snapshots if view["upload_id"] not in receipts]
    if lost:
        yield f"snapshots without a receipt: {lost}"


def _counts(receipts: Any) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for receipt in receipts:
        counts.update({name: count for name, count in receipt["counts"].items() if name not in ("rows", "removed")})
        counts.update(dict(receipt["skipped"]))
    return {name: count for name, count in counts.items() if count}


def _compared(folder: Path, plain: duckdb.DuckDBPyConnection) -> tuple[Totals, Totals, list[str]]:
    """Totals of both sides and every kind of row on which they differ."""
    load_lake_extensions(plain)
    with Room.open(folder / "room") as room:
        attach_lake(plain, room.vault(MemberName("harbor")).published(), alias="h")
        held, expected = (
            plain.execute(f"SELECT {_TOTALS} FROM {table}").fetchone() or () for table in ("h.sales", "plain")
        )
        columns = f"SELECT {COMPARED} FROM"
        more, less = (
            plain.execute(f"SELECT count(*) FROM ({columns} {a} EXCEPT ALL {columns} {b})").fetchone()
            for a, b in (("h.sales", "plain"), ("plain", "h.sales"))
        )
        people = plain.execute(
            "SELECT (SELECT count(DISTINCT buyer_token) FROM h.sales), (SELECT count(DISTINCT email) FROM plain), "
            "(SELECT count(DISTINCT unit_token) FROM h.sales), (SELECT count(DISTINCT serial) FROM plain)"
        ).fetchone()
    problems = []
    if more != (0,) or less != (0,):
        problems.append(f"rows only in the vault: {more}, only in the plain load: {less}")
    if people is None or people[0] != people[1] or people[2] != people[3]:
        problems.append(f"buyers and units, held and expected: {people}")
    return held, expected, problems
