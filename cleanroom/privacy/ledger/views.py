"""How a released question looks from one dataset it draws on: every source as a hop away from that dataset's rows.

In: a shape, its plan's pins, and the focused source. Out: a ``View``: for each source its place in the join tree seen
from the focus. Two questions that join the same datasets over the same columns meet in the same places, whatever the
order of FROM, the kind of join or the spelling.
"""

from dataclasses import dataclass, replace

from cleanroom.names import ColumnName, DatasetName
from cleanroom.plan import PinnedTable, Plan
from cleanroom.shape import JoinKind, QueryShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """``parent.column = own`` ties a hop to a place nearer to the focus (None: the focused rows themselves)."""

    parent: "Hop | None"
    column: ColumnName
    own: ColumnName


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A place in the tree.

    ``fold`` is the generated SQL of a per-unit table (it pins its tables), else empty. ``of_focus``: it folds the
    focused rows themselves. ``copy`` tells apart places that one question joins twice in the same way.
    """

    dataset: DatasetName
    links: tuple[Link, ...]
    fold: str = ""
    of_focus: bool = False
    copy: int = 0


Place = Hop | None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One question from one of its sources. ``places`` is parallel to the sources.

    ``root_tables`` are the focused dataset's pins; for a folded focus the folded rows are a hop of their own rows.
    """

    plan: Plan
    focus: int
    places: tuple[Place, ...]
    root_tables: tuple[PinnedTable, ...]

    @property
    def shape(self) -> QueryShape:
        """The question."""
        return self.plan.shape


def view_of(plan: Plan, focus: int, folds: tuple[str, ...]) -> View:
    """The view of ``plan`` from source ``focus``; ``folds`` holds each source's fold SQL, empty for plain sources."""
    places: dict[int, Place] = {focus: _first_place(plan, focus, folds)}
    edges = [
        (pair.left.source, pair.left.column, index, pair.right.column)
        for index, source in enumerate(plan.shape.sources)
        if source.join
        for pair in source.join.pairs
    ]
    edges += [(to, to_column, at, at_column) for at, at_column, to, to_column in edges]
    while len(places) < len(plan.shape.sources):
        reachable = sorted({to for at, _, to, _ in edges if at in places and to not in places})
        target = reachable[0]
        links = {
            Link(parent=places[at], column=at_column, own=to_column)
            for at, at_column, to, to_column in edges
            if to == target and at in places
        }
        hop = Hop(dataset=plan.shape.sources[target].dataset, links=tuple(sorted(links, key=repr)), fold=folds[target])
        while hop in places.values():
            hop = replace(hop, copy=hop.copy + 1)
        places[target] = hop
    ordered = tuple(places[index] for index in range(len(places)))
    return View(plan=plan, focus=focus, places=ordered, root_tables=plan.tables[focus])


def _first_place(plan: Plan, focus: int, folds: tuple[str, ...]) -> Place:
    source = plan.shape.sources[focus]
    if source.per_unit is None:
        return None
    link = Link(parent=None, column=source.per_unit.key, own=source.per_unit.key)
    return Hop(dataset=source.dataset, links=(link,), fold=folds[focus], of_focus=True)


def needed_sources(shape: QueryShape, also: int) -> frozenset[int]:
    """Sources without which a row of the answer that holds source ``also`` does not exist."""
    needed = {0, also}
    needed |= {i for i, source in enumerate(shape.sources) if source.join and source.join.kind is JoinKind.INNER}
    for index in range(len(shape.sources) - 1, 0, -1):
        join = shape.sources[index].join
        if index in needed and join is not None:
            needed |= {pair.left.source for pair in join.pairs}
    return frozenset(needed)


def dependants(shape: QueryShape, of: int) -> frozenset[int]:
    """``of`` and the sources joined to it, directly or not: what a row loses when its ``of`` goes."""
    lost = {of}
    for index, source in enumerate(shape.sources):
        if source.join and any(pair.left.source in lost for pair in source.join.pairs):
            lost.add(index)
    return frozenset(lost)
