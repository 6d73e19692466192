"""A bound shape held to the vocabulary and the contracts once more, by code that shares nothing with the binder.

The grammar table is checked before binding on sqlglot's types; this is the check after it, on ours. A failure here is a
bug of the binder and not of the text, and still refuses.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cleanroom.contracts.model import Contract
from cleanroom.errors import PolicyRefused
from cleanroom.names import DatasetName
from cleanroom.shape import AggregateValue, ColumnRef, DimensionValue, PerUnit, QueryShape
from queries.refusal import refusal
from queries.walk import child_fields

_PLAIN = frozenset({str, int, bool, Decimal, date, type(None)})


def verify(shape: QueryShape, contracts: Mapping[DatasetName, Contract]) -> None:
    """Hold ``shape`` to its own invariants.

    Raises:
        PolicyRefused: CR-Q109 a node outside the vocabulary, a column outside its contract, a number out of range.
    """
    try:
        sound = _sound(shape, contracts)
    except Exception:  # noqa: BLE001  # an exception while checking means refuse (I9)
        sound = False
    if not sound:
        refused = refusal(
            "CR-Q109", "closed_grammar", "this question could not be understood completely",
            help="please report the text; nothing was run",
        )  # fmt: skip
        raise PolicyRefused((refused.violation,))


def _sound(shape: QueryShape, contracts: Mapping[DatasetName, Contract]) -> bool:
    names = [_columns(index, shape, contracts) for index in range(len(shape.sources))]
    joined = [source.join is not None and bool(source.join.pairs) for source in shape.sources]
    if not shape.sources or not shape.aggregates or not shape.outputs or joined != [i > 0 for i in range(len(joined))]:
        return False
    pending: list[tuple[object, int | None]] = [(shape, None)]
    while pending:
        node, inner = pending.pop()
        if isinstance(node, tuple):
            pending.extend((item, inner) for item in node)
            continue
        if type(node) in _PLAIN or isinstance(node, StrEnum):
            continue
        names_of_fields = child_fields(type(node))
        if names_of_fields is None:
            return False
        if not _in_range(node, inner, shape, names, contracts):
            return False
        for name in names_of_fields:
            value = getattr(node, name)
            within = shape.sources.index(node) if isinstance(value, PerUnit) and node in shape.sources else inner
            pending.append((value, within))
    return True


def _columns(index: int, shape: QueryShape, contracts: Mapping[DatasetName, Contract]) -> frozenset[str]:
    source = shape.sources[index]
    stored = frozenset(str(column.name) for column in contracts[source.dataset].stored)
    if source.per_unit is None:
        return stored
    return frozenset({str(source.per_unit.key), *(str(output.name) for output in source.per_unit.outputs)})


def _in_range(
    node: object,
    inner: int | None,
    shape: QueryShape,
    names: list[frozenset[str]],
    contracts: Mapping[DatasetName, Contract],
) -> bool:
    match node:
        case ColumnRef(source=source, column=column) if inner is not None:
            stored = contracts[shape.sources[inner].dataset].stored
            return source == 0 and any(column == known.name for known in stored)
        case ColumnRef(source=source, column=column):
            return 0 <= source < len(names) and column in names[source]
        case AggregateValue(index=index):
            return 0 <= index < len(shape.aggregates)
        case DimensionValue(index=index):
            return 0 <= index < len(shape.dimensions)
        case _:
            return True
