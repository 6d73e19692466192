"""ReleasedTable <-> JSON: exact (decimals keep all digits, as JSON numbers) and lossless, so it is also how it is kept.

``rows`` is a list of objects by column name; a withheld number is ``{"withheld": reason}``, which no shown value is.
``earlier_rows`` names the rows (from 0) that are served as an earlier release held them, each with its data's date.
"""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from cleanroom.delivery.about import About
from cleanroom.delivery.names import distinct_names
from cleanroom.errors import IntegrityFailure
from cleanroom.names import Digest, MemberName
from cleanroom.released import Reason, ReleasedColumn, ReleasedTable, ShownValue, Withheld

_VERSION = "cleanroom/released/v1"


def render_json(table: ReleasedTable, about: About) -> bytes:
    """``table`` as one UTF-8 JSON document."""
    names = distinct_names(table)
    head = {
        "version": _VERSION,
        "about": dict(about.facts),
        "columns": [
            {"name": c.name, "type": c.type, "role": c.role, "unit": c.unit, "description": c.description}
            for c in table.columns
        ],
        "withheld": {reason.value: count for reason, count in table.withheld.items()},
        "rows_dropped": table.rows_dropped,
        "dropped": {reason.value: count for reason, count in table.dropped.items()},
        "contributors": dict(table.contributors),
        "policies": list(table.policies),
        "snapshots": dict(table.snapshots),
        "receivers": list(table.receivers),
        "question": table.question,
        "earlier_rows": [{"row": row, "data_date": day.isoformat()} for row, day in sorted(table.earlier_rows.items())],
    }
    keys = [json.dumps(name, ensure_ascii=False) for name in names]
    rows = ",\n".join(
        "{" + ", ".join(f"{key}: {_cell(value)}" for key, value in zip(keys, row, strict=True)) + "}"
        for row in table.rows
    )
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    return f'{opening}, "rows": [{rows}]}}\n'.encode()


def parse_json(document: bytes) -> ReleasedTable:
    """The table that ``render_json`` wrote.

    Raises:
        IntegrityFailure: CR-R206 not such a document.
    """
    try:
        content = json.loads(document, parse_float=Decimal)
        return _table(content)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
        raise IntegrityFailure("CR-R206", "this is not a stored release of this version") from None


def _table(content: Mapping[str, Any]) -> ReleasedTable:
    if content["version"] != _VERSION:
        raise ValueError
    columns = tuple(ReleasedColumn(**column) for column in content["columns"])
    rows = tuple(
        tuple(_parsed(value, column.type) for value, column in zip(row.values(), columns, strict=True))
        for row in content["rows"]
    )
    return ReleasedTable(
        columns=columns,
        rows=rows,
        withheld={Reason(reason): int(count) for reason, count in content["withheld"].items()},
        rows_dropped=int(content["rows_dropped"]),
        dropped={Reason(reason): int(count) for reason, count in content.get("dropped", {}).items()},
        contributors={str(name): int(count) for name, count in content["contributors"].items()},
        policies=tuple(Digest(policy) for policy in content["policies"]),
        snapshots={str(name): int(snapshot) for name, snapshot in content["snapshots"].items()},
        receivers=tuple(MemberName(member) for member in content["receivers"]),
        question=str(content.get("question", "")),
        earlier_rows={int(one["row"]): date.fromisoformat(one["data_date"]) for one in content.get("earlier_rows", ())},
    )


def _cell(value: ShownValue | Withheld) -> str:
    match value:
        case Withheld(reason=reason):
            return json.dumps({"withheld": reason.value})
        case Decimal():
            return format(value, "f")
        case date():
            return json.dumps(value.isoformat())
        case _:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _parsed(value: Any, column_type: str) -> ShownValue | Withheld:
    match value:
        case dict():
            return Withheld(Reason(value["withheld"]))
        case str() if column_type == "date":
            return date.fromisoformat(value)
        case int() if column_type == "decimal":
            return Decimal(value)
        case None | str() | bool() | int() | Decimal():
            return value
        case _:
            raise ValueError
