"""ReleasedTable -> Arrow table: one typed column each, NULL where withheld, everything else in the schema's metadata.

Metadata key ``cleanroom`` holds JSON: the summary's counts, and ``withheld_cells`` with column, row (0-based) and
reason, so that a reader can tell a withheld number from one that is NULL.
"""

import json
from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from cleanroom.delivery.about import About
from cleanroom.delivery.names import distinct_names
from cleanroom.errors import UsageProblem
from cleanroom.released import ReleasedTable, ShownValue, Withheld

_INT64 = 2**63
_DECIMAL = pa.decimal128(38, 12)
_WIDE_DECIMAL = pa.decimal256(76, 12)


def to_arrow(table: ReleasedTable, about: About) -> pa.Table:
    """``table`` in Arrow's types: text, int64, decimal(38, 12), bool, date32; wider ones only where a value needs it.

    Raises:
        UsageProblem: CR-R502 a number needs more than 64 digits before the point.
    """
    names = distinct_names(table)
    columns = [
        _column([row[position] for row in table.rows], column.type) for position, column in enumerate(table.columns)
    ]
    fields = [pa.field(name, array.type) for name, array in zip(names, columns, strict=True)]
    schema = pa.schema(fields, metadata={"cleanroom": _metadata(table, about, names)})
    return pa.Table.from_arrays(columns, schema=schema)


def _column(cells: Sequence[ShownValue | Withheld], kind: str) -> pa.Array:
    values = [None if isinstance(cell, Withheld) else cell for cell in cells]
    match kind:
        case "integer":
            narrow = all(isinstance(v, int) and -_INT64 <= v < _INT64 for v in values if v is not None)
            return pa.array(values, pa.int64()) if narrow else _decimals(values)
        case "decimal" | "double":
            return _decimals(values)
        case "boolean":
            return pa.array(values, pa.bool_())
        case "date":
            return pa.array(values, pa.date32())
        case _:
            return pa.array([None if value is None else str(value) for value in values], pa.string())


def _decimals(values: Sequence[ShownValue]) -> pa.Array:
    numbers = [None if value is None else Decimal(str(value)) for value in values]
    for wanted in (_DECIMAL, _WIDE_DECIMAL):
        try:
            return pa.array(numbers, wanted)
        except pa.ArrowInvalid:  # the text quotes the value: not kept
            continue
    raise UsageProblem("CR-R502", "a number is too long for this format", help="ask for csv or json")


def _metadata(table: ReleasedTable, about: About, names: Sequence[str]) -> str:
    marks = [
        {"column": names[position], "row": at, "reason": cell.reason.value}
        for at, row in enumerate(table.rows)
        for position, cell in enumerate(row)
        if isinstance(cell, Withheld)
    ]
    return json.dumps(
        {
            "about": dict(about.facts),
            "withheld": {reason.value: count for reason, count in table.withheld.items()},
            "withheld_cells": marks,
            "rows_dropped": table.rows_dropped,
            "dropped": {reason.value: count for reason, count in table.dropped.items()},
            "contributors": dict(table.contributors),
            "policies": list(table.policies),
            "snapshots": dict(table.snapshots),
            "receivers": list(table.receivers),
            "earlier_rows": [
                {"row": row, "data_date": day.isoformat()} for row, day in sorted(table.earlier_rows.items())
            ],
        }
    )
