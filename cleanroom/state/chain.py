"""The log as a hash chain: what an entry is, how it is bound to the one before, how a chain is checked.

Pure. An entry holds ids, digests and counts only (INVARIANT I15), never a value, text or name of a column's content.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cleanroom.canonical import canonical_json, digest_of
from cleanroom.errors import IntegrityFailure
from cleanroom.names import Digest
from cleanroom.state.columns import time_text

GENESIS = Digest("sha256:" + "0" * 64)
"""What the first entry points back to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the log. ``seq`` starts at 1 without gaps; ``state_digest`` is of the row it left behind, if any.

    ``facts`` are JSON text: a canonical object of counts and digests.
    """

    seq: int
    at: datetime
    actor: str
    kind: str
    noun: str
    subject: str
    facts: str
    state_digest: str | None
    previous: Digest
    hash: Digest


def entry_bytes(entry: LogEntry) -> bytes:
    """The canonical bytes of an entry without its own hash: what is hashed, and the leaf of the Merkle tree."""
    return canonical_json(
        {
            "v": 1,
            "seq": entry.seq,
            "at": time_text(entry.at),
            "actor": entry.actor,
            "kind": entry.kind,
            "noun": entry.noun,
            "subject": entry.subject,
            "facts": entry.facts,
            "state_digest": entry.state_digest,
            "previous": entry.previous,
        }
    )


def link(
    *,
    seq: int,
    at: datetime,
    actor: str,
    kind: str,
    noun: str,
    subject: str,
    facts: Mapping[str, int | str],
    state_digest: str | None,
    previous: Digest,
) -> LogEntry:
    """The entry that follows ``previous``."""
    bare = LogEntry(
        seq=seq,
        at=at,
        actor=actor,
        kind=kind,
        noun=noun,
        subject=subject,
        facts=canonical_json(facts).decode(),
        state_digest=state_digest,
        previous=previous,
        hash=GENESIS,
    )
    return LogEntry(**{name: getattr(bare, name) for name in _LINKED}, hash=digest_of(entry_bytes(bare)))


_LINKED = ("seq", "at", "actor", "kind", "noun", "subject", "facts", "state_digest", "previous")


def walk(entries: Iterable[LogEntry]) -> Iterable[LogEntry]:
    """Yield the entries, each checked against the one before it.

    Raises:
        IntegrityFailure: CR-L007 at the first gap, broken link or rewritten entry, with its number as place.
    """
    expected, previous = 1, GENESIS
    for entry in entries:
        place = f"entry {expected}"
        # 1. A missing or doubled number: somebody removed or slipped in an entry.
        if entry.seq != expected:
            raise _broken("the log has a gap", place)
        # 2. A link that points elsewhere: somebody replaced the entry before.
        if entry.previous != previous:
            raise _broken("the log's chain is broken", place)
        # 3. Content that no longer hashes to its own mark: somebody rewrote this entry.
        if digest_of(entry_bytes(entry)) != entry.hash:
            raise _broken("a log entry was rewritten", place)
        yield entry
        expected, previous = expected + 1, entry.hash


def _broken(message: str, place: str) -> IntegrityFailure:
    return IntegrityFailure(
        "CR-L007", message, help="stop using the room; compare with your last checkpoint and backups", place=place
    )
