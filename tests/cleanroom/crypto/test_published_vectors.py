"""The primitives as we call them, against the numbers in their RFCs."""

import hashlib
import hmac

import polars as pl
import polars_hash as plh
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from cleanroom.crypto.handle import expand
from cleanroom.crypto.keys import DataKey, KeyEncryptionKey, SigningKey

RFC_3394_4_6 = (
    "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
    "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
    "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
)
RFC_4231 = (
    ("0b" * 20, "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        "4a656665",
        "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("aa" * 20, "dd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        "0102030405060708090a0b0c0d0e0f10111213141516171819",
        "cd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (
        "aa" * 131,
        "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
)
RFC_5869 = (
    (
        "0b" * 22,
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        "0b" * 22,
        "",
        "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
)
RFC_8032_7_1 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    ),
)
RFC_7748_5_2 = (
    "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
    "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
    "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
)


def test_wrapping_is_rfc_3394_behind_a_marker() -> None:
    """A wrapped data key is the RFC's ciphertext after five bytes of version marker."""
    kek, data, out = (bytes.fromhex(part) for part in RFC_3394_4_6)
    assert KeyEncryptionKey(kek).wrap(DataKey(data)) == b"CRKW1" + out


@pytest.mark.parametrize(("key", "message", "expected"), RFC_4231)
def test_scalar_hmac_is_rfc_4231(key: str, message: str, expected: str) -> None:
    """The scalar form's HMAC gives the RFC's numbers."""
    assert hmac.new(bytes.fromhex(key), bytes.fromhex(message), hashlib.sha256).hexdigest() == expected


@pytest.mark.parametrize(("key", "message", "expected"), [case for case in RFC_4231 if not case[0].startswith("aa")])
def test_bulk_hmac_is_rfc_4231(key: str, message: str, expected: str) -> None:
    """The bulk kernel gives the RFC's numbers, for every case whose key is text (ours always is)."""
    frame = pl.DataFrame({"message": [bytes.fromhex(message)]})
    kernel = plh.col("message").chash.hmac_sha256(key=bytes.fromhex(key).decode())
    assert frame.select(kernel).item() == expected


@pytest.mark.parametrize(("secret", "salt", "info", "expected"), RFC_5869)
def test_expansion_is_rfc_5869(secret: str, salt: str, info: str, expected: str) -> None:
    """Keys are derived by HKDF-SHA-256 as the RFC defines it."""
    made = expand(bytes.fromhex(secret), bytes.fromhex(info), 42, salt=bytes.fromhex(salt) or None)
    assert made.hex() == expected


@pytest.mark.parametrize(("seed", "public"), RFC_8032_7_1)
def test_signing_keys_are_rfc_8032(seed: str, public: str) -> None:
    """A signing key is the RFC's seed, its public half the RFC's public key."""
    assert SigningKey(bytes.fromhex(seed)).verify_key.raw.hex() == public


def test_x25519_is_rfc_7748() -> None:
    """The classical half of the sealing key agrees as the RFC says."""
    scalar, point, out = (bytes.fromhex(part) for part in RFC_7748_5_2)
    shared = X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(point))
    assert shared == out
