"""The released-cell ledger as a member's people may see it: how much their member holds, about which datasets."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from api.principal import Principal
from api.room import Room
from cleanroom.state import UserRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the ledger remembers that one member holds. No cell and no number is told."""

    entries: int
    by_dataset: dict[str, int]
    latest_at: datetime | None


def holdings(room: Room, who: Principal) -> Holdings:
    """How many released results one's own member holds.

    Raises:
        NotAuthorised: CR-A003.
    """
    who.need(UserRole.ANALYST, UserRole.STEWARD, UserRole.AUDITOR)
    with room.state.read() as tx:
        found = tx.ledger.of(who.member)
    counts = Counter(dataset for record in found for dataset in record.datasets)
    return Holdings(
        entries=len(found),
        by_dataset=dict(sorted(counts.items())),
        latest_at=max((record.recorded_at for record in found), default=None),
    )
