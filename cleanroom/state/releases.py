"""Releases: answers that left, sealed, with what an auditor may count about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Text, cast, select

from cleanroom.names import Digest, MemberName, ReleaseId, RunId
from cleanroom.state.tables import releases
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRecord:
    """``member`` asked, ``receivers`` may hold it. ``content_digest`` is of the clear table, its ETag."""

    release_id: ReleaseId
    run_id: RunId
    plan_digest: Digest
    member: MemberName
    receivers: tuple[str, ...]
    content_digest: Digest
    table_blob: bytes = field(repr=False)
    withheld: Mapping[str, int]
    data_date: date | None
    created_at: datetime


class Releases:
    """Rows of ``releases``; never changed."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(
        self,
        release: ReleaseId,
        *,
        run_id: RunId,
        plan_digest: Digest,
        member: MemberName,
        receivers: tuple[str, ...],
        content_digest: Digest,
        table_blob: bytes,
        withheld: Mapping[str, int],
        data_date: date | None,
    ) -> None:
        """Keep an answer. Raises Conflict CR-L004: this plan was released to this member already (I14)."""
        self._tx.add(
            releases,
            "release.stored",
            {"plan": plan_digest, "content": content_digest, **{f"withheld_{k}": v for k, v in withheld.items()}},
            release_id=release,
            run_id=run_id,
            plan_digest=plan_digest,
            member=member,
            receivers=receivers,
            content_digest=content_digest,
            table_blob=table_blob,
            withheld=dict(withheld),
            data_date=data_date,
            created_at=self._tx.now,
        )

    def get(self, release: ReleaseId) -> ReleaseRecord:
        """One release. Raises NotFound CR-L003."""
        return self._tx.get(ReleaseRecord, releases, release_id=release)

    def by_plan(self, plan: Digest, member: MemberName) -> ReleaseRecord | None:
        """What this plan gave this member before."""
        query = select(releases).where(releases.c.plan_digest == plan, releases.c.member == member)
        return self._tx.first(ReleaseRecord, query)

    def runs_of(self, member: MemberName, *, limit: int = 100) -> tuple[RunId, ...]:
        """The runs in which a member's own questions were first answered, newest first."""
        query = select(releases.c.run_id).where(releases.c.member == member)
        found = self._tx.connection.execute(query.order_by(releases.c.release_id.desc()).limit(limit))
        return tuple(RunId(run) for run in found.scalars())

    def held_by(self, member: MemberName, *, after: str | None = None, limit: int = 100) -> tuple[ReleaseRecord, ...]:
        """What a member may hold, newest first, from the one after ``after``."""
        # Names are [a-z0-9_-], so a quoted name inside the JSON list matches that receiver and no other.
        receives = cast(releases.c.receivers, Text).contains(f'"{member}"', autoescape=True)
        query = select(releases).where(receives)
        if after is not None:
            query = query.where(releases.c.release_id < after)
        return self._tx.many(ReleaseRecord, query.order_by(releases.c.release_id.desc()).limit(limit))

    def ids_held_by(self, member: MemberName) -> tuple[ReleaseId, ...]:
        """The ids of all a member may hold, oldest first, without their contents."""
        receives = cast(releases.c.receivers, Text).contains(f'"{member}"', autoescape=True)
        query = select(releases.c.release_id).where(receives).order_by(releases.c.release_id)
        return tuple(ReleaseId(found) for found in self._tx.connection.execute(query).scalars())
