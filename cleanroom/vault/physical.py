"""Package columns -> SQL expressions for the physical columns: stored values, bucket, masks.

Bucket and mask are stable functions of the token's own 16 bytes, not of DuckDB's ``hash()``, which may change with a
version: the bucket is the first byte's top bits, the mask's slot the last byte's low six bits, so they are
independent of each other and of a UUID's version and variant bits.
"""

from cleanroom.contracts import Contract
from cleanroom.vault.tables import BUCKET_BITS, SQL_TYPES, quoted, token_columns

ROW = "_row"
"""Source row number; a package that has this column brings its own, else rows are counted from 1."""


def row_expression(present: frozenset[str]) -> str:
    """The 1-based source row number."""
    return quoted(ROW) if ROW in present else "(file_row_number + 1)"


def stored_expressions(contract: Contract, present: frozenset[str]) -> tuple[str, ...]:
    """One expression per stored column, in the table's order; what the package lacks is NULL."""
    return tuple(quoted(c.name) if c.name in present else f"CAST(NULL AS {SQL_TYPES[c.type]})" for c in contract.stored)


def physical_expressions(contract: Contract, present: frozenset[str]) -> tuple[str, ...]:
    """One expression per physical column of ``tables.physical_columns``, in the same order."""
    tokens = tuple(column.name for column in token_columns(contract))
    masks = tuple(mask_expression(quoted(t)) if t in present else "CAST(NULL AS UBIGINT)" for t in tokens)
    first = quoted(tokens[0]) if tokens and tokens[0] in present else None
    return (*stored_expressions(contract, present), bucket_expression(first, contract), *masks)


def bucket_expression(token: str | None, contract: Contract) -> str:
    """The bucket of ``token`` (an SQL expression of type UUID); rows without one spread by their natural key."""
    # UUIDs compare as their bytes, and a comparison is thirty times cheaper than taking the bits out.
    key = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in contract.natural_key)
    spread = f"CAST(md5_number_upper(concat_ws(chr(31), {key})) >> {64 - BUCKET_BITS} AS UTINYINT)"
    if token is None:
        return spread
    top = range((1 << BUCKET_BITS) - 1, 0, -1)
    steps = " ".join(f"WHEN {token} >= UUID '{_lowest(bucket)}' THEN {bucket}" for bucket in top)
    return f"CAST(CASE WHEN {token} IS NULL THEN {spread} {steps} ELSE 0 END AS UTINYINT)"


def mask_expression(token: str) -> str:
    """The 64-bit occupancy mask of ``token``: one bit; NULL for no token."""
    return f"(1::UBIGINT << (CAST(CAST(CAST({token} AS BLOB)[16:16] AS BIT) AS UTINYINT) & 63))"


def _lowest(bucket: int) -> str:
    return f"{bucket << (8 - BUCKET_BITS):02x}000000-0000-0000-0000-000000000000"
