"""A key as a handle: it can be used, never looked at.

INVARIANT I5: key bytes never leave the keyring. A handle's ``repr``, ``str`` and ``format`` show its type and public
id; pickling and copying refuse, so that no cache, queue, crash report or structured log can carry the bytes along.
"""

import hmac
from typing import NoReturn

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cleanroom.names import KeyId

KEY_BYTES = 32


def expand(secret: bytes, info: bytes, length: int = KEY_BYTES, *, salt: bytes | None = None) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of ``secret`` for one purpose ``info``: ``length`` bytes."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


class KeyHandle:
    """Holds secret bytes; subclasses say what may be done with them.

    Two handles are equal when they hold the same key (compared in constant time); handles are not hashable, so that
    a key never becomes a dictionary's key.
    """

    __slots__ = ("_id", "_secret")
    _secret: bytes
    _id: KeyId

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a {type(self).__name__} has {KEY_BYTES} bytes")
        self._secret = bytes(secret)
        self._id = KeyId(expand(self._secret, b"cleanroom/key-id/v1", 8).hex())

    @property
    def id(self) -> KeyId:
        """A public fingerprint, 16 hex digits, one-way: safe to print, store and compare by eye."""
        return self._id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._id}>"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(self._secret, other._secret)

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled or copied")

    def __copy__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled or copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled or copied")
