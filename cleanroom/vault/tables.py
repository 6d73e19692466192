"""A contract -> the physical table of its dataset: columns, types, partitions; and the statements that make it.

Beside the contract's stored columns a table holds ``_bucket`` (top bits of the join token, so that a filter on it
prunes on any engine and buckets are token-disjoint) and per token column ``_mask_<token>`` (one bit of 64, chosen by
the token's own last bits, independent of the bucket's). Neither exists for a querier.
"""

from collections.abc import Mapping

from cleanroom.contracts import Column, ColumnType, Contract
from cleanroom.errors import DataRefused
from cleanroom.names import ColumnName

BUCKET = "_bucket"
BUCKET_BITS = 2
"""Four buckets: see docs/adr on the figures behind it; the engine prunes on the column, so this may grow later."""

SQL_TYPES: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.DECIMAL: "DECIMAL(18,4)",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP",
    ColumnType.TOKEN: "UUID",
}


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as an SQL string. Bound parameters would make DuckDB import pandas, a second and 60 MB."""
    return "'" + text.replace("'", "''") + "'"


def mask_column(token: ColumnName) -> str:
    """The occupancy-mask column that stands beside ``token``."""
    return f"_mask_{token}"


def token_columns(contract: Contract) -> tuple[Column, ...]:
    """The token columns in the contract's order; the first one is what rows are bucketed by."""
    return tuple(column for column in contract.stored if column.type is ColumnType.TOKEN)


def physical_columns(contract: Contract) -> tuple[tuple[str, str], ...]:
    """(name, SQL type) of every column of the table, the contract's first."""
    stored = tuple((str(column.name), SQL_TYPES[column.type]) for column in contract.stored)
    masks = tuple((mask_column(column.name), "UBIGINT") for column in token_columns(contract))
    return (*stored, (BUCKET, "UTINYINT"), *masks)


def create_statements(contract: Contract, *, lake: str) -> tuple[str, ...]:
    """Statements that make the dataset's empty table in the attached lake ``lake``."""
    table = f"{lake}.{quoted(contract.dataset)}"
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in physical_columns(contract))
    parts = [BUCKET]
    if contract.time is not None:
        parts.append(f"year({quoted(contract.time)})")
    return (f"CREATE TABLE {table} ({columns})", f"ALTER TABLE {table} SET PARTITIONED BY ({', '.join(parts)})")


def evolve_statements(contract: Contract, present: Mapping[str, str], *, lake: str) -> tuple[str, ...]:
    """Statements that add the columns a newer contract version has to a table that holds ``present`` (name -> type).

    Raises:
        DataRefused: CR-V010 the newer contract changes the type of a stored column.
    """
    wanted = dict(physical_columns(contract))
    for name, kind in wanted.items():
        if name in present and present[name] != kind:
            raise DataRefused(
                "CR-V010",
                f"contract `{contract.dataset}` {contract.version} changes the type of column `{name}`",
                help="a stored column keeps its type; add a column with another name",
            )
    table = f"{lake}.{quoted(contract.dataset)}"
    missing = [(name, kind) for name, kind in wanted.items() if name not in present]
    return tuple(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {kind}" for name, kind in missing)
