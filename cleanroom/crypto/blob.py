"""Small bytes at rest: AES-256-GCM behind a version marker; the context they belong to is mandatory."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cleanroom.crypto.symmetric import BlobKey, Random
from cleanroom.errors import IntegrityFailure

_MARKER = b"CRBLOB1"
_NONCE_BYTES = 12


def seal_blob(key: BlobKey, plaintext: bytes, *, associated: bytes, random: Random) -> bytes:
    """``plaintext`` encrypted; opens only with the same ``associated`` (say: which upload, which member).

    The nonce is random: one key is good for 2**32 blobs.
    """
    nonce = random(_NONCE_BYTES)
    return _MARKER + nonce + AESGCM(key.for_blobs()).encrypt(nonce, plaintext, _MARKER + associated)


def open_blob(key: BlobKey, sealed: bytes, *, associated: bytes) -> bytes:
    """What ``seal_blob`` hid.

    Raises:
        IntegrityFailure: CR-K013 another key, another context, altered or cut bytes.
    """
    body = sealed[len(_MARKER) :] if sealed.startswith(_MARKER) else b""
    nonce, ciphertext = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
    try:
        return AESGCM(key.for_blobs()).decrypt(nonce, ciphertext, _MARKER + associated)
    except (InvalidTag, ValueError):
        raise IntegrityFailure("CR-K013", "encrypted bytes do not open: wrong key, wrong place, or altered") from None
