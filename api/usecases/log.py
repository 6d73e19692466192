"""The log as people use it: read it, verify it, take proofs and checkpoints away with them."""

import json
from dataclasses import dataclass, replace

from api.principal import Principal
from api.room import Room
from cleanroom.errors import UsageProblem
from cleanroom.names import Digest, ReleaseId, RunId
from cleanroom.state import Tx, UserRole
from cleanroom.state.chain import LogEntry
from cleanroom.state.checkpoint import Checkpoint, check, take
from cleanroom.state.merkle import consistency_proof, inclusion_proof, tree_head

_READERS = (UserRole.AUDITOR, UserRole.STEWARD, UserRole.OPERATOR)
_MAX_PROOF_ENTRIES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The log's chain holds and the state is what it says. ``checkpoint_holds`` is None when none was given."""

    size: int
    head: Digest
    checkpoint_holds: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An RFC 6962 proof, hashes in hex. ``first`` is the entry's number, or the older size."""

    kind: str
    first: int
    size: int
    head: str
    hashes: tuple[str, ...]


def list_log(room: Room, who: Principal, *, after: int = 0, limit: int = 100) -> tuple[LogEntry, ...]:
    """Entries numbered above ``after``: who did what when, as ids, counts and digests.

    How much another member uploaded is left out of its entries: a competitor would read its sales from it
    (INVARIANT I18). So are another member's questions and answers, for who neither asked, nor owns what was read, nor
    may hold the answer: digests of small texts and tables can be guessed (INVARIANT I17). The operator sees them. What
    an entry's hash covers is unchanged.

    Raises:
        NotAuthorised: CR-A003.
    """
    who.need(*_READERS)
    with room.state.read() as tx:
        found = tx.log.entries(after=after, limit=limit)
        return tuple(entry if _may_read_facts(tx, who, entry) else replace(entry, facts="{}") for entry in found)


def _may_read_facts(tx: Tx, who: Principal, entry: LogEntry) -> bool:
    match entry.noun:
        case "runs":
            is_read = f" {who.member}/" in f" {json.loads(entry.facts).get('reads', '')}"
            return is_read or who.has(UserRole.OPERATOR) or tx.runs.get(RunId(entry.subject)).member == who.member
        case "releases":
            return who.has(UserRole.OPERATOR) or who.member in tx.releases.get(ReleaseId(entry.subject)).receivers
        case "snapshots":
            return entry.subject.partition("/")[0] == who.member
        case "uploads":
            return entry.actor.rpartition("@")[2] == who.member
        case _:
            return True


def log_size(room: Room, who: Principal) -> int:
    """How many entries there are. Raises NotAuthorised CR-A003."""
    who.need(*_READERS)
    with room.state.read() as tx:
        return tx.log.head()[0]


def verify_log(room: Room, who: Principal, checkpoint: str | None = None) -> Verified:
    """Check the chain, the state beside it, and a checkpoint taken earlier.

    Raises:
        NotAuthorised: CR-A003. DataRefused: CR-L009. IntegrityFailure: CR-L007, CR-L008, CR-L014, CR-K011.
    """
    who.need(*_READERS)
    with room.state.read() as tx:
        size, head = tx.log.verify()
        if checkpoint is not None:
            check(Checkpoint.from_text(checkpoint), tx.log, room=room.name, key=room.verify_key)
    return Verified(size=size, head=head, checkpoint_holds=None if checkpoint is None else True)


def take_checkpoint(room: Room, who: Principal) -> Checkpoint:
    """A signed statement of what the log is now, to be kept outside the room."""
    who.need(*_READERS)
    with room.state.read() as tx:
        return take(tx.log, room=room.name, at=room.surroundings.now(), key=room.signing)


def prove_inclusion(room: Room, who: Principal, seq: int, size: int | None = None) -> Proof:
    """That entry ``seq`` is among the first ``size`` (or all).

    Raises:
        NotAuthorised: CR-A003. UsageProblem: CR-A058 no such entry.
    """
    leaves = _leaves(room, who, size)
    if not 1 <= seq <= len(leaves):
        raise UsageProblem("CR-A058", "the log has no such entry", help="entries are numbered from 1")
    hashes = inclusion_proof(leaves, seq - 1)
    return _proof("inclusion", seq, leaves, hashes)


def prove_consistency(room: Room, who: Principal, older: int, size: int | None = None) -> Proof:
    """That the first ``older`` entries are still the beginning of the first ``size`` (or all)."""
    leaves = _leaves(room, who, size)
    if not 1 <= older <= len(leaves):
        raise UsageProblem("CR-A058", "the log has no such entry", help="entries are numbered from 1")
    return _proof("consistency", older, leaves, consistency_proof(leaves, older))


def _leaves(room: Room, who: Principal, size: int | None) -> list[bytes]:
    who.need(*_READERS)
    with room.state.read() as tx:
        have, _ = tx.log.head()
        if size is not None and not 1 <= size <= have:
            raise UsageProblem("CR-A058", "the log has no such entry", help="entries are numbered from 1")
        if have > _MAX_PROOF_ENTRIES:
            raise UsageProblem("CR-A059", "the log is too long to be proved in one request", help="use a checkpoint")
        return tx.log.leaves(size)


def _proof(kind: str, first: int, leaves: list[bytes], hashes: tuple[bytes, ...]) -> Proof:
    return Proof(
        kind=kind, first=first, size=len(leaves), head=tree_head(leaves).hex(), hashes=tuple(h.hex() for h in hashes)
    )
