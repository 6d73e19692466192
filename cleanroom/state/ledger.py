"""The released-cell ledger's rows: sealed entries per receiving member, in the order they were recorded.

Append-only, like the log: forgetting a released cell would open the way to subtraction (INVARIANT I13).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select

from cleanroom.names import DatasetName, MemberName
from cleanroom.state.tables import ledger
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRecord:
    """One sealed entry; ``entry_id`` is the ledger's own name for it."""

    number: int
    entry_id: str
    member: MemberName
    datasets: tuple[str, ...]
    entry_blob: bytes = field(repr=False)
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """An entry to record."""

    entry_id: str
    datasets: tuple[DatasetName, ...]
    entry_blob: bytes = field(repr=False)


class LedgerEntries:
    """Rows of ``ledger``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def append(self, member: MemberName, rows: tuple[LedgerRow, ...]) -> None:
        """Record entries for a receiving member. Raises Conflict CR-L004: one of them is recorded already."""
        if not rows:
            return
        values = [
            {
                "entry_id": row.entry_id,
                "member": member,
                "datasets": row.datasets,
                "entry_blob": row.entry_blob,
                "recorded_at": self._tx.now,
            }
            for row in rows
        ]
        self._tx.connection.execute(insert(ledger), values)
        batch = hashlib.sha256(b"".join(hashlib.sha256(row.entry_blob).digest() for row in rows)).hexdigest()
        self._tx.note("ledger.recorded", "ledger", member, {"entries": len(rows), "batch": f"sha256:{batch}"})

    def of(self, member: MemberName, *, after: int = 0, limit: int | None = None) -> tuple[LedgerRecord, ...]:
        """What a member holds, in order, from the entry after number ``after``."""
        query = select(ledger).where(ledger.c.member == member, ledger.c.number > after).order_by(ledger.c.number)
        return self._tx.many(LedgerRecord, query if limit is None else query.limit(limit))
