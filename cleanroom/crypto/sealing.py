"""HPKE (RFC 9180) to a member's public key: X-Wing (ML-KEM-768 with X25519), HKDF-SHA-256, AES-256-GCM.

What is sealed today must stay sealed when a large quantum computer exists, hence the hybrid. ``info`` and ``aad`` are
mandatory: sealed bytes open only for the purpose and the context they were made for. Both go into HPKE's ``info``
(length-prefixed), because the library's public interface takes no separate ``aad``; both enter the key schedule.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from cleanroom.crypto.handle import KEY_BYTES, KeyHandle, expand
from cleanroom.crypto.keyfile import not_a_key
from cleanroom.crypto.symmetric import Random
from cleanroom.errors import IntegrityFailure
from cleanroom.names import KeyId

_MARKER = b"CRSEAL1"
_PUBLIC_MARKER = "xwing-v1:"
_MLKEM_PUBLIC_BYTES = 1184
_X25519_BYTES = 32
_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _suite() -> hpke.Suite:
    return hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealPublicKey:
    """The public half: ``raw`` is the ML-KEM-768 key (1184 bytes) followed by the X25519 key (32 bytes)."""

    raw: bytes

    @property
    def id(self) -> KeyId:
        """First 16 hex digits of SHA-256 over the public key."""
        return KeyId(hashlib.sha256(b"cleanroom/seal-key/v1" + self.raw).hexdigest()[:16])

    def to_text(self) -> str:
        """``xwing-v1:<base64>``."""
        return _PUBLIC_MARKER + base64.b64encode(self.raw).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The key in ``text``; DataRefused CR-K002 when it is none."""
        encoded = text.removeprefix(_PUBLIC_MARKER)
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise not_a_key("sealing key") from None
        if encoded == text or len(raw) != _MLKEM_PUBLIC_BYTES + _X25519_BYTES:
            raise not_a_key("sealing key")
        return cls(raw=raw)

    def seal(self, plaintext: bytes, *, info: bytes, aad: bytes) -> bytes:
        """``plaintext`` so that only the private half opens it, with the same ``info`` and ``aad``.

        The encapsulation draws its randomness inside the library: HPKE with chosen randomness is not offered.
        """
        kem, x25519 = self.raw[:_MLKEM_PUBLIC_BYTES], self.raw[_MLKEM_PUBLIC_BYTES:]
        try:
            public = hpke.MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(kem), X25519PublicKey.from_public_bytes(x25519)
            )
        except ValueError:
            raise not_a_key("sealing key") from None
        return _MARKER + _suite().encrypt(plaintext, public, info=_context(info, aad))


class SealingKey(KeyHandle):
    """The private half, kept as one 32-byte seed from which both component keys are derived."""

    __slots__ = ()

    @classmethod
    def generate(cls, random: Random) -> Self:
        """A new key."""
        return cls(random(KEY_BYTES))

    @property
    def public_key(self) -> SealPublicKey:
        """The public half."""
        kem, x25519 = self._parts()
        return SealPublicKey(raw=kem.public_key().public_bytes(*_RAW) + x25519.public_key().public_bytes(*_RAW))

    def open(self, sealed: bytes, *, info: bytes, aad: bytes) -> bytes:
        """The plaintext that was sealed to this key with ``info`` and ``aad``.

        Raises:
            IntegrityFailure: CR-K012 sealed to another key, for another purpose or context, or altered.
        """
        body = sealed[len(_MARKER) :] if sealed.startswith(_MARKER) else b""
        try:
            private = hpke.MLKEM768X25519PrivateKey(*self._parts())
            return _suite().decrypt(body, private, info=_context(info, aad))
        except (InvalidTag, ValueError):
            raise IntegrityFailure(
                "CR-K012",
                "the sealed content does not open with this key",
                help="it was sealed to another key or for another room, or was altered; ask its sender again",
            ) from None

    def _parts(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        kem = MLKEM768PrivateKey.from_seed_bytes(expand(self._secret, b"cleanroom/seal/v1/ml-kem-768", 64))
        return kem, X25519PrivateKey.from_private_bytes(expand(self._secret, b"cleanroom/seal/v1/x25519"))


def _context(info: bytes, aad: bytes) -> bytes:
    return b"cleanroom/hpke/v1" + len(info).to_bytes(4, "big") + info + len(aad).to_bytes(4, "big") + aad
