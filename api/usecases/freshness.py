"""Which released answers rest on data that has been replaced since: snapshots that are no longer their dataset's newest.

What an answer read is in the log, written before a row was touched. That it is older is told to everybody who may hold
it; whose dataset is newer, and since when, only to those who may know of that dataset anyway (INVARIANT I17).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from api.principal import Principal
from api.room import Room
from api.usecases.data import list_datasets
from cleanroom.names import DatasetName, MemberName, RunId, SnapshotId
from cleanroom.state.chain import LogEntry
from cleanroom.state.snapshots import SnapshotRecord

Read = tuple[MemberName, DatasetName, SnapshotId]


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderData:
    """A dataset that changed after it was read. ``data_date`` is what the answer knew, ``newer_data_date`` what is now
    known; ``since`` is when the first newer snapshot was committed."""

    member: MemberName
    dataset: DatasetName
    data_date: date | None
    newer_data_date: date | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """``is_older``: some dataset behind the answer has a newer snapshot. ``older``: those the reader may know of."""

    is_older: bool = False
    older: tuple[OlderData, ...] = ()

    def in_words(self) -> str:
        """One sentence, without a full stop; empty for an answer on the newest data."""
        told = [
            f"{one.dataset} of {one.member} (read up to {one.data_date or 'no date'}, "
            f"now up to {one.newer_data_date or 'no date'}, changed {one.since:%Y-%m-%d %H:%M} UTC)"
            for one in self.older
        ]
        if not self.is_older:
            return ""
        return "there are newer data since: " + "; ".join(told) if told else "there are newer data since"


def freshness_of(room: Room, who: Principal, runs: Sequence[RunId]) -> Mapping[RunId, Freshness]:
    """How fresh what each run read is now; runs that read nothing yet are fresh."""
    with room.state.read() as tx:
        plans = {run: tx.log.about("runs", run) for run in dict.fromkeys(runs)}
        newest: dict[tuple[MemberName, DatasetName], list[SnapshotRecord]] = {}
        for record in tx.snapshots.all():
            newest.setdefault((record.member, record.dataset), []).append(record)
    visible = {(view.member, view.dataset) for view in list_datasets(room, who)}
    found = {}
    for run, entries in plans.items():
        older = [one for read in reads_of(entries) if (one := _older(read, newest.get(read[:2], [])))]
        told = tuple(one for one in older if (one.member, one.dataset) in visible)
        found[run] = Freshness(is_older=bool(older), older=told)
    return found


def reads_of(entries: Sequence[LogEntry]) -> tuple[Read, ...]:
    """What a run read, from what the log says of it; nothing where it was never planned."""
    planned = [json.loads(entry.facts) for entry in entries if entry.kind == "run.planned"]
    return _reads(str(planned[-1].get("reads", ""))) if planned else ()


def _older(read: Read, records: Sequence[SnapshotRecord]) -> OlderData | None:
    """``records`` of the dataset, oldest first."""
    member, dataset, snapshot = read
    newer = [record for record in records if record.snapshot > snapshot]
    if not newer:
        return None
    known = [record.data_date for record in records if record.snapshot == snapshot]
    return OlderData(
        member=member,
        dataset=dataset,
        data_date=known[0] if known else None,
        newer_data_date=newer[-1].data_date,
        since=newer[0].committed_at,
    )


def _reads(text: str) -> tuple[Read, ...]:
    """``harbor/sales@5 solstice/claims@2``, as ``planning.plan_facts`` writes it."""
    found = []
    for part in text.split():
        member, _, rest = part.partition("/")
        dataset, _, snapshot = rest.partition("@")
        found.append((MemberName(member), DatasetName(dataset), SnapshotId(int(snapshot))))
    return tuple(found)
