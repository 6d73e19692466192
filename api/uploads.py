"""Bytes of an upload on disk: encrypted while they arrive, resumable at any byte, gone with the member's key.

A part of an upload is: ``<id>.rows``, the encrypted stream, and ``<id>.<offset>.rest``, the sealed state to go on from.
The state's offset moves after the rest was written and before the older rest is removed, so that after a crash at any
point the recorded offset has a rest to go on from; bytes beyond it are cut off.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from api.surroundings import Surroundings
from cleanroom.crypto import BlobKey
from cleanroom.crypto.stream import EncryptingWriter, encrypting_writer, open_encrypted, resume_encrypted
from cleanroom.errors import Conflict, Unavailable
from cleanroom.names import UploadId


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFile:
    """Where one upload's bytes lie. ``key`` is of the member's own, so that it dies with the member."""

    folder: Path
    upload: UploadId
    key: BlobKey = field(repr=False)
    surroundings: Surroundings

    @property
    def rows(self) -> Path:
        """The encrypted stream."""
        return self.folder / f"{self.upload}.rows"

    @contextmanager
    def appending(self, offset: int) -> Iterator[EncryptingWriter]:
        """A writer that goes on at ``offset``; the caller suspends (``keep``) or finishes (``finish``) it.

        Raises:
            Conflict: CR-A018, another connection is writing this upload.
            Unavailable: CR-L005, the disk is full.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _disk(), self.rows.open("r+b" if self.rows.exists() else "w+b") as file:
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(
                    "CR-A018", "another connection is writing this upload", help="ask for the offset, then retry"
                ) from None
            yield self._writer(file, offset)

    def keep(self, writer: EncryptingWriter) -> int:
        """Put what was written on disk for a later request; return the offset to record."""
        offset = writer.written_bytes
        with _disk():
            rest = writer.suspend()
            partial = self.folder / f".{self.upload}.partial"
            with partial.open("wb") as file:
                file.write(rest)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._rest(offset))
        return offset

    def forget_rests(self, *, but: int | None) -> None:
        """Remove the states that the recorded offset has left behind."""
        _forget(self.folder, self.upload, kept=None if but is None else self._rest(but))

    def open(self) -> BinaryIO:
        """The whole upload, decrypted as it is read. Raises IntegrityFailure CR-K013 when it is cut or altered."""
        return open_encrypted(self.rows.open("rb"), self.key, associated=self._associated)

    def remove(self) -> None:
        """Remove every byte of it; removing what is gone is fine."""
        remove_bytes(self.folder, self.upload)

    @property
    def _associated(self) -> bytes:
        return f"upload/{self.upload}".encode()

    def _rest(self, offset: int) -> Path:
        return self.folder / f"{self.upload}.{offset}.rest"

    def _writer(self, file: BinaryIO, offset: int) -> EncryptingWriter:
        random = self.surroundings.random
        if offset == 0:
            file.truncate(0)
            return encrypting_writer(file, self.key, associated=self._associated, random=random)
        try:
            rest = self._rest(offset).read_bytes()
        except FileNotFoundError:
            raise Conflict("CR-A018", "the upload's state is not there", help="start the upload anew") from None
        return resume_encrypted(file, self.key, rest, associated=self._associated, random=random)


def remove_bytes(folder: Path, upload: UploadId) -> None:
    """Remove every byte of an upload; needs no key, so that it works when the member's is gone."""
    _forget(folder, upload, kept=None)
    (folder / f"{upload}.rows").unlink(missing_ok=True)


def _forget(folder: Path, upload: UploadId, *, kept: Path | None) -> None:
    for path in folder.glob(f"{upload}.*.rest"):
        if path != kept:
            path.unlink(missing_ok=True)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise Unavailable("CR-L005", "the upload cannot be written to disk", help="free space, then retry") from None
