"""Files in a folder of the member's own outbox: the report and, last, ``<name>.json`` with what changed.

Attacks stopped: an address that climbs out (``..``, an absolute path), and a link that somebody with access to the
outbox put where a folder should be: every step down is taken relative to an open folder and follows no link.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from api.schedules.destination import Destination
from api.schedules.message import Message, as_document
from api.schedules.settings import Deliveries
from cleanroom.errors import DataRefused, Unavailable, UsageProblem
from cleanroom.names import MemberName

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_MAX_PARTS = 5
_STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def allow(address: str, member: MemberName, settings: Deliveries) -> None:
    """Return only for a folder below the one the operator gave the member.

    Raises:
        UsageProblem: CR-S011 not a plain relative folder. DataRefused: CR-S012 the member has no folder.
    """
    parts = _parts(address)
    if len(parts) > _MAX_PARTS or not all(_PART.fullmatch(part) for part in parts):
        raise UsageProblem(
            "CR-S011", "this is not a folder below your member's", help="for example `weekly` or `reports/weekly`"
        )
    if settings.of(member).folder is None:
        raise DataRefused("CR-S012", "the operator gave your member no folder", help="docs/schedules.md; ask them")


def send(message: Message, destination: Destination, member: MemberName, settings: Deliveries, now: datetime) -> None:  # noqa: ARG001
    """Write the files, each in one step; the same delivery again writes the same names again.

    Raises:
        as ``allow``; DataRefused CR-S013 the folder is a link or no folder. Unavailable CR-S014 it cannot be written.
    """
    allow(destination.address, member, settings)
    root = settings.of(member).folder
    if root is None:
        raise AssertionError("allow() refuses a member without a folder")
    attached = message.attachment
    with _opened(root, _parts(destination.address)) as folder:
        name = f"{message.schedule}-{message.occasion.isoformat()}-{message.delivery_id[:12]}"
        if attached is not None:
            _write(folder, attached.name, attached.content)
        document = as_document(message)
        document["file"] = None if attached is None else {"name": attached.name, "digest": attached.digest}
        # Last: whoever watches the folder for this file finds the report beside it, whole.
        _write(folder, f"{name}.json", json.dumps(document, ensure_ascii=False, indent=1).encode())


def _parts(address: str) -> list[str]:
    return address.split("/") if address not in ("", ".") else []


@contextmanager
def _opened(root: Path, parts: list[str]) -> Iterator[int]:
    """The folder's descriptor; made where it is missing, below a root that must be there."""
    with ExitStack() as opened:
        try:
            handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            opened.callback(os.close, handle)
            for part in parts:
                with suppress(FileExistsError):
                    os.mkdir(part, mode=0o750, dir_fd=handle)
                handle = os.open(part, _STEP, dir_fd=handle)
                opened.callback(os.close, handle)
        except OSError:
            raise DataRefused("CR-S013", "the folder is not there, or is a link", help="ask the operator") from None
        yield handle


def _write(folder: int, name: str, content: bytes) -> None:
    partial = f".{name}.partial"
    try:
        with suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=folder)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640, dir_fd=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except OSError:
        raise Unavailable("CR-S014", "the folder cannot be written", help="ask the operator about space") from None
