"""The one shape every place lists into: ``Located``, a file that can be opened; and the options that steer listing."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from cleanroom.errors import DataRefused, Unavailable, UsageProblem
from connectors.limits import CHUNK_BYTES, MAX_DOWNLOAD_BYTES, MAX_LISTED_FILES

RECEIPT_ENDING = ".receipt.json"
IGNORED_ENDINGS = (RECEIPT_ENDING, ".part", ".tmp", ".crdownload", ".filepart", ".lock")
"""What a folder holds beside data: receipts, and files that somebody is still writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOptions:
    """``query`` is SQL for databases. ``config`` are settings of the place (S3: endpoint, region, keys by obstore's names).

    ``scratch`` is the folder for temporary copies (private to the user); None takes the system's.
    """

    query: str | None = None
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_bytes: int = MAX_DOWNLOAD_BYTES
    max_files: int = MAX_LISTED_FILES
    scratch: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """One file at a place. ``etag`` changes when its content does; it is empty where only the content can tell.

    ``size`` is None where it is not known before. ``open`` gives a seekable stream from the start; ``path`` is set for
    local files. A remote file is copied into a private temporary file while it is open. ``is_whole`` is True where the
    place shows no file that is still being written. ``leave`` puts a receipt beside the file, where that is possible.
    """

    name: str
    size: int | None
    etag: str
    open: Callable[[], BinaryIO]
    path: Path | None = None
    is_whole: bool = False
    leave: Callable[[bytes], None] | None = None

    @contextmanager
    def as_path(self, scratch: Path | None = None) -> Iterator[Path]:
        """The file as a path: itself if local, else a copy that is removed afterwards; its name ends the same."""
        if self.path is not None:
            yield self.path
            return
        folder = Path(tempfile.mkdtemp(prefix="cleanroom-", dir=scratch))
        try:
            copy = folder / Path(self.name).name
            with self.open() as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target, CHUNK_BYTES)
            yield copy
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class Place(Protocol):
    """A kind of place: which addresses it takes, and what is there."""

    def __call__(self, url: str, options: PlaceOptions) -> Iterator[Located]:
        """List files, sorted by name. Raises as ``locate``."""
        ...


def spooled(chunks: Iterator[bytes], options: PlaceOptions) -> BinaryIO:
    """Bytes from elsewhere as a seekable private temporary file, bounded while it is written (INVARIANT I1).

    Raises:
        DataRefused: CR-D224 more than ``max_bytes``.
    """
    target = tempfile.TemporaryFile(prefix="cleanroom-", dir=options.scratch)  # noqa: SIM115 - the caller closes it
    try:
        for chunk in _bounded(chunks, options.max_bytes):
            target.write(chunk)
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return target


def _bounded(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    count = 0
    for chunk in chunks:
        count += len(chunk)
        if count > max_bytes:
            raise too_large(max_bytes)
        yield chunk


def too_large(limit: int) -> DataRefused:
    """The refusal of a remote file over the limit."""
    return DataRefused("CR-D224", f"the file is larger than {limit} bytes", help="split it, or have the limit raised")


def too_many(limit: int) -> DataRefused:
    """The refusal of a place with more files than are listed."""
    return DataRefused("CR-D228", f"the place holds more than {limit} files", help="name a narrower folder or pattern")


def unreachable(what: str) -> Unavailable:
    """A place that does not answer; addresses may hold passwords, so they are never repeated."""
    return Unavailable("CR-D223", f"{what} does not answer", help="check the address and the network, then try again")


def missing_extra(what: str, package: str) -> UsageProblem:
    """An optional package is needed."""
    return UsageProblem("CR-D225", f"{what} needs the package `{package}`", help=f"install it: pip install {package}")
