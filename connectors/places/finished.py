"""Files that are done with -> another folder, each with its receipt. A kill between two steps is made good by the next pass."""

import shutil
from pathlib import Path

from connectors.places.place import RECEIPT_ENDING


def move_finished(path: Path, receipt: Path, done: Path) -> None:
    """Move ``path`` with its ``receipt`` to ``done``, never over another file: a name that is taken gets a number.

    First a copy of the receipt, then the file itself, last the receipt here goes: at no moment is a file without one.
    """
    done.mkdir(parents=True, exist_ok=True)
    target = _free(done, path)
    shutil.copy2(receipt, target.with_name(target.name + RECEIPT_ENDING))
    path.rename(target)
    receipt.unlink()


def clear_leftovers(receipts: Path, done: Path) -> None:
    """Receipts whose file has moved with a copy of them: what a kill left before the last step."""
    if not done.is_dir():
        return
    for receipt in receipts.glob(f"*{RECEIPT_ENDING}"):
        name = receipt.name.removesuffix(RECEIPT_ENDING)
        if not (receipts / name).exists() and _has_copy(receipt, done):
            receipt.unlink()


def _has_copy(receipt: Path, done: Path) -> bool:
    content, start = receipt.read_bytes(), Path(receipt.name.removesuffix(RECEIPT_ENDING)).stem
    moved = (path for path in done.iterdir() if path.name.startswith(start) and path.name.endswith(RECEIPT_ENDING))
    return any(
        path.read_bytes() == content and path.with_name(path.name.removesuffix(RECEIPT_ENDING)).exists()
        for path in moved
    )


def _free(done: Path, path: Path) -> Path:
    target, count = done / path.name, 1
    while target.exists():
        count += 1
        target = done / f"{path.stem}.{count}{path.suffix}"
    return target
