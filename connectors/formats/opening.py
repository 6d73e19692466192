"""A path or a binary stream -> a bounded, seekable stream of the plain bytes (gzip is unpacked while reading).

Attacks stopped here (INVARIANT I1): files beyond the byte limit, and compression bombs by the expansion ratio, both
while reading, before the memory is spent.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cleanroom.errors import DataRefused, NotFound, UsageProblem
from connectors.formats.tally import over_limit
from connectors.limits import CHUNK_BYTES, MEBIBYTE, Limits

_GZIP = b"\x1f\x8b"
_FREE_BYTES = MEBIBYTE  # a ratio means nothing for tiny files


def unreadable(what: str) -> DataRefused:
    """The refusal for a file that is not what it should be; ``what`` names the kind, never content."""
    return DataRefused(
        "CR-D104", f"the file cannot be read as {what}", help="check the format in the mapping, or send the file again"
    )


@contextmanager
def foreign_errors(what: str) -> Iterator[None]:
    """Turn everything a foreign reader raises into CR-D104, without its text: such texts quote cells (I15)."""
    try:
        yield
    except (DataRefused, UsageProblem, NotFound):
        raise
    except (MemoryError, RecursionError):
        raise unreadable(what) from None
    except Exception:  # noqa: BLE001 - a foreign reader may raise anything; its text must not travel
        raise unreadable(what) from None


class PlainBytes(io.RawIOBase):
    """Bytes of ``file`` as stored, or unpacked if gzip; counts them against the limits.

    Raises:
        DataRefused: CR-D103 too many bytes or too high a ratio, CR-D104 damaged gzip.
    """

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        super().__init__()
        self._file = file
        self._limits = limits
        self._count = 0
        head = file.read(2)
        file.seek(0)
        self.is_packed = head == _GZIP
        self._stored = file.seek(0, io.SEEK_END)
        file.seek(0)
        if self._stored > limits.max_bytes:
            raise over_limit("bytes", limits.max_bytes)
        self._source: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=file) if self.is_packed else file

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Read some bytes."""
        wanted = min(len(buffer), CHUNK_BYTES)
        try:
            data = self._source.read(wanted)
        except (EOFError, OSError, zlib.error):
            raise unreadable("gzip: it is damaged or truncated" if self.is_packed else "a file") from None
        self._count += len(data)
        if self._count > self._limits.max_bytes:
            raise over_limit("bytes", self._limits.max_bytes)
        ceiling = max(self._stored, 1) * self._limits.max_expansion_ratio
        if self.is_packed and self._count > _FREE_BYTES and self._count > ceiling:
            raise over_limit("times its packed size", self._limits.max_expansion_ratio)
        buffer[: len(data)] = data
        return len(data)


def open_file(file: Path | BinaryIO) -> BinaryIO:
    """A seekable stream at its start.

    Raises:
        NotFound: CR-D107 no such file; DataRefused: CR-D104 not readable; UsageProblem: CR-D108 not seekable.
    """
    if isinstance(file, Path):
        try:
            return file.open("rb")
        except (FileNotFoundError, IsADirectoryError):
            raise NotFound("CR-D107", "there is no such file", help="check the path", place=file.name) from None
        except OSError:
            raise unreadable("a file: opening it failed") from None
    if not file.seekable():
        raise UsageProblem("CR-D108", "the stream is not seekable", help="save it to a file first")
    file.seek(0)
    return file


def plain_stream(file: BinaryIO, limits: Limits) -> io.BufferedReader:
    """A buffered reader of the plain bytes from the start of ``file``."""
    file.seek(0)
    return io.BufferedReader(PlainBytes(file, limits), buffer_size=CHUNK_BYTES)


def whole_document(file: BinaryIO, limits: Limits) -> bytes:
    """All plain bytes, for formats that must be held whole; CR-D103 beyond ``max_document_bytes``."""
    data = plain_stream(file, limits).read(limits.max_document_bytes + 1)
    if len(data) > limits.max_document_bytes:
        raise over_limit("bytes", limits.max_document_bytes)
    return data
