"""The ledger's story: a result that passed its thresholds meets everything its receivers already hold.

In: a plan, cell keys, flags of what passed. Out: flags of what may leave, recorded before they are told (I16).
Keyed by receiving member: all users of one member share what they hold. Several members pooling their answers are not
defended against, nor what a receiver knows from outside; docs/ledger.md says so.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from threading import Lock
from typing import TypeVar

import numpy as np

from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.plan import Plan
from cleanroom.privacy.about_own import AboutOwn
from cleanroom.privacy.ledger.asked import AskedOfOwn, about_own, as_asked, gravest
from cleanroom.privacy.ledger.entry import LedgerEntry, decode_entry, encode_entry, key_order
from cleanroom.privacy.ledger.family import Family, GridReader, Protected
from cleanroom.privacy.ledger.grid import CONTRIBUTOR
from cleanroom.privacy.ledger.own_rows import IsToken, OwnQuestion, joins_others, own_questions
from cleanroom.privacy.ledger.store import LedgerStore
from cleanroom.released import CellKey

MAX_WARM_FAMILIES = 32
"""Families whose grids stay in memory; the least recently used are read again when needed."""

GRID_SECONDS = 120.0
"""Time limit of one grid query."""


AnyFamily = TypeVar("AnyFamily", bound=Family)


class Ledger:
    """Decides and records. One per room process; reviews are taken one at a time, so none can race another."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self._lock = Lock()
        self._decoded: dict[bytes, LedgerEntry] = {}
        self._held: dict[MemberName, dict[bytes, LedgerEntry]] = {}
        self._position: dict[MemberName, int] = {}
        self._asked: dict[MemberName, dict[bytes, LedgerEntry]] = {}
        self._families: dict[tuple[type[Family], MemberName, Protected], Family] = {}

    def ask(self, plan: Plan, *, session: GridReader) -> Sequence[AboutOwn]:
        """What may be told of the receivers' own rows, whoever of them others know; recorded before this returns.

        INVARIANT I13: what a receiver learns from a number, a zero, a mark or a row that is not listed is never about
        fewer than the minimum of its own rows, or of the people whom they reach.

        Raises:
            Unavailable: CR-R301 .. CR-R304 the grid could not be read.
            IntegrityFailure: CR-R401 an entry does not read back.
        """
        with self._lock:
            return [
                self._about(question, session)
                for receiver in _receivers(plan)
                for source in range(len(plan.shape.sources))
                if joins_others(plan, source, receiver)
                for question in own_questions(plan, source, receiver, _token_of(session))
            ]

    def review(
        self, plan: Plan, *, cells: Sequence[CellKey], passed: Sequence[Sequence[bool]], session: GridReader
    ) -> Sequence[Sequence[bool]]:
        """Which numbers may leave; what is answered True is recorded for every receiver before this returns.

        INVARIANT I13: no combination of what a receiver then holds speaks about 1 .. k-1 units of any dataset.
        Cells are taken in the order of their keys, so which of two conflicting numbers stays depends on nothing else.

        Raises:
            Unavailable: CR-R301 .. CR-R304 the grid could not be read.
            IntegrityFailure: CR-R401 an entry does not read back, CR-R403 the grid lacks cells.
        """
        receivers = _receivers(plan)
        order = sorted(range(len(cells)), key=lambda index: key_order(cells[index]))
        kept = LedgerEntry(
            plan=plan,
            cells=tuple(tuple(cells[index]) for index in order),
            shown=tuple(tuple(map(bool, passed[index])) for index in order),
        )
        with self._lock:
            held = {receiver: self._held_by(receiver) for receiver in receivers}
            for task in _tasks(plan, held):
                flags = self._family(task).review(kept, session, GRID_SECONDS)
                kept = LedgerEntry(plan=plan, cells=kept.cells, shown=tuple(map(tuple, flags.tolist())))
            if np.any(np.array(kept.shown, dtype=bool)):
                self._store.append(receivers, encode_entry(kept))
        flags_of = dict(zip(order, kept.shown, strict=True))
        return [flags_of[index] for index in range(len(cells))]

    def _held_by(self, receiver: MemberName) -> dict[bytes, LedgerEntry]:
        """What ``receiver`` holds, by digest: several receivers of one answer share its one decoded entry."""
        held, asked = self._held.setdefault(receiver, {}), self._asked.setdefault(receiver, {})
        for position, content in self._store.entries(receiver, after=self._position.get(receiver, 0)):
            digest = sha256(content).digest()
            if digest not in self._decoded:
                self._decoded[digest] = decode_entry(content)
            (held if self._decoded[digest].asked_by is None else asked)[digest] = self._decoded[digest]
            self._position[receiver] = position
        return held

    def _about(self, question: OwnQuestion, session: GridReader) -> AboutOwn:
        """What of ``question`` is free; it is recorded."""
        if not question.reached:
            return about_own(question, None)
        self._held_by(question.receiver)
        before = self._asked[question.receiver]
        alike = [entry for entry in before.values() if question.is_like(entry.plan)]
        dataset = question.domain.name
        tests = [Protected(dataset=dataset, unit=question.token, k=reach.k, reach=reach) for reach in question.reaches]
        found = [
            self._warm(AskedOfOwn, question.receiver, each, alike).ask(question.plan, session, GRID_SECONDS)
            for each in tests
        ]
        verdicts = gravest(question, found)
        if verdicts is not None:
            content = encode_entry(as_asked(question, verdicts))
            if sha256(content).digest() not in before:
                self._store.append([question.receiver], content)
        return about_own(question, verdicts)

    def _family(self, task: "_Task") -> Family:
        return self._warm(Family, task.receiver, task.protected, list(task.held.values()))

    def _warm(
        self, kind: type[AnyFamily], receiver: MemberName, protected: Protected, entries: list[LedgerEntry]
    ) -> AnyFamily:
        place = (kind, receiver, protected)
        known = self._families.pop(place, None)
        family = known if isinstance(known, kind) else kind(protected)
        self._families[place] = family  # most recently used last
        while len(self._families) > MAX_WARM_FAMILIES:
            self._families.pop(next(iter(self._families)))
        family.entries = entries
        return family


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One test: the new numbers against what ``receiver`` holds about ``protected``."""

    receiver: MemberName
    protected: Protected
    held: Mapping[bytes, LedgerEntry]

    def covers(self, other: "_Task") -> bool:
        """Whether what passes this test passes ``other``: a subset of safe numbers is safe, for every smaller ``k``."""
        mine, theirs = self.protected, other.protected
        return (
            (mine.dataset, mine.unit, mine.own) == (theirs.dataset, theirs.unit, theirs.own)
            and mine.k >= theirs.k
            and other.held.keys() <= self.held.keys()
        )


def _tasks(plan: Plan, held: Mapping[MemberName, Mapping[bytes, LedgerEntry]]) -> list[_Task]:
    """What is to be tested, without what another test covers: members that received the same are tested once."""
    tasks = [
        _Task(
            receiver=receiver,
            protected=protected,
            held={digest: entry for digest, entry in entries.items() if protected.dataset in entry.datasets},
        )
        for receiver, entries in held.items()
        for protected in _protected(plan, receiver, entries.values())
    ]
    tasks.sort(key=lambda task: (-len(task.held), -task.protected.k, repr(task.protected), task.receiver))
    kept: list[_Task] = []
    for task in tasks:
        if not any(other.covers(task) for other in kept):
            kept.append(task)
    return kept


def _protected(plan: Plan, receiver: MemberName, history: Collection[LedgerEntry]) -> set[Protected]:
    """What the plan's numbers must not narrow down for ``receiver``; minima of earlier releases still hold."""
    datasets = {
        obligations.dataset
        for obligations, tables in zip(plan.obligations.sources, plan.tables, strict=True)
        # A member's own rows need no protection from itself; it holds them.
        if any(table.member != receiver for table in tables)
    }
    minima: dict[tuple[DatasetName, ColumnName], int] = {}
    for past in (plan, *(entry.plan for entry in history)):
        for dataset, unit, k in _minima(past):
            minima[dataset, unit] = max(k, minima.get((dataset, unit), 0))
    found = {Protected(dataset=dataset, unit=unit, k=k) for (dataset, unit), k in minima.items() if dataset in datasets}
    # Who asked for its own rows apart knows them: then what is left must be about enough other members.
    return found | {
        replace(protected, k=protected.k - 1, own=receiver)
        for protected in found
        if protected.unit == CONTRIBUTOR
        and protected.k > 2
        and any(_asked_alone(past, receiver) for past in (plan, *(entry.plan for entry in history)))
    }


def _receivers(plan: Plan) -> list[MemberName]:
    return sorted({*plan.obligations.receivers, plan.querier})


def _token_of(session: GridReader) -> IsToken:
    return lambda table, column: session.columns(table).by_name.get(column) == "UUID"


def _asked_alone(plan: Plan, receiver: MemberName) -> bool:
    return plan.obligations.receivers == (receiver,) == (plan.querier,)


def _minima(plan: Plan) -> Iterator[tuple[DatasetName, ColumnName, int]]:
    for obligations in plan.obligations.sources:
        yield obligations.dataset, obligations.privacy_unit, obligations.minimum_units
        if obligations.contributors is not None and obligations.contributors.minimum > 1:
            yield obligations.dataset, CONTRIBUTOR, obligations.contributors.minimum
