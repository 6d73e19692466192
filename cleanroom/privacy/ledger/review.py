"""The ledger's story: a result that passed its thresholds meets everything its receivers already hold.

In: a plan, cell keys, flags of what passed. Out: flags of what may leave, recorded before they are told (I16).
Keyed by receiving member: all users of one member share what they hold. Several members pooling their answers are not
defended against, nor what a receiver knows from outside; docs/ledger.md says so.
"""

from collections.abc import Iterator, Sequence
from threading import Lock

import numpy as np

from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.plan import Plan
from cleanroom.privacy.ledger.entry import CellKey, LedgerEntry, decode_entry, encode_entry
from cleanroom.privacy.ledger.family import Family, GridReader, Protected
from cleanroom.privacy.ledger.grid import CONTRIBUTOR
from cleanroom.privacy.ledger.store import LedgerStore

MAX_WARM_FAMILIES = 16
"""Families whose grids stay in memory; the least recently used are read again when needed."""

GRID_SECONDS = 120.0
"""Time limit of one grid query."""


class Ledger:
    """Decides and records. One per room process; reviews are taken one at a time, so none can race another."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self._lock = Lock()
        self._history: dict[MemberName, list[LedgerEntry]] = {}
        self._position: dict[MemberName, int] = {}
        self._families: dict[tuple[MemberName, Protected], Family] = {}

    def review(
        self, plan: Plan, *, cells: Sequence[CellKey], passed: Sequence[Sequence[bool]], session: GridReader
    ) -> Sequence[Sequence[bool]]:
        """Which numbers may leave; what is answered True is recorded for every receiver before this returns.

        INVARIANT I13: no combination of what a receiver then holds speaks about 1 .. k-1 units of any dataset.

        Raises:
            Unavailable: CR-R301 .. CR-R304 the grid could not be read.
            IntegrityFailure: CR-R401 an entry does not read back, CR-R403 the grid lacks cells.
        """
        receivers = sorted({*plan.obligations.receivers, plan.querier})
        kept = LedgerEntry(plan=plan, cells=tuple(map(tuple, cells)), shown=tuple(tuple(map(bool, p)) for p in passed))
        with self._lock:
            for receiver in receivers:
                history = self._held_by(receiver)
                for protected in sorted(_protected(plan, receiver, history), key=repr):
                    family = self._family(receiver, protected, history)
                    flags = family.review(kept, session, GRID_SECONDS)
                    kept = LedgerEntry(plan=plan, cells=kept.cells, shown=tuple(map(tuple, flags.tolist())))
            if np.any(np.array(kept.shown, dtype=bool)):
                self._store.append(receivers, encode_entry(kept))
        return kept.shown

    def earlier(self, plan: Plan) -> LedgerEntry | None:
        """The latest answer to the same question on other snapshots that every receiver of ``plan`` holds.

        For the renewed rule: what would differ by 1 .. k-1 units is withheld, and this is what may be served instead.
        """
        with self._lock:
            history = self._held_by(plan.querier)
        candidates = [entry for entry in history if entry.plan.shape == plan.shape and entry.plan.tables != plan.tables]
        wanted = set(plan.obligations.receivers)
        held = [entry for entry in candidates if wanted <= {*entry.plan.obligations.receivers, entry.plan.querier}]
        return held[-1] if held else None

    def _held_by(self, receiver: MemberName) -> list[LedgerEntry]:
        history = self._history.setdefault(receiver, [])
        for position, content in self._store.entries(receiver, after=self._position.get(receiver, 0)):
            history.append(decode_entry(content))
            self._position[receiver] = position
        return history

    def _family(self, receiver: MemberName, protected: Protected, history: list[LedgerEntry]) -> Family:
        family = self._families.pop((receiver, protected), None) or Family(protected)
        self._families[receiver, protected] = family  # most recently used last
        while len(self._families) > MAX_WARM_FAMILIES:
            self._families.pop(next(iter(self._families)))
        family.entries = [entry for entry in history if protected.dataset in entry.datasets]
        return family


def _protected(plan: Plan, receiver: MemberName, history: Sequence[LedgerEntry]) -> set[Protected]:
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
    return {
        Protected(dataset=dataset, unit=unit, k=minima[dataset, unit])
        for past in (plan, *(entry.plan for entry in history))
        for dataset, unit, _ in _minima(past)
        if dataset in datasets
    }


def _minima(plan: Plan) -> Iterator[tuple[DatasetName, ColumnName, int]]:
    for obligations in plan.obligations.sources:
        yield obligations.dataset, obligations.privacy_unit, obligations.minimum_units
        if obligations.contributors is not None and obligations.contributors.minimum > 1:
            yield obligations.dataset, CONTRIBUTOR, obligations.contributors.minimum
