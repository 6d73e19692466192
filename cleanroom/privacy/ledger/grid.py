"""What a ledger's grid is made of: the coarsest fineness that tells apart everything in play about one protected dataset.

In: the views of all recorded and new questions. Out: ``GridSpec``; ``grid_query.py`` makes the one query a ledger runs of it.

Snapshots: rows of one place at all recorded pins are united; a row present in several is one row, whose ``_bits`` say
in which. A row that changed is an old row that ended and a new one that began, so a newer snapshot of the same box
differs by exactly the units of both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cleanroom.names import ColumnName, MemberName
from cleanroom.privacy.ledger.pinned_rows import Pins
from cleanroom.privacy.ledger.reach import Reach
from cleanroom.privacy.ledger.terms import Fineness, Term, terms_of
from cleanroom.privacy.ledger.views import Hop, Place, View
from cleanroom.shape import ColumnRef

CONTRIBUTOR = ColumnName("contributor")

MAX_GRID_CELLS = 200_000
"""Base cells of one grid; a finer one is not built and what needs it is withheld."""

MAX_PINS = 1_000
"""Distinct pin sets of one place in one grid: a standing question every night for some years."""

MAX_HOPS = 5
"""Places in one grid beside the protected rows; each can multiply them."""


class TooFine(Exception):
    """The grid would exceed its bounds; the ledger turns this into withholding and never shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSpec:
    """What a grid is made of. ``places`` starts with None and has parents before children.

    ``pins`` lists, per place without a fold, the distinct pin sets in play; digit ``i`` of a row's bits means the i-th.
    With a ``reach`` the protected rows are the tokens of all places joined to them. Those of others alone that reach nobody
    are in no cell. Cells are weighed by whom their rows reach: each of them counts twice and all own rows that reach nobody
    count once together, so a minimum of ``k`` there is ``2 * k`` here, and own rows that reach nobody are still a cell.
    Where zeros are released they are weighed by their tokens.
    """

    unit: ColumnName
    k: int
    own: MemberName | None
    places: tuple[Place, ...]
    pins: Mapping[Place, tuple[Pins, ...]]
    terms: Mapping[Term, Fineness]
    reach: Reach | None = None

    @property
    def reached_by(self) -> tuple[tuple[Hop, Pins], ...]:
        """The way to the weighing rows; empty where cells are weighed by their own unit."""
        return self.reach.hops if self.reach else ()

    def serves(self, other: "GridSpec") -> bool:
        """Whether a grid of this spec answers everything that ``other`` was made for."""
        return (
            (self.unit, self.k, self.own, self.reach) == (other.unit, other.k, other.own, other.reach)
            and set(other.places) <= set(self.places)
            and all(set(wanted) <= set(self.pins.get(place, ())) for place, wanted in other.pins.items())
            and all(fineness <= self.terms.get(term, -1) for term, fineness in other.terms.items())
        )


def spec_of(
    views: Sequence[View],
    *,
    unit: ColumnName,
    k: int,
    whole_days: Callable[[View, ColumnRef], bool],
    own: MemberName | None = None,
    reach: Reach | None = None,
) -> GridSpec:
    """The coarsest grid that tells apart everything in ``views``, all focused on one dataset.

    Raises:
        TooFine: more hops or pin sets than the bounds.
    """
    places: dict[Place, None] = {None: None}
    pins: dict[Place, dict[Pins, None]] = {None: {}}
    terms: dict[Term, Fineness] = {}
    for view in views:
        pins[None][view.root_tables] = None
        for source, place in enumerate(view.places):
            _add_place(places, place)
            if isinstance(place, Hop) and not place.fold:
                pins.setdefault(place, {})[view.plan.tables[source]] = None
        for term, fineness in terms_of(view, partial(whole_days, view)).items():
            terms[term] = max(fineness, terms.get(term, Fineness.CONTENT))
    if len(places) > MAX_HOPS + 1 or any(len(sets) > MAX_PINS for sets in pins.values()):
        raise TooFine
    return GridSpec(
        unit=unit,
        k=k,
        own=own,
        places=tuple(places),
        pins={place: tuple(sets) for place, sets in pins.items()},
        terms=terms,
        reach=reach,
    )


def _add_place(places: dict[Place, None], place: Place) -> None:
    if place is None or place in places:
        return
    for link in place.links:
        _add_place(places, link.parent)
    places[place] = None
