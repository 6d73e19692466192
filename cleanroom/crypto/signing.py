"""Ed25519 (RFC 8032) with a domain in every signature: what was signed as a policy never passes as a receipt.

Verification raises; it never returns a truth value that a caller could forget to look at.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cleanroom.crypto.handle import KEY_BYTES, KeyHandle
from cleanroom.crypto.keyfile import not_a_key
from cleanroom.crypto.symmetric import Random
from cleanroom.errors import IntegrityFailure
from cleanroom.names import KeyId

_SIGNATURE_BYTES = 64
_VERIFY_MARKER = "ed25519-v1:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature and the id of the key that made it; both public."""

    key_id: KeyId
    value: bytes

    def to_text(self) -> str:
        """``<key id>:<base64>``."""
        return f"{self.key_id}:{base64.b64encode(self.value).decode('ascii')}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The signature in ``text``.

        Raises:
            IntegrityFailure: CR-K011 not a signature.
        """
        key_id, _, encoded = text.partition(":")
        try:
            value = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise _does_not_hold() from None
        if len(value) != _SIGNATURE_BYTES or not key_id:
            raise _does_not_hold()
        return cls(key_id=KeyId(key_id), value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyKey:
    """A public key. ``raw`` has 32 bytes; ``id`` is a fingerprint of it."""

    raw: bytes

    @property
    def id(self) -> KeyId:
        """First 16 hex digits of SHA-256 over the public key."""
        return KeyId(hashlib.sha256(b"cleanroom/verify-key/v1" + self.raw).hexdigest()[:16])

    def to_text(self) -> str:
        """``ed25519-v1:<base64>``."""
        return _VERIFY_MARKER + base64.b64encode(self.raw).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The key in ``text``; DataRefused CR-K002 when it is none."""
        encoded = text.removeprefix(_VERIFY_MARKER)
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise not_a_key("verify key") from None
        if encoded == text or len(raw) != KEY_BYTES:
            raise not_a_key("verify key")
        return cls(raw=raw)

    def verify(self, domain: str, content: bytes, signature: Signature) -> None:
        """Return only if this key signed ``content`` in ``domain``.

        Raises:
            IntegrityFailure: CR-K011 another key, another domain, other content, or a damaged signature.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature.value, _message(domain, content))
        except (InvalidSignature, ValueError):
            raise _does_not_hold() from None
        if signature.key_id != self.id:
            raise _does_not_hold()


class SigningKey(KeyHandle):
    """A private key; ``verify_key`` is its public half."""

    __slots__ = ()

    @classmethod
    def generate(cls, random: Random) -> Self:
        """A new key from 32 random bytes (the RFC 8032 seed)."""
        return cls(random(KEY_BYTES))

    @property
    def verify_key(self) -> VerifyKey:
        """The public half."""
        public = self._private().public_key()
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return VerifyKey(raw=raw)

    def sign(self, domain: str, content: bytes) -> Signature:
        """The signature of ``content`` in ``domain`` (for example ``manifest``, ``approval``, ``receipt``)."""
        return Signature(key_id=self.verify_key.id, value=self._private().sign(_message(domain, content)))

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._secret)


def _message(domain: str, content: bytes) -> bytes:
    # The length keeps (domain "a", content "bc") and (domain "ab", content "c") apart.
    name = domain.encode()
    if not name:
        raise ValueError("a signature needs a domain")
    return b"cleanroom/signature/v1" + len(name).to_bytes(2, "big") + name + content


def _does_not_hold() -> IntegrityFailure:
    return IntegrityFailure(
        "CR-K011",
        "the signature does not hold",
        help="the content was changed, or another key signed it; get it again from its author",
    )
