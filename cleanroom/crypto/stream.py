"""Files at rest: AES-256-GCM in chunks of 1 MiB, written as they arrive, read at random.

Layout: header (marker, 16-byte salt), then per chunk: 12-byte nonce, ciphertext, 16-byte tag. Each file has its own
key, derived from the blob key and the salt. A chunk's associated data are the header, the caller's context, its index
and whether it is the last: reordering, dropping, repeating or cutting chunks fails, and so does a chunk from another
file. Nonces are random, so that a resumed write that re-encrypts a chunk with other bytes never repeats one.
"""

import io
import os
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cleanroom.crypto.blob import open_blob, seal_blob
from cleanroom.crypto.symmetric import BlobKey, Random
from cleanroom.errors import IntegrityFailure

CHUNK_BYTES = 1 << 20
_MARKER = b"CRSTRM1\0"
_SALT_BYTES = 16
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEADER_BYTES = len(_MARKER) + _SALT_BYTES
_STORED_BYTES = CHUNK_BYTES + _NONCE_BYTES + _TAG_BYTES


class EncryptingWriter:
    """Write bytes with ``write``; ``close`` makes the file whole, ``suspend`` lets a later process go on.

    A file that was not closed never opens (``open_encrypted`` sees that its last chunk is missing).
    """

    def __init__(self, file: BinaryIO, key: BlobKey, *, associated: bytes, random: Random) -> None:
        self._file = file
        self._key = key
        self._random = random
        self._associated = associated
        self._buffer = bytearray()
        self._index = 0
        self._closed = False
        self._start(_MARKER + random(_SALT_BYTES))
        file.write(self._header)

    def _start(self, header: bytes) -> None:
        self._header = header
        self._cipher = AESGCM(self._key.for_stream(header[len(_MARKER) :]))

    @property
    def written_bytes(self) -> int:
        """Plaintext bytes taken so far."""
        return self._index * CHUNK_BYTES + len(self._buffer)

    def write(self, content: bytes | bytearray) -> int:
        """Take ``content``; whole chunks go to the file."""
        self._buffer += content
        at = 0
        with memoryview(self._buffer) as waiting:
            # One byte is held back at a boundary: only ``close`` knows which chunk is the last.
            while len(waiting) - at > CHUNK_BYTES:
                self._put(waiting[at : at + CHUNK_BYTES], last=False)
                at += CHUNK_BYTES
        del self._buffer[:at]
        return len(content)

    def suspend(self) -> bytes:
        """Put everything so far on disk and return the sealed rest (at most 1 MiB) for ``resume_encrypted``."""
        self._sync()
        state = self._index.to_bytes(8, "big") + bytes(self._buffer)
        self._closed = True
        return seal_blob(self._key, state, associated=self._header + self._associated, random=self._random)

    def close(self) -> None:
        """Write the last chunk, durably; the file object stays the caller's to close."""
        if self._closed:
            return
        self._put(bytes(self._buffer), last=True)
        self._sync()
        self._closed = True

    def _put(self, plaintext: bytes | memoryview, *, last: bool) -> None:
        nonce = self._random(_NONCE_BYTES)
        context = _context(self._header, self._associated, self._index, last=last)
        self._file.write(nonce + self._cipher.encrypt(nonce, plaintext, context))
        self._index += 1

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()


def encrypting_writer(file: BinaryIO, key: BlobKey, *, associated: bytes, random: Random) -> EncryptingWriter:
    """A writer into ``file`` (opened ``wb``). ``associated`` names what the file is, and is needed to open it."""
    return EncryptingWriter(file, key, associated=associated, random=random)


def resume_encrypted(
    file: BinaryIO, key: BlobKey, state: bytes, *, associated: bytes, random: Random
) -> EncryptingWriter:
    """Go on where ``suspend`` stopped; ``file`` is opened ``r+b``. Bytes written after the suspend are cut off.

    Raises:
        IntegrityFailure: CR-K013 the state does not belong to this file, key or context.
    """
    file.seek(0)
    header = _header_of(file.read(_HEADER_BYTES))
    opened = open_blob(key, state, associated=header + associated)
    index = int.from_bytes(opened[:8], "big")
    end = _HEADER_BYTES + index * _STORED_BYTES
    if file.seek(0, io.SEEK_END) < end:
        raise _torn()
    file.truncate(end)
    file.seek(end)
    writer = EncryptingWriter.__new__(EncryptingWriter)
    writer._file, writer._key, writer._random, writer._associated = file, key, random, associated  # noqa: SLF001
    writer._buffer, writer._index, writer._closed = bytearray(opened[8:]), index, False  # noqa: SLF001
    writer._start(header)  # noqa: SLF001
    return writer


class DecryptingReader(io.RawIOBase):
    """A seekable, read-only file object over the plaintext, one chunk in memory; pyarrow reads Parquet from it."""

    def __init__(self, file: BinaryIO, key: BlobKey, *, associated: bytes) -> None:
        super().__init__()
        self._file = file
        self._associated = associated
        stored = file.seek(0, io.SEEK_END)
        file.seek(0)
        self._header = _header_of(file.read(_HEADER_BYTES))
        self._cipher = AESGCM(key.for_stream(self._header[len(_MARKER) :]))
        body = stored - _HEADER_BYTES
        self._chunks = -(-body // _STORED_BYTES)
        self._size = body - self._chunks * (_NONCE_BYTES + _TAG_BYTES)
        self._at = 0
        self._cached: tuple[int, bytes] = (-1, b"")
        if self._chunks == 0 or self._size < 0:
            raise _torn()
        # Opened now rather than at its turn: a cut file is refused before the first byte of it is believed.
        self._chunk(self._chunks - 1)

    def _chunk(self, index: int) -> bytes:
        if self._cached[0] != index:
            self._file.seek(_HEADER_BYTES + index * _STORED_BYTES)
            stored = self._file.read(_STORED_BYTES)
            context = _context(self._header, self._associated, index, last=index == self._chunks - 1)
            try:
                plain = self._cipher.decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], context)
            except (InvalidTag, ValueError):
                raise _torn() from None
            self._cached = (index, plain)
        return self._cached[1]

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def size(self) -> int:
        """Plaintext bytes."""
        return self._size

    def tell(self) -> int:
        """The position, in plaintext bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to ``offset`` of the plaintext."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]
        """Fill ``buffer`` as far as the current chunk reaches; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._at >= self._size or not len(view):
            return 0
        index, inside = divmod(self._at, CHUNK_BYTES)
        part = self._chunk(index)[inside : inside + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)


def open_encrypted(file: BinaryIO, key: BlobKey, *, associated: bytes) -> io.BufferedReader:
    """The plaintext of a file written by ``encrypting_writer``, as a buffered, seekable file object.

    Raises:
        IntegrityFailure: CR-K013, here or while reading: wrong key or context, altered, cut, reordered.
    """
    return io.BufferedReader(DecryptingReader(file, key, associated=associated), buffer_size=1 << 16)


def _header_of(header: bytes) -> bytes:
    if len(header) != _HEADER_BYTES or not header.startswith(_MARKER):
        raise _torn()
    return header


def _context(header: bytes, associated: bytes, index: int, *, last: bool) -> bytes:
    return header + index.to_bytes(8, "big") + (b"\1" if last else b"\0") + associated


def _torn() -> IntegrityFailure:
    return IntegrityFailure("CR-K013", "an encrypted file does not open: wrong key, wrong place, cut or altered")
