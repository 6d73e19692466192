"""A package's columns x the contract -> which columns are there. INVARIANT I2: no stored row breaks its contract.

All findings come at once. Names of unknown columns are not echoed: a hostile header can carry a value.
"""

import duckdb

from cleanroom.contracts import Column, ColumnType, Contract, Role
from cleanroom.errors import DataRefused, Finding
from cleanroom.vault.package_file import TABLE
from cleanroom.vault.physical import ROW

_SYSTEM = {ROW, "file_row_number"}
_TYPES = {
    ColumnType.TEXT: ("VARCHAR",),
    ColumnType.INTEGER: ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT"),
    ColumnType.DECIMAL: ("DECIMAL(18,4)",),
    ColumnType.BOOLEAN: ("BOOLEAN",),
    ColumnType.DATE: ("DATE",),
    ColumnType.TIMESTAMP: ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"),
    ColumnType.TOKEN: ("UUID",),
}
_HELP = {
    "CR-V020": "prepare the file again; a package holds the contract's stored columns and nothing else",
    "CR-V021": "map a column to it, or give it a constant in the mapping",
    "CR-V022": "prepare the file again with this version of the contract",
    "CR-V023": "this is a clear identifier: it is made a token on the member's machine and never leaves it",
}


class SchemaRefused(DataRefused):
    """The package's columns do not fit the contract; ``findings`` holds all of them."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        first = findings[0]
        super().__init__(first.code, first.message, help=first.help)
        self.findings = findings


def check_schema(connection: duckdb.DuckDBPyConnection, contract: Contract) -> frozenset[str]:
    """The columns of the registered package, all of them the contract's (and ``_row``, if it brings one).

    Raises:
        DataRefused: CR-V024 the package is not a readable Parquet file.
        SchemaRefused: CR-V020 unknown columns, CR-V021 a required column is missing, CR-V022 a column of another
            type, CR-V023 a clear identifier.
    """
    try:
        rows = connection.execute(f"DESCRIBE FROM {TABLE}").fetchall()
    except duckdb.Error:
        raise DataRefused(
            "CR-V024", "the package is not a readable Parquet file", help="prepare and push it again"
        ) from None
    found = {str(name): str(kind) for name, kind, *_ in rows}
    findings = (*_strangers(contract, found), *(f for c in contract.stored if (f := _column(contract, c, found))))
    if findings:
        raise SchemaRefused(findings)
    return frozenset(found) - {"file_row_number"}


def _strangers(contract: Contract, found: dict[str, str]) -> tuple[Finding, ...]:
    stored = {str(column.name) for column in contract.stored}
    clear = [str(c.name) for c in contract.columns if c.role is Role.IDENTIFIER and c.name in found]
    unknown = len(set(found) - stored - set(clear) - _SYSTEM)
    findings = [_finding("CR-V023", "the package holds a clear identifier", name) for name in clear]
    if unknown:
        findings.append(_finding("CR-V020", f"the package holds columns the contract does not know: {unknown}", ""))
    return tuple(findings)


def _column(contract: Contract, column: Column, found: dict[str, str]) -> Finding | None:
    name = str(column.name)
    if name not in found:
        if column.required or column.name in contract.natural_key:
            return _finding("CR-V021", f"column `{name}` is required and not in the package", name)
        return None
    if found[name] not in _TYPES[column.type]:
        return _finding("CR-V022", f"column `{name}` is not stored as {column.type}", name)
    return None


def _finding(code: str, message: str, column: str) -> Finding:
    return Finding(code=code, severity="fatal", message=message, help=_HELP[code], column=column)
