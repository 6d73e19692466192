"""A product's loop in an 852 -> its activities, each with the quantity of every store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.formats.edi_lines import iso_date, number
from connectors.formats.tally import Tally
from connectors.formats.x12_852_codes import STORE_PARTIES
from connectors.formats.x12_envelope import Segment
from connectors.formats.x12_items import element, place_id


@dataclass(slots=True, kw_only=True)
class Activity:
    """One ZA: its code, and per store the quantity; ``total`` is what ZA itself says."""

    code: str
    row: int
    unit: str
    total: str
    day: str | None
    stores: list[tuple[int, str | None, str]] = field(default_factory=list)


def activities_of(loop: Sequence[Segment], store: str | None, tally: Tally) -> Iterator[Activity]:
    """The activities of one product; ``store`` is the header's, for those that name none of their own."""
    current: Activity | None = None
    spread = False
    for place, elements in loop[1:]:
        if elements[0] == "ZA":
            if current is not None:
                yield _whole(current, store, spread, tally)
            day = iso_date(element(elements, 5))
            current = Activity(
                code=element(elements, 1), row=place, unit=element(elements, 3), total=element(elements, 2), day=day
            )
            spread = False
        elif elements[0] == "SDQ":
            if current is None:
                tally.reject(place, "CR-D174")
                continue
            spread = True
            current.unit = current.unit or element(elements, 1)
            _spread(current, place, elements, tally)
        elif elements[0] == "N1" and element(elements, 1) in STORE_PARTIES:
            if current is not None:
                yield _whole(current, store, spread, tally)
                current = None
            store = place_id(elements) or store
    if current is not None:
        yield _whole(current, store, spread, tally)


def _spread(activity: Activity, place: int, elements: Sequence[str], tally: Tally) -> None:
    """Add the pairs of one SDQ; its 23rd element is a location inside the stores, not a pair."""
    pairs = [element.strip() for element in elements[3:23]]
    while pairs and not pairs[-1]:
        pairs.pop()
    for at in range(0, len(pairs), 2):
        store, quantity = pairs[at], pairs[at + 1] if at + 1 < len(pairs) else ""
        if not store or not quantity:
            tally.reject(place, "CR-D175")
        else:
            activity.stores.append((place, store, quantity))


def _whole(activity: Activity, store: str | None, spread: bool, tally: Tally) -> Activity:
    """Without SDQ the quantity of ZA is the store's; with SDQ it has to be their sum."""
    if not spread:
        activity.stores.append((activity.row, store, activity.total))
        return activity
    total = number(activity.total)
    stated = sum((number(text) or Decimal(0) for _, _, text in activity.stores), Decimal(0))
    if total and total != stated:
        tally.note("CR-D181", row=activity.row)
    return activity
