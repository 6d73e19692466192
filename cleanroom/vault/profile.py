"""A staged file -> its ``FileProfile``: cheap whole-file figures that the next files are compared with."""

import duckdb

from cleanroom.contracts import ColumnType
from cleanroom.vault.commit import FileProfile
from cleanroom.vault.decide import table_exists
from cleanroom.vault.package_file import TABLE
from cleanroom.vault.session import LAKE
from cleanroom.vault.stage import Staged
from cleanroom.vault.tables import quoted, token_columns

_FINGERPRINTED_ROWS = 1_000_000
_SAMPLED_TOKENS = 5_000


def profile(connection: duckdb.DuckDBPyConnection, staged: Staged, profiles: tuple[str, ...]) -> FileProfile:
    """What the file is like; ``profiles`` are the normalisers its manifest names."""
    tokens = tuple(str(c.name) for c in token_columns(staged.contract) if c.name in staged.present)
    held = table_exists(connection, staged)
    return FileProfile(
        rows=staged.rows,
        first_day=staged.first_day.isoformat() if staged.first_day else None,
        last_day=staged.last_day.isoformat() if staged.last_day else None,
        fingerprint=_fingerprint(connection, staged),
        nulls=_nulls(connection, tokens),
        seen={token: _seen(connection, staged, token) for token in tokens} if held else {},
        profiles=profiles,
    )


def _fingerprint(connection: duckdb.DuckDBPyConnection, staged: Staged) -> str:
    dates = (ColumnType.DATE, ColumnType.TIMESTAMP)
    columns = [
        quoted(c.name)
        for c in staged.contract.stored
        if c.name in staged.present and c.type not in dates and c.name not in staged.contract.natural_key
    ]
    if not columns or not 0 < staged.rows <= _FINGERPRINTED_ROWS:
        return ""
    # DuckDB's hash may change with its version: then one comparison with older files finds nothing, no more.
    row = connection.execute(f"SELECT sum(hash({', '.join(columns)})) FROM {TABLE}").fetchone()
    return f"{int(row[0]) & ((1 << 128) - 1):032x}" if row else ""


def _nulls(connection: duckdb.DuckDBPyConnection, tokens: tuple[str, ...]) -> dict[str, int]:
    if not tokens:
        return {}
    each = ", ".join(f"1000 * (count(*) - count({quoted(token)})) // greatest(count(*), 1)" for token in tokens)
    row = connection.execute(f"SELECT {each} FROM {TABLE}").fetchone() or ()
    return {token: int(share) for token, share in zip(tokens, row, strict=True)}


def _seen(connection: duckdb.DuckDBPyConnection, staged: Staged, token: str) -> int:
    name, table = quoted(token), f"{LAKE}.{quoted(staged.contract.dataset)}"
    row = connection.execute(
        f"WITH s AS (SELECT DISTINCT {name} AS t FROM (SELECT {name} FROM {TABLE} LIMIT {_SAMPLED_TOKENS}) "
        f"WHERE {name} IS NOT NULL), h AS (SELECT t FROM s SEMI JOIN {table} l ON l.{name} = s.t) "
        "SELECT 1000 * (SELECT count(*) FROM h) // greatest((SELECT count(*) FROM s), 1)"
    ).fetchone()
    return int(row[0]) if row else 0
