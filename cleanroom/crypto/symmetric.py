"""Symmetric keys: the room's key-encryption key, one data key per member, keys for blobs, the collaboration key.

The room key wraps data keys (AES key wrap, RFC 3394); destroying a wrapped data key shreds that member's data and
nothing else. The collaboration key belongs to members; the room never holds it.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import keywrap

from cleanroom.crypto.handle import KEY_BYTES, KeyHandle, expand
from cleanroom.crypto.keyfile import marked, read_secret_file, unmarked, write_secret_file
from cleanroom.errors import IntegrityFailure

Random = Callable[[int], bytes]
"""Returns that many unpredictable bytes; ``secrets.token_bytes`` in production, seeded bytes in tests."""

_WRAP_MARKER = b"CRKW1"
_ROOM_MARKER = "cleanroom-room-key/v1"
_COLLABORATION_MARKER = "cleanroom-collaboration-key/v1"


class BlobKey(KeyHandle):
    """Encrypts blobs and streams (``blob``, ``stream``); made for one purpose."""

    __slots__ = ()

    @classmethod
    def generate(cls, random: Random) -> Self:
        """A new key."""
        return cls(random(KEY_BYTES))

    def for_stream(self, salt: bytes) -> bytes:
        """The bytes of the key of one stream; only ``stream`` calls this."""
        return expand(self._secret, b"cleanroom/stream/v1", salt=salt)

    def for_blobs(self) -> bytes:
        """The bytes of the key of single blobs; only ``blob`` calls this."""
        return expand(self._secret, b"cleanroom/blob/v1")


class DataKey(KeyHandle):
    """Encrypts one member's vault."""

    __slots__ = ()

    @classmethod
    def generate(cls, random: Random) -> Self:
        """A new key."""
        return cls(random(KEY_BYTES))

    def duckdb_key(self) -> str:
        """The key as DuckDB takes it (``ENCRYPTION_KEY``, base64).

        It must go into a parameter or a statement that is neither logged nor shown: DuckDB's own
        ``duckdb_databases()`` prints it, which is why the locked engine runs generated SQL only.
        """
        return base64.b64encode(self._secret).decode("ascii")

    def for_wrapping(self) -> bytes:
        """The bytes to be wrapped; only ``KeyEncryptionKey`` calls this."""
        return self._secret

    def blob_key(self, purpose: str) -> BlobKey:
        """The key for this member's other bytes at rest (``upload``, ``quarantine`` ...); dies with the data key."""
        return BlobKey(expand(self._secret, b"cleanroom/data/v1/" + purpose.encode()))


class KeyEncryptionKey(KeyHandle):
    """The room's key: wraps data keys, encrypts nothing else directly."""

    __slots__ = ()

    @classmethod
    def generate(cls, random: Random) -> Self:
        """A new key."""
        return cls(random(KEY_BYTES))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in ``path``.

        Raises:
            NotFound: CR-K001.
            DataRefused: CR-K002 not a room key, CR-K003 readable by others.
        """
        return cls(unmarked(_ROOM_MARKER, read_secret_file(path), place=path.name))

    def save(self, path: Path) -> None:
        """Write the key to a new file, mode 0600.

        Raises:
            Conflict: CR-K004 the file exists.
        """
        write_secret_file(path, marked(_ROOM_MARKER, self._secret))

    def wrap(self, key: DataKey) -> bytes:
        """``key`` wrapped by AES key wrap, behind a version marker: 45 bytes, safe to store."""
        return _WRAP_MARKER + keywrap.aes_key_wrap(self._secret, key.for_wrapping())

    def unwrap(self, wrapped: bytes) -> DataKey:
        """The key that ``wrap`` hid.

        Raises:
            IntegrityFailure: CR-K010 made under another room key, altered, or not a wrapped key.
        """
        body = wrapped[len(_WRAP_MARKER) :] if wrapped.startswith(_WRAP_MARKER) else b""
        try:
            return DataKey(keywrap.aes_key_unwrap(self._secret, body))
        except (keywrap.InvalidUnwrap, ValueError):
            raise IntegrityFailure(
                "CR-K010",
                "a wrapped key does not open under this room key",
                help="restore the room key file that belongs to this room; without it the data cannot be read",
            ) from None

    def blob_key(self, purpose: str) -> BlobKey:
        """A key for the room's own bytes at rest, derived for one purpose."""
        return BlobKey(expand(self._secret, b"cleanroom/room/v1/" + purpose.encode()))


class CollaborationKey(KeyHandle):
    """Shared by members, never by the room: tokens are derived from it, so the operator cannot run a dictionary."""

    __slots__ = ()

    @classmethod
    def generate(cls, random: Random) -> Self:
        """A new key, made by one member and then sealed to the others (``sharing``)."""
        return cls(random(KEY_BYTES))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in ``path``; errors as ``KeyEncryptionKey.load``."""
        return cls(unmarked(_COLLABORATION_MARKER, read_secret_file(path), place=path.name))

    def save(self, path: Path) -> None:
        """Write the key to a new file, mode 0600; CR-K004 when it exists."""
        write_secret_file(path, marked(_COLLABORATION_MARKER, self._secret))

    def for_tokens(self, info: bytes) -> bytes:
        """The derived bytes for one kind of token; only ``tokens`` calls this."""
        return expand(self._secret, b"cleanroom/token/v1/" + info)

    def for_sharing(self) -> bytes:
        """The bytes to be sealed; only ``sharing`` calls this."""
        return self._secret
