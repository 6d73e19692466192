"""The room itself: one row."""

from dataclasses import dataclass
from datetime import datetime

from cleanroom.state.tables import room
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRecord:
    """``floor`` is the least ``minimum_units`` any policy may set; ``verify_key`` checks receipts and checkpoints."""

    name: str
    format_version: int
    floor: int
    verify_key: str
    created_at: datetime


class Rooms:
    """The one row of ``room``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def create(self, *, name: str, format_version: int, floor: int, verify_key: str) -> None:
        """Write the row. Raises Conflict CR-L004 when there is one."""
        self._tx.add(
            room,
            "room.created",
            id=1,
            name=name,
            format_version=format_version,
            floor=floor,
            verify_key=verify_key,
            created_at=self._tx.now,
        )

    def get(self) -> RoomRecord:
        """Read it. Raises NotFound CR-L003."""
        return self._tx.get(RoomRecord, room, id=1)
