"""The closed sets of the room's state: what a thing can be and where in its life it stands."""

from enum import StrEnum


class MemberKind(StrEnum):
    """What a member does."""

    RETAILER = "retailer"
    MANUFACTURER = "manufacturer"
    SERVICER = "servicer"


class MemberStatus(StrEnum):
    """A removed member's wrapped data key is gone: its vault is unreadable for good."""

    ACTIVE = "active"
    REMOVED = "removed"


class UserRole(StrEnum):
    """What a person may do, within their member."""

    UPLOADER = "uploader"
    ANALYST = "analyst"
    STEWARD = "steward"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class TextStatus(StrEnum):
    """The life of a policy or template. Only ACTIVE counts; SUBMITTED is immutable and waits for signatures."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class UploadState(StrEnum):
    """The life of an upload. COMMITTED, REFUSED and EXPIRED are ends."""

    RECEIVING = "receiving"
    RECEIVED = "received"
    INGESTING = "ingesting"
    COMMITTED = "committed"
    REFUSED = "refused"
    EXPIRED = "expired"


class RunState(StrEnum):
    """The life of a run, as published over HTTP."""

    SUBMITTED = "SUBMITTED"
    STARTED = "STARTED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    SUCCESS = "SUCCESS"
    TIMED_OUT = "TIMED_OUT"
    REFUSED = "REFUSED"

    @property
    def is_final(self) -> bool:
        """Whether it never changes again."""
        return self not in {RunState.SUBMITTED, RunState.STARTED, RunState.CANCELLING}


class JobState(StrEnum):
    """The life of a job: leased jobs come back when the lease runs out."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


class ScheduleState(StrEnum):
    """The life of a schedule. REMOVED is an end; its destination is forgotten."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


class DeliveryState(StrEnum):
    """The life of one occasion of a schedule.

    DUE waits to be asked, ASKED for its runs, READY to be sent. SENDING without an end is an attempt whose outcome
    nobody knows. DELIVERED, REFUSED, FAILED and UNKNOWN are ends.
    """

    DUE = "due"
    ASKED = "asked"
    READY = "ready"
    SENDING = "sending"
    DELIVERED = "delivered"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
