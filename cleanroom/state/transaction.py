"""One transaction as the repositories see it: rows in, frozen records out, and a log entry for every change.

INVARIANT I16: entries are written by the same transaction as the change they record, after all of its statements.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, Table, and_, func, insert, select, text, update

from cleanroom.canonical import canonical_json, digest_of
from cleanroom.errors import Conflict, NotFound
from cleanroom.names import Digest
from cleanroom.state import tables
from cleanroom.state.chain import GENESIS, link
from cleanroom.state.columns import time_text

Record = TypeVar("Record")
Facts = Mapping[str, int | str]
_LOG_LOCK = 0x636C6561  # one advisory lock number: writers of one PostgreSQL log take turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does it: a user of a member, or the room itself."""

    user: str
    member: str

    def __str__(self) -> str:
        return f"{self.user}@{self.member}"


ROOM = Actor(user="room", member="room")
"""The room acting by itself: recovery, expiry, workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    kind: str
    noun: str
    subject: str
    facts: Facts
    state_digest: str | None


class Transaction:
    """Statements of one transaction. ``actor`` and ``now`` are None when it only reads."""

    def __init__(self, connection: Connection, *, actor: Actor | None, now: datetime | None) -> None:
        self.connection = connection
        self._actor = actor
        self._now = now
        self._pending: list[_Pending] = []

    @property
    def now(self) -> datetime:
        """The time of this change."""
        if self._now is None:
            raise AssertionError("a reading transaction has no time of its own")
        return self._now

    @property
    def actor(self) -> Actor:
        """Who makes this change."""
        if self._actor is None:
            raise AssertionError("a reading transaction has no actor")
        return self._actor

    # --- reading ---------------------------------------------------------------------------------------------------

    def many(self, record: type[Record], query: Select[Any]) -> tuple[Record, ...]:
        """The rows of ``query`` as records; columns not in the record are left out."""
        return tuple(_record(record, row) for row in self.connection.execute(query).mappings())

    def first(self, record: type[Record], query: Select[Any]) -> Record | None:
        """The first row of ``query`` as a record."""
        row = self.connection.execute(query.limit(1)).mappings().first()
        return None if row is None else _record(record, row)

    def get(self, record: type[Record], table: Table, **key: object) -> Record:
        """The row with this key.

        Raises:
            NotFound: CR-L003.
        """
        found = self.first(record, select(table).where(_matches(table, key)))
        if found is None:
            raise NotFound("CR-L003", f"no such entry in `{table.name}`", help="check the name; list what there is")
        return found

    # --- changing --------------------------------------------------------------------------------------------------

    def add(self, table: Table, event: str, facts: Facts | None = None, /, **values: object) -> None:
        """Insert a row and log it.

        Raises:
            Conflict: CR-L004, it exists.
        """
        self.connection.execute(insert(table).values(**values))
        self._record_row(table, event, {column.name: values[column.name] for column in table.primary_key}, facts)

    def put(
        self,
        table: Table,
        event: str | None,
        key: Mapping[str, object],
        expect: Mapping[str, object] | None = None,
        facts: Facts | None = None,
        /,
        **values: object,
    ) -> None:
        """Change the row with ``key`` if it still is as expected, and log it; ``event`` None for volatile columns.

        Raises:
            NotFound: CR-L003, no such row.
            Conflict: CR-L002, the row is not as expected any more.
        """
        if event is None and not all(table.c[name].info.get("volatile") for name in values):
            raise AssertionError("only volatile columns change without a log entry")
        condition = and_(_matches(table, key), _matches(table, expect or {}))
        if self.connection.execute(update(table).where(condition).values(**values)).rowcount != 1:
            if self.connection.execute(select(table).where(_matches(table, key))).first() is None:
                raise NotFound("CR-L003", f"no such entry in `{table.name}`", help="check the name")
            raise Conflict("CR-L002", "somebody else changed this first", help="read it again, then retry")
        if event is not None:
            self._record_row(table, event, key, facts)

    def note(self, event: str, noun: str, subject: str, facts: Facts) -> None:
        """Log something that left no row behind."""
        self._pending.append(_Pending(kind=event, noun=noun, subject=subject, facts=facts, state_digest=None))

    def _record_row(self, table: Table, event: str, key: Mapping[str, object], facts: Facts | None) -> None:
        row = self.connection.execute(select(table).where(_matches(table, key))).mappings().one()
        self._pending.append(
            _Pending(
                kind=event,
                noun=table.name,
                subject=subject_of(table, row),
                facts=facts or {},
                state_digest=row_digest(table, row) if table in tables.AUDITED else None,
            )
        )

    def seal(self) -> None:
        """Append what happened to the log; the last statements before commit."""
        if not self._pending:
            return
        log = tables.log
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOG_LOCK})
        last = self.connection.execute(select(log.c.seq, log.c.hash).order_by(log.c.seq.desc()).limit(1)).first()
        seq, previous = (last.seq, Digest(last.hash)) if last else (0, GENESIS)
        rows = []
        for offset, pending in enumerate(self._pending, start=1):
            entry = link(
                seq=seq + offset,
                at=self.now,
                actor=str(self.actor),
                kind=pending.kind,
                noun=pending.noun,
                subject=pending.subject,
                facts=pending.facts,
                state_digest=pending.state_digest,
                previous=previous,
            )
            rows.append({f.name: getattr(entry, f.name) for f in fields(entry)})
            previous = entry.hash
        self.connection.execute(insert(log), rows)
        self._pending.clear()

    def count(self, table: Table) -> int:
        """How many rows ``table`` has."""
        return int(self.connection.execute(select(func.count()).select_from(table)).scalar_one())


def subject_of(table: Table, row: RowMapping) -> str:
    """The row's key as one text: parts joined by ``/``."""
    return "/".join(str(row[column.name]) for column in table.primary_key)


def row_digest(table: Table, row: RowMapping) -> Digest:
    """The digest of everything in a row but its volatile columns; blobs by their own digest."""
    content = {c.name: _plain(row[c.name]) for c in table.c if not c.info.get("volatile")}
    return digest_of(canonical_json({"table": table.name, **content}))


def _plain(value: object) -> object:
    match value:
        case bytes() | memoryview():
            return hashlib.sha256(bytes(value)).hexdigest()
        case datetime():
            return time_text(value)
        case _:
            return value


def _record(record: type[Record], row: RowMapping) -> Record:
    values = {f.name: row[f.name] for f in fields(record)}  # type: ignore[arg-type]
    return record(**values)


def _matches(table: Table, key: Mapping[str, object]) -> Any:
    conditions = [
        table.c[name].in_(value) if isinstance(value, frozenset) else table.c[name] == value
        for name, value in key.items()
    ]
    return and_(True, *conditions)
