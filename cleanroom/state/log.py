"""Reading the log, and proving that it and the state are what they were.

Entries are written by ``Transaction.seal`` only.
"""

import json
from collections.abc import Iterator

from sqlalchemy import select

from cleanroom.errors import IntegrityFailure
from cleanroom.names import Digest
from cleanroom.state import tables
from cleanroom.state.chain import GENESIS, LogEntry, entry_bytes, walk
from cleanroom.state.merkle import leaf_hash
from cleanroom.state.transaction import Transaction, row_digest, subject_of

_PAGE = 5_000


class Log:
    """Rows of ``log``, oldest first."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def entries(self, *, after: int = 0, limit: int = 100) -> tuple[LogEntry, ...]:
        """Entries numbered above ``after``."""
        log = tables.log
        return self._tx.many(LogEntry, select(log).where(log.c.seq > after).order_by(log.c.seq).limit(limit))

    def about(self, noun: str, subject: str) -> tuple[LogEntry, ...]:
        """What happened to one thing."""
        log = tables.log
        query = select(log).where(log.c.noun == noun, log.c.subject == subject).order_by(log.c.seq)
        return self._tx.many(LogEntry, query)

    def head(self) -> tuple[int, Digest]:
        """The number and hash of the newest entry; 0 and the genesis mark when there is none."""
        last = self._tx.first(LogEntry, select(tables.log).order_by(tables.log.c.seq.desc()))
        return (0, GENESIS) if last is None else (last.seq, last.hash)

    def leaves(self, size: int | None = None) -> list[bytes]:
        """The Merkle leaves of the first ``size`` entries, or of all."""
        return [leaf_hash(entry_bytes(entry)) for entry in self._all() if size is None or entry.seq <= size]

    def verify(self) -> tuple[int, Digest]:
        """Check the chain, then that every audited row is the one its latest entry speaks of; return the head.

        Raises:
            IntegrityFailure: CR-L007 the log itself, CR-L008 the state beside it.
        """
        latest: dict[tuple[str, str], str] = {}
        ledger_entries = 0
        size, head = 0, GENESIS
        for entry in walk(self._all()):
            size, head = entry.seq, entry.hash
            if entry.state_digest is not None:
                latest[entry.noun, entry.subject] = entry.state_digest
            if entry.kind == "ledger.recorded":
                ledger_entries += _count(entry)
        for table in tables.AUDITED:
            for row in self._tx.connection.execute(select(table)).mappings():
                subject = subject_of(table, row)
                if latest.pop((table.name, subject), None) != row_digest(table, row):
                    raise _disagrees(f"{table.name} {subject}")
        if latest:
            noun, subject = min(latest)
            raise _disagrees(f"{noun} {subject}")
        if ledger_entries != self._tx.count(tables.ledger):
            raise _disagrees("ledger")
        return size, head

    def _all(self) -> Iterator[LogEntry]:
        after = 0
        while page := self.entries(after=after, limit=_PAGE):
            yield from page
            after = page[-1].seq


def _count(entry: LogEntry) -> int:
    return int(json.loads(entry.facts)["entries"])


def _disagrees(place: str) -> IntegrityFailure:
    return IntegrityFailure(
        "CR-L008",
        "the state is not what the log says",
        help="somebody changed the database beside the room; restore a backup and compare",
        place=place,
    )
