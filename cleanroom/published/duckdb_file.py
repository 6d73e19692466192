"""A layout -> the bytes of one DuckDB file that any DuckDB client opens: Tableau, Power BI, Excel and Python among them.

The file is made in a folder the caller gives and that is gone afterwards; nothing of it stays on the room's disk
readable (INVARIANT I4): what is kept is sealed by the caller.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from cleanroom.errors import Unavailable
from cleanroom.published.layout import CATALOGUE, CATALOGUE_COLUMNS, RELEASE, Column, Layout, Series, Value
from cleanroom.published.names import quoted

_DIGITS, _SCALE = 38, 12
_SQL_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": f"DECIMAL({_DIGITS},{_SCALE})",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "moment": "TIMESTAMP",
}
_ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(_DIGITS, _SCALE),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "moment": pa.timestamp("us"),
}


def duckdb_file(layout: Layout, folder: Path) -> bytes:
    """One file with the catalogue, a table per series and a view of its newest release. Moments are UTC.

    Raises:
        Unavailable: CR-S041, it could not be written.
    """
    try:
        with TemporaryDirectory(dir=folder, prefix="released-") as made:
            path = Path(made) / "released.duckdb"
            with duckdb.connect(str(path)) as connection:
                _fill(connection, CATALOGUE, CATALOGUE_COLUMNS, layout.catalogue)
                for series in layout.series:
                    _add(connection, series)
                connection.execute("CHECKPOINT")
            return path.read_bytes()
    except (duckdb.Error, OSError, pa.ArrowException):  # their texts quote cells
        raise Unavailable(
            "CR-S041", "the file of released tables cannot be written", help="tell the operator"
        ) from None


def _add(connection: duckdb.DuckDBPyConnection, series: Series) -> None:
    rows = [row for release in series.rows.values() for row in release]
    _fill(connection, series.history, series.columns, rows)
    newest = f"SELECT release_id FROM {quoted(CATALOGUE)} WHERE is_latest AND table_name = '{series.history}'"
    connection.execute(
        f"CREATE VIEW {quoted(series.latest)} AS SELECT * FROM {quoted(series.history)} "
        f"WHERE {quoted(RELEASE)} IN ({newest})"
    )
    for name, kind in ((series.history, "TABLE"), (series.latest, "VIEW")):
        connection.execute(f"COMMENT ON {kind} {quoted(name)} IS {_literal(series.title)}")


def _fill(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column], rows: Sequence[Sequence[Value]]
) -> None:
    values = [[row[at] for row in rows] for at in range(len(columns))]
    kinds = [_kind(column, cells) for column, cells in zip(columns, values, strict=True)]
    typed = ", ".join(f"{quoted(c.name)} {_SQL_TYPES[kind]}" for c, kind in zip(columns, kinds, strict=True))
    connection.execute(f"CREATE TABLE {quoted(table)} ({typed})")
    arrays = [_array(cells, kind) for cells, kind in zip(values, kinds, strict=True)]
    content = pa.Table.from_arrays(arrays, names=[f"c{at}" for at in range(len(columns))])
    connection.register("incoming", content)
    connection.execute(f"INSERT INTO {quoted(table)} SELECT * FROM incoming")
    connection.unregister("incoming")
    for column in columns:
        if column.comment:
            place = f"{quoted(table)}.{quoted(column.name)}"
            connection.execute(f"COMMENT ON COLUMN {place} IS {_literal(column.comment)}")


def _kind(column: Column, cells: Sequence[Value]) -> str:
    """A number too long for DuckDB's exact type is written out: a text is exact, a float is not."""
    return "text" if column.kind == "decimal" and not all(_fits(cell) for cell in cells) else column.kind


def _fits(cell: Value) -> bool:
    if not isinstance(cell, Decimal):
        return True
    _, digits, exponent = cell.as_tuple()
    scale = -exponent if isinstance(exponent, int) else 0
    return scale <= _SCALE and len(digits) - scale <= _DIGITS - _SCALE


def _array(cells: Sequence[Value], kind: str) -> pa.Array:
    if kind == "text":
        return pa.array([None if cell is None else _text(cell) for cell in cells], pa.string())
    return pa.array([_naive(cell) for cell in cells], _ARROW_TYPES[kind])


def _text(cell: Value) -> str:
    return format(cell, "f") if isinstance(cell, Decimal) else str(cell)


def _naive(cell: Value) -> Value:
    return cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell


def _literal(text: str) -> str:
    return "'" + "".join(char if char.isprintable() else " " for char in text).replace("'", "''") + "'"
