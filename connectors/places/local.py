"""A file, a folder or a glob pattern -> its files. Hidden files, receipts and files being written are not data."""

import glob
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cleanroom.errors import NotFound, UsageProblem
from connectors.places.place import IGNORED_ENDINGS, Located, PlaceOptions, too_many

_PATTERN = ("*", "?", "[")


def local(url: str, options: PlaceOptions) -> Iterator[Located]:
    """List local files.

    Raises:
        NotFound: CR-D221 nothing there; UsageProblem: CR-D222 not readable; DataRefused: CR-D228 too many.
    """
    text = unquote(urlsplit(url).path) if url.startswith("file://") else url
    path = Path(text).expanduser()
    if path.is_file():
        if not os.access(path, os.R_OK):
            raise UsageProblem("CR-D222", "the file may not be read", help="check its permissions", place=path.name)
        yield _located(path)
        return
    if path.is_dir():
        found = sorted(item for item in path.iterdir() if _is_data(item))
    elif any(mark in text for mark in _PATTERN):
        found = sorted(item for item in map(Path, glob.iglob(str(path), recursive=True)) if _is_data(item))  # noqa: PTH207
    else:
        raise NotFound("CR-D221", "there is no such file or folder", help="check the path", place=path.name)
    if not found and any(mark in text for mark in _PATTERN):
        raise NotFound("CR-D221", "no file matches the pattern", help="check the pattern", place=path.name)
    if len(found) > options.max_files:
        raise too_many(options.max_files)
    for item in found:
        with suppress(NotFound):  # gone since the folder was read
            yield _located(item)


def _is_data(path: Path) -> bool:
    if path.name.startswith((".", "~$")) or path.name.endswith(IGNORED_ENDINGS):
        return False
    try:
        # Pipes and devices never end or block: only regular files are data.
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _located(path: Path) -> Located:
    try:
        facts = path.stat()
    except OSError:
        raise NotFound("CR-D221", "the file is gone", place=path.name) from None
    return Located(
        name=path.name,
        size=facts.st_size,
        etag=f"{facts.st_size:x}-{facts.st_mtime_ns:x}",
        open=lambda: path.open("rb"),
        path=path,
    )
