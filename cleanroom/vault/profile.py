"""A staged file -> its ``FileProfile``: cheap whole-file figures that the next files are compared with."""

import duckdb

from cleanroom.contracts import ColumnType, Contract
from cleanroom.vault.commit import FileProfile
from cleanroom.vault.decide import table_exists
from cleanroom.vault.package_file import TABLE
from cleanroom.vault.session import LAKE
from cleanroom.vault.stage import Staged
from cleanroom.vault.tables import quoted, token_columns

_FINGERPRINTED_ROWS = 1_000_000
_SAMPLED_TOKENS = 5_000


def figures(contract: Contract, present: frozenset[str], rows: int) -> tuple[str, ...]:
    """The aggregates that ``profile`` needs, for ``stage``: nulls of each token, and a fingerprint (NULL for none)."""
    nulls = (f"count(*) - count({quoted(token)})" for token in _tokens(contract, present))
    dates = (ColumnType.DATE, ColumnType.TIMESTAMP)
    columns = [
        quoted(c.name)
        for c in contract.stored
        if c.name in present and c.type not in dates and c.name not in contract.natural_key
    ]
    # DuckDB's hash may change with its version: then one comparison with older files finds nothing, no more.
    is_printed = columns and 0 < rows <= _FINGERPRINTED_ROWS
    return (*nulls, f"sum(hash({', '.join(columns)}))" if is_printed else "NULL")


def profile(connection: duckdb.DuckDBPyConnection, staged: Staged, profiles: tuple[str, ...]) -> FileProfile:
    """What the file is like; it was staged with ``figures``. ``profiles`` are the normalisers its manifest names."""
    tokens = _tokens(staged.contract, staged.present)
    held = table_exists(connection, staged)
    *nulls, fingerprint = (None if value is None else int(str(value)) for value in staged.figures)
    return FileProfile(
        rows=staged.rows,
        first_day=staged.first_day.isoformat() if staged.first_day else None,
        last_day=staged.last_day.isoformat() if staged.last_day else None,
        fingerprint="" if fingerprint is None else f"{fingerprint & ((1 << 128) - 1):032x}",
        nulls={token: 1000 * (count or 0) // max(staged.rows, 1) for token, count in zip(tokens, nulls, strict=True)},
        seen={token: _seen(connection, staged, token) for token in tokens} if held else {},
        profiles=profiles,
    )


def _tokens(contract: Contract, present: frozenset[str]) -> tuple[str, ...]:
    return tuple(str(c.name) for c in token_columns(contract) if c.name in present)


def _seen(connection: duckdb.DuckDBPyConnection, staged: Staged, token: str) -> int:
    name, table = quoted(token), f"{LAKE}.{quoted(staged.contract.dataset)}"
    row = connection.execute(
        f"WITH s AS (SELECT DISTINCT {name} AS t FROM (SELECT {name} FROM {TABLE} LIMIT {_SAMPLED_TOKENS}) "
        f"WHERE {name} IS NOT NULL), h AS (SELECT t FROM s SEMI JOIN {table} l ON l.{name} = s.t) "
        "SELECT 1000 * (SELECT count(*) FROM h) // greatest((SELECT count(*) FROM s), 1)"
    ).fetchone()
    return int(row[0]) if row else 0
