"""Query templates and the approvals of the owners they read from."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from cleanroom.names import Digest, MemberName, TemplateName
from cleanroom.state.kinds import TextStatus
from cleanroom.state.tables import approvals, templates
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRecord:
    """One version, immutable, named by ``digest``. ``datasets`` are those it reads; ``member`` wrote it."""

    template_id: str
    name: TemplateName
    version: int
    member: MemberName
    text: str
    digest: Digest
    title: str
    datasets: tuple[str, ...]
    status: TextStatus
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord:
    """One owner's steward's signature over a template's digest; void once withdrawn."""

    template_digest: Digest
    owner: MemberName
    signature: str
    approved_by: str
    approved_at: datetime
    withdrawn_at: datetime | None


def template_id(name: TemplateName, version: int) -> str:
    """``name@version``."""
    return f"{name}@{version}"


class Templates:
    """Rows of ``templates`` and ``approvals``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def submit(
        self,
        *,
        name: TemplateName,
        version: int,
        member: MemberName,
        text: str,
        digest: Digest,
        title: str,
        datasets: tuple[str, ...],
    ) -> str:
        """Keep a version for its owners to approve. Raises Conflict CR-L004: it exists."""
        identity = template_id(name, version)
        self._tx.add(
            templates,
            "template.submitted",
            template_id=identity,
            name=name,
            version=version,
            member=member,
            text=text,
            digest=digest,
            title=title,
            datasets=datasets,
            status=TextStatus.SUBMITTED,
            submitted_at=self._tx.now,
        )
        return identity

    def set_status(self, identity: str, *, before: frozenset[TextStatus], after: TextStatus) -> None:
        """Move a version along its life. Raises Conflict CR-L002: it is elsewhere by now."""
        self._tx.put(templates, f"template.{after}", {"template_id": identity}, {"status": before}, status=after)

    def approve(self, digest: Digest, *, owner: MemberName, signature: str, approved_by: str) -> None:
        """Keep an owner's approval; one withdrawn before may be given anew."""
        key = {"template_digest": digest, "owner": owner}
        if self.approval(digest, owner) is None:
            self._tx.add(
                approvals,
                "template.approval_given",
                **key,
                signature=signature,
                approved_by=approved_by,
                approved_at=self._tx.now,
                withdrawn_at=None,
            )
            return
        self._tx.put(
            approvals,
            "template.approval_given",
            key,
            signature=signature,
            approved_by=approved_by,
            approved_at=self._tx.now,
            withdrawn_at=None,
        )

    def withdraw(self, digest: Digest, *, owner: MemberName) -> None:
        """Void an owner's approval, at once."""
        self._tx.put(
            approvals,
            "template.approval_withdrawn",
            {"template_digest": digest, "owner": owner},
            {"withdrawn_at": None},
            withdrawn_at=self._tx.now,
        )

    def approval(self, digest: Digest, owner: MemberName) -> ApprovalRecord | None:
        """An owner's approval, withdrawn or not."""
        query = select(approvals).where(approvals.c.template_digest == digest, approvals.c.owner == owner)
        return self._tx.first(ApprovalRecord, query)

    def approvals(self, digest: Digest) -> tuple[ApprovalRecord, ...]:
        """All approvals of a template by owner, withdrawn ones included."""
        query = select(approvals).where(approvals.c.template_digest == digest).order_by(approvals.c.owner)
        return self._tx.many(ApprovalRecord, query)

    def get(self, identity: str) -> TemplateRecord:
        """One version. Raises NotFound CR-L003."""
        return self._tx.get(TemplateRecord, templates, template_id=identity)

    def latest(self, name: TemplateName) -> TemplateRecord | None:
        """The newest active version of a name, else the newest of any status."""
        query = select(templates).where(templates.c.name == name).order_by(templates.c.version.desc())
        active = self._tx.first(TemplateRecord, query.where(templates.c.status == TextStatus.ACTIVE))
        return active or self._tx.first(TemplateRecord, query)

    def all(self) -> tuple[TemplateRecord, ...]:
        """All versions by name and number."""
        return self._tx.many(TemplateRecord, select(templates).order_by(templates.c.name, templates.c.version))
