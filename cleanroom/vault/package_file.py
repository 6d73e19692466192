"""An encrypted upload as a table that DuckDB reads in place: decrypted chunk by chunk in memory, never on disk.

Comes in: a way to open the plaintext as a seekable file object. Goes out: a table expression for one session.
DuckDB's own Parquet reader on such a file is several times faster than Arrow batches through Python, and reads only
the columns a pass needs. At most ``_CACHED_CHUNKS`` MiB of plaintext are held per open file.
"""

import io
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any, BinaryIO

import duckdb
from fsspec.spec import AbstractFileSystem

_CHUNK = 1 << 20
_CACHED_CHUNKS = 24
_PROTOCOL = "package"
# DuckDB keys its caches by path and time; a constant time is safe because a session reads exactly one package.
_MADE = datetime(2000, 1, 1, tzinfo=UTC)

TABLE = f"read_parquet('{_PROTOCOL}://rows', file_row_number = true)"
"""The package's rows in the session it was registered in; ``file_row_number`` counts from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """A Parquet file that can be opened again and again; ``size_bytes`` is that of the plaintext."""

    open: Callable[[], BinaryIO] = field(repr=False)
    size_bytes: int


def register_package(connection: duckdb.DuckDBPyConnection, package: PackageFile) -> None:
    """Make ``package`` readable as ``TABLE`` in this session only."""
    connection.register_filesystem(_OnePackage(package))


class _Chunks(io.RawIOBase):
    """Random reads by whole chunks with a small cache: DuckDB's threads read several column chunks at once."""

    def __init__(self, package: PackageFile) -> None:
        super().__init__()
        self._file = package.open()
        self._size = package.size_bytes
        self._at = 0
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._lock = Lock()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        with self._lock:
            left = self._size - self._at if size < 0 else min(size, self._size - self._at)
            parts = []
            while left > 0:
                index, inside = divmod(self._at, _CHUNK)
                part = self._chunk(index)[inside : inside + left]
                if not part:
                    break
                parts.append(part)
                self._at += len(part)
                left -= len(part)
            return b"".join(parts)

    def _chunk(self, index: int) -> bytes:
        if index in self._cache:
            self._cache.move_to_end(index)
            return self._cache[index]
        self._file.seek(index * _CHUNK)
        content = self._file.read(_CHUNK)
        self._cache[index] = content
        if len(self._cache) > _CACHED_CHUNKS:
            self._cache.popitem(last=False)
        return content

    def close(self) -> None:
        self._file.close()
        super().close()


class _OnePackage(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A file system with one file in it, whatever its name."""

    protocol = _PROTOCOL
    cachable = False  # fsspec would keep the instance, and with it the upload, alive in a global

    def __init__(self, package: PackageFile) -> None:
        super().__init__()
        self._package = package

    def _open(self, path: str, mode: str = "rb", **_: Any) -> io.RawIOBase:  # noqa: ARG002
        if mode != "rb":
            raise io.UnsupportedOperation(mode)
        return _Chunks(self._package)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        return {"name": path, "size": self._package.size_bytes, "type": "file"}

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path]

    def exists(self, path: str, **_: Any) -> bool:  # noqa: ARG002  # fsspec's signature, here and below
        return True

    def created(self, path: str) -> datetime:  # noqa: ARG002
        return _MADE

    def modified(self, path: str) -> datetime:  # noqa: ARG002
        return _MADE
