"""How to get from a receiver's own rows to the people of another member that they are matched with.

Attack stopped: a list padded with people who do not exist. It is long enough by its own tokens, but only one of them
can be matched at all, so what comes back would be about that one. What is asked of own rows is therefore weighed by
whom they reach: the distinct privacy units of the others' rows that they are joined to, whatever else is asked. An owner
that releases zeros tells of any group, large enough by its own tokens, that nobody in it is known; so there own tokens count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.plan import PinnedTable, Plan
from cleanroom.privacy.ledger.views import Hop, Link, Place, view_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A way from rows that are ``receiver``'s own, or mixed with others': the last of ``hops`` holds ``unit``.

    ``hops`` are in the order they are joined, with the pins they are read at. ``minimum`` is that of the unit's owners;
    ``zeros``: they tell of whom they do not know, so it is tokens that count and not whom these reach.
    """

    receiver: MemberName
    hops: tuple[tuple[Hop, tuple[PinnedTable, ...]], ...]
    unit: ColumnName
    minimum: int
    zeros: bool

    @property
    def k(self) -> int:
        """What a cell of a grid must weigh: whom it reaches counts twice there (see ``GridSpec``)."""
        return self.minimum if self.zeros else 2 * self.minimum


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Which tokens rows are joined by: columns of the first dataset on a way, whoever's own rows it starts from.

    ``pairs`` are (its column, own column). Own rows of different datasets that are joined by the same columns are about
    the same people, and are held against each other.
    """

    dataset: DatasetName
    pairs: tuple[tuple[ColumnName, ColumnName], ...]

    @property
    def name(self) -> DatasetName:
        """What the tokens are called where a dataset is; no dataset has such a name."""
        return DatasetName(f"{self.dataset} by {', '.join(theirs for theirs, _ in self.pairs)}")


def reach_to(plan: Plan, own: int, other: int, receiver: MemberName) -> tuple[Domain, Reach]:
    """The way from source ``own``, of which ``receiver`` has rows, to the others' rows of source ``other``."""
    view = view_of(plan, own, tuple("" for _ in plan.shape.sources))
    pins = {_plain(place): plan.tables[source] for source, place in enumerate(view.places)}
    last = _plain(view.places[other])
    others = tuple(table for table in plan.tables[other] if table.member != receiver)
    ways = [(hop, others if hop == last else pins[hop]) for hop in dict.fromkeys(_way(last))]
    first, _ = ways[0]
    domain = Domain(dataset=first.dataset, pairs=tuple(sorted((link.own, link.column) for link in first.links)))
    rooted = {hop: _rooted(hop, domain) for hop, _ in ways}
    obligations = plan.obligations.sources[other]
    reach = Reach(
        receiver=receiver,
        hops=tuple((found, tables) for hop, tables in ways if (found := rooted[hop]) is not None),
        unit=obligations.privacy_unit,
        minimum=obligations.minimum_units,
        zeros=obligations.zeros,
    )
    return domain, reach


def _way(hop: Place) -> Iterator[Hop]:
    """``hop`` after all that it is joined through."""
    if hop is not None:
        for link in hop.links:
            yield from _way(link.parent)
        yield hop


def _plain(place: Place) -> Place:
    """The stored rows of ``place``: a fold's own rows are the focus, another's are joined by the same key."""
    if place is None or place.of_focus:
        return None
    links = tuple(Link(parent=_plain(link.parent), column=link.column, own=link.own) for link in place.links)
    return Hop(dataset=place.dataset, links=links, copy=place.copy)


def _rooted(hop: Hop, domain: Domain) -> Hop | None:
    """``hop`` joined to the tokens of ``domain`` instead of to own rows; None where nothing ties it to them.

    Ties by other columns of own rows are left out: what is reached can only be more by that.
    """
    theirs = {own: their for their, own in domain.pairs}
    links = []
    for link in hop.links:
        parent = None if link.parent is None else _rooted(link.parent, domain)
        if parent is not None:
            links.append(Link(parent=parent, column=link.column, own=link.own))
        elif link.parent is None and link.column in theirs:
            links.append(Link(parent=None, column=theirs[link.column], own=link.own))
    return Hop(dataset=hop.dataset, links=tuple(links), copy=hop.copy) if links else None
