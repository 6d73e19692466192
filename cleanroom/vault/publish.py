"""A committed catalogue -> an immutable published copy.

A copy appears whole or not at all: written beside, synced, then renamed. The newest copy is the one with the highest
snapshot; snapshots only grow.
"""

import os
import shutil
from pathlib import Path

from cleanroom.names import SnapshotId
from cleanroom.vault.lake import LakePlace

_SUFFIX = ".ducklake"
KEEP_PUBLISHED = 16
"""Older copies kept for readers that pinned them; an open file survives its removal, so this only serves re-opening."""


def publish(place: LakePlace, snapshot: SnapshotId) -> Path:
    """Copy the live catalogue (detached, checkpointed) to ``published/<snapshot>.ducklake``; idempotent."""
    place.published.mkdir(parents=True, exist_ok=True)
    target = place.published / f"{snapshot}{_SUFFIX}"
    partial = place.published / f".{snapshot}.partial"
    with place.catalogue.open("rb") as live, partial.open("wb") as copy:
        shutil.copyfileobj(live, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    partial.replace(target)
    sync_folder(place.published)
    return target


def published(place: LakePlace) -> tuple[Path, ...]:
    """All published copies, newest first."""
    copies = (path for path in place.published.glob(f"*{_SUFFIX}") if path.stem.isdigit())
    return tuple(sorted(copies, key=lambda path: int(path.stem), reverse=True))


def prune(place: LakePlace, *, keep: int = KEEP_PUBLISHED) -> int:
    """Remove all but the newest ``keep`` copies and leftovers of a crash; return how many went."""
    gone = (*published(place)[keep:], *place.published.glob(".*.partial"))
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
