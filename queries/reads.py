"""What a shape reads: per dataset the columns it mentions and, once decided, the members whose rows take part."""

from dataclasses import dataclass

from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.plan import Obligations
from cleanroom.shape import ColumnRef, Parameter, PerUnit, QueryShape, Source
from queries.walk import child_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One dataset; ``columns`` sorted; ``members`` empty while undecided."""

    dataset: DatasetName
    columns: tuple[ColumnName, ...]
    members: tuple[MemberName, ...] = ()


def reads_of(shape: QueryShape, obligations: Obligations | None) -> tuple[Read, ...]:
    """Everything ``shape`` reads, by dataset; the privacy unit that protects it included once decided."""
    columns: dict[DatasetName, set[ColumnName]] = {source.dataset: set() for source in shape.sources}
    members: dict[DatasetName, set[MemberName]] = {}
    for node, source in _nodes(shape):
        if isinstance(node, ColumnRef):
            holder = source if source is not None else shape.sources[node.source]
            if source is not None or holder.per_unit is None:
                columns[holder.dataset].add(node.column)
        elif isinstance(node, PerUnit) and source is not None:
            columns[source.dataset].add(node.key)
    for held in obligations.sources if obligations is not None else ():
        columns[held.dataset].add(held.privacy_unit)
        members.setdefault(held.dataset, set()).update(held.members)
    return tuple(
        Read(
            dataset=dataset,
            columns=tuple(sorted(columns[dataset])),
            members=tuple(sorted(members.get(dataset, ()))),
        )
        for dataset in sorted(columns)
    )


def has_parameters(shape: QueryShape) -> bool:
    """Whether a parameter is still open; a plan never has one."""
    return any(isinstance(node, Parameter) for node, _ in _nodes(shape))


def _nodes(shape: QueryShape) -> list[tuple[object, Source | None]]:
    """Every node with the source whose per-unit table it stands in, if any."""
    found: list[tuple[object, Source | None]] = []
    pending: list[tuple[object, Source | None]] = [(shape, None)]
    while pending:
        node, within = pending.pop()
        if isinstance(node, tuple):
            pending.extend((item, within) for item in node)
            continue
        names = child_fields(type(node))
        if names is None:
            continue
        found.append((node, within))
        for name in names:
            value = getattr(node, name)
            inner = node if isinstance(node, Source) and isinstance(value, PerUnit) else within
            pending.append((value, inner))
    return found
