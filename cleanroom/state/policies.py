"""Policies: immutable versions of a member's text, and where in its life each stands."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from cleanroom.names import DatasetName, Digest, MemberName, PolicyId
from cleanroom.state.kinds import TextStatus
from cleanroom.state.tables import policies
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRecord:
    """One version. ``signature`` holds its stewards' signatures over ``digest``; None until the first."""

    policy_id: PolicyId
    member: MemberName
    dataset: DatasetName
    version: int
    text: str
    digest: Digest
    status: TextStatus
    signature: str | None
    signed_by: str | None
    expires: date | None
    submitted_at: datetime
    decided_at: datetime | None


def policy_id(member: MemberName, dataset: DatasetName, version: int) -> PolicyId:
    """``member/dataset/version``."""
    return PolicyId(f"{member}/{dataset}/{version}")


class Policies:
    """Rows of ``policies``. At most one version of a member's dataset is active."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def submit(
        self,
        *,
        member: MemberName,
        dataset: DatasetName,
        version: int,
        text: str,
        digest: Digest,
        expires: date | None,
    ) -> PolicyId:
        """Keep a version for its steward to sign. Raises Conflict CR-L004: this version exists."""
        name = policy_id(member, dataset, version)
        self._tx.add(
            policies,
            "policy.submitted",
            policy_id=name,
            member=member,
            dataset=dataset,
            version=version,
            text=text,
            digest=digest,
            status=TextStatus.SUBMITTED,
            signature=None,
            signed_by=None,
            expires=expires,
            submitted_at=self._tx.now,
            decided_at=None,
        )
        return name

    def sign(self, name: PolicyId, *, signatures: str, signed_by: str) -> None:
        """Keep the signatures that a submitted version has so far; it waits for more."""
        self._tx.put(
            policies,
            "policy.signed",
            {"policy_id": name},
            {"status": TextStatus.SUBMITTED},
            signature=signatures,
            signed_by=signed_by,
        )

    def activate(self, name: PolicyId, *, signature: str, signed_by: str) -> None:
        """Make a submitted version the active one; the one before is superseded in the same change."""
        found = self.get(name)
        before = self.active(found.member, found.dataset)
        if before is not None:
            self._tx.put(
                policies,
                "policy.superseded",
                {"policy_id": before.policy_id},
                {"status": TextStatus.ACTIVE},
                status=TextStatus.SUPERSEDED,
                decided_at=self._tx.now,
            )
        self._tx.put(
            policies,
            "policy.activated",
            {"policy_id": name},
            {"status": TextStatus.SUBMITTED, "digest": found.digest},
            {"digest": found.digest},
            status=TextStatus.ACTIVE,
            signature=signature,
            signed_by=signed_by,
            decided_at=self._tx.now,
        )

    def end(self, name: PolicyId, status: TextStatus) -> None:
        """Withdraw or expire a submitted or active version, at once.

        Only a version that was in force keeps its signatures: those tell who must sign the next one.
        """
        if status not in {TextStatus.WITHDRAWN, TextStatus.EXPIRED}:
            raise AssertionError("a policy ends by withdrawal or expiry")
        found = self.get(name)
        self._tx.put(
            policies,
            f"policy.{status}",
            {"policy_id": name},
            {"status": frozenset({TextStatus.SUBMITTED, TextStatus.ACTIVE}) & {found.status}},
            status=status,
            signature=None if found.status is TextStatus.SUBMITTED else found.signature,
            decided_at=self._tx.now,
        )

    def get(self, name: PolicyId) -> PolicyRecord:
        """One version. Raises NotFound CR-L003."""
        return self._tx.get(PolicyRecord, policies, policy_id=name)

    def active(self, member: MemberName, dataset: DatasetName) -> PolicyRecord | None:
        """The active version of a member's dataset."""
        query = select(policies).where(
            policies.c.member == member, policies.c.dataset == dataset, policies.c.status == TextStatus.ACTIVE
        )
        return self._tx.first(PolicyRecord, query)

    def all(self, *, status: TextStatus | None = None, member: MemberName | None = None) -> tuple[PolicyRecord, ...]:
        """Versions by member, dataset and number."""
        query = select(policies).order_by(policies.c.member, policies.c.dataset, policies.c.version)
        if status is not None:
            query = query.where(policies.c.status == status)
        if member is not None:
            query = query.where(policies.c.member == member)
        return self._tx.many(PolicyRecord, query)
