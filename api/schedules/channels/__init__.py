"""Ways of sending: one file each, listed in ``CHANNELS``.

A channel says whether an address is allowed now, and sends one message there. Sending again with the same delivery id
must be harmless to a receiver that looks at it. A failure says which of three it was: refused for good (UsageProblem,
DataRefused, NotAuthorised), not there (Unavailable), or nobody knows (OutcomeUnknown).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api.schedules.channels import folder, mail, webhook
from api.schedules.destination import Destination
from api.schedules.message import Message
from api.schedules.settings import Deliveries
from cleanroom.errors import UsageProblem
from cleanroom.names import MemberName

Allow = Callable[[str, MemberName, Deliveries], None]
Send = Callable[[Message, Destination, MemberName, Deliveries, datetime], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way of sending. ``example`` is an address people can start from."""

    name: str
    title: str
    example: str
    has_secret: bool
    allow: Allow
    send: Send


CHANNELS: tuple[Channel, ...] = (
    Channel(
        name="folder",
        title="Folder",
        example="weekly",
        has_secret=False,
        allow=folder.allow,
        send=folder.send,
    ),
    Channel(
        name="webhook",
        title="Webhook",
        example="https://hooks.example.com/cleanroom",
        has_secret=True,
        allow=webhook.allow,
        send=webhook.send,
    ),
    Channel(
        name="mail",
        title="E-mail",
        example="reports@example.com",
        has_secret=False,
        allow=mail.allow,
        send=mail.send,
    ),
)


def channel_named(name: str) -> Channel:
    """The channel called ``name``. Raises UsageProblem CR-S010."""
    for known in CHANNELS:
        if known.name == name:
            return known
    raise UsageProblem("CR-S010", "no such way of sending", help="one of " + ", ".join(c.name for c in CHANNELS))
