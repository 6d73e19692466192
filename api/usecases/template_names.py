"""What a template's name means to a member: its own first, then those it may see of others.

Pure. Kept names hold their author's, so that a name that is taken by a template one may not see is free (I17).
"""

from collections.abc import Sequence

from cleanroom.canonical import canonical_json, digest_of
from cleanroom.errors import NotFound, UsageProblem
from cleanroom.names import Digest, MemberName
from cleanroom.state import TextStatus
from cleanroom.state.templates import TemplateRecord


def not_found() -> NotFound:
    """The one answer for what is not there and for what one may not see."""
    return NotFound("CR-L003", "no such entry in `templates`", help="check the name; list what there is")


def found(seen: Sequence[TemplateRecord], member: MemberName, identity: str) -> TemplateRecord:
    """What ``[member.]name[@version]`` means to ``member``: its own template first; without a version the one to run.

    Raises:
        NotFound: CR-L003. UsageProblem: CR-A122 several other members have a template of this name.
    """
    whole, at, version = identity.partition("@")
    author, _, name = whole.rpartition(".")
    named = [record for record in seen if _plain_name(record) == name and author in ("", record.member)]
    own = [record for record in named if record.member == member]
    if not own and len({record.member for record in named}) > 1:
        # Attack stopped: a template of another's name, made so that the name leads to it and its text is approved.
        raise UsageProblem(
            "CR-A122", "several members have a template of this name", help=f"say whose: `member.{name}`"
        )
    versions = [record for record in own or named if not at or str(record.version) == version]
    if not versions:
        raise not_found()
    return max(versions, key=lambda record: (record.status is TextStatus.ACTIVE, record.version))


def name_for(record: TemplateRecord, seen: Sequence[TemplateRecord], member: MemberName) -> str:
    """Its name, with its author's before it where the name alone does not lead to it."""
    name = _plain_name(record)
    authors = {other.member for other in seen if _plain_name(other) == name}
    return name if record.member == member or authors == {record.member} else f"{record.member}.{name}"


def _plain_name(record: TemplateRecord) -> str:
    # Rows of earlier versions of the product hold the name alone.
    return record.name.rpartition(".")[2]


def authored(member: MemberName, digest: Digest) -> Digest:
    """What approvals of a member's text are kept under: the same text by another member is approved anew."""
    return digest_of(canonical_json({"member": member, "template": digest}))
