"""Canonical identifiers -> tokens: HMAC-SHA-256 under a derived key, cut to 128 bits, shown as a UUID.

The key is HKDF of the collaboration key with the identifier's kind and the normaliser's profile, so that a token of
one kind or profile can never equal one of another. The HMAC key is the derived key's 64 hexadecimal characters: the
bulk kernel takes text keys only, and 64 bytes are exactly SHA-256's block (RFC 2104 uses them unhashed).
Both forms, one value and whole columns, are proven equal by tests, and both pass RFC 4231.
"""

import binascii
import hashlib
import hmac
from uuid import UUID

import polars as pl
import polars_hash as plh
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.crypto.handle import KeyHandle
from cleanroom.crypto.symmetric import CollaborationKey

TOKEN_BYTES = 16
_HEX_CHARS = 2 * TOKEN_BYTES


class TokenKey(KeyHandle):
    """Makes tokens of one identifier kind under one profile."""

    __slots__ = ()

    def token(self, canonical: str) -> UUID:
        """The token of one canonical identifier."""
        full = hmac.new(self._secret.hex().encode("ascii"), canonical.encode(), hashlib.sha256).digest()
        return UUID(bytes=full[:TOKEN_BYTES])

    def tokens(self, canonical: pl.Series) -> pl.Series:
        """The tokens of a column of canonical identifiers: 32 hexadecimal digits, null where the identifier is null."""
        full = plh.col(canonical.name).chash.hmac_sha256(key=self._secret.hex())
        return canonical.to_frame().select(full.str.head(_HEX_CHARS)).to_series()


def token_key(key: CollaborationKey, *, kind: str, profile: str) -> TokenKey:
    """The key for identifiers of ``kind`` (``email``, ``phone``, ``serial``) under ``profile`` (``email.uid2@1``)."""
    return TokenKey(key.for_tokens(_prefixed(kind) + _prefixed(profile)))


def as_uuids(tokens: pl.Series) -> pa.Array:
    """Tokens in hexadecimal as an Arrow UUID column: Parquet's UUID, 16 bytes a value."""
    present = tokens.is_not_null().to_arrow()
    filled = tokens.fill_null("0" * _HEX_CHARS).to_arrow(compat_level=pl.CompatLevel.oldest())
    # All values have 32 digits now, so the values' buffer is the column: one call for all of them.
    digits = filled.buffers()[2].slice(filled.offset * _HEX_CHARS, len(filled) * _HEX_CHARS)
    content = pa.py_buffer(binascii.unhexlify(digits))
    storage = pa.Array.from_buffers(pa.binary(TOKEN_BYTES), len(filled), [None, content])
    if tokens.null_count():
        # Not pa.scalar: turning a Python object into Arrow imports pandas wherever it is installed.
        storage = pc.if_else(present, storage, pa.nulls(len(storage), storage.type))
    return pa.ExtensionArray.from_storage(pa.uuid(), storage)


def within(scope: str, identifier: str) -> str:
    """``identifier`` inside ``scope`` (a serial inside its brand), length-prefixed: no two pairs make one text."""
    return f"{len(scope.encode())}:{scope}{identifier}"


def within_column(scope: pl.Expr, identifier: pl.Expr) -> pl.Expr:
    """``within`` for columns; a null scope counts as empty, a null identifier stays null."""
    return pl.concat_str([scope_prefix(scope), identifier])


def scope_prefix(scope: pl.Expr) -> pl.Expr:
    """What ``within`` puts before an identifier; a null scope counts as empty."""
    named = scope.fill_null("")
    return pl.concat_str([named.str.len_bytes().cast(pl.String), pl.lit(":"), named])


def _prefixed(text: str) -> bytes:
    content = text.encode()
    return len(content).to_bytes(2, "big") + content
