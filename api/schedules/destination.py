"""Where one schedule's answers go: an address, and for webhooks the secret that signs them. Sealed at rest.

The secret is made by the room, shown once to whoever makes the schedule, and lies encrypted under the room's key.
"""

import base64
import json
from dataclasses import dataclass, field

from cleanroom.canonical import canonical_json
from cleanroom.crypto import BlobKey, open_blob, seal_blob
from cleanroom.crypto.symmetric import Random

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """``channel`` is folder, webhook or mail; ``address`` a folder below the member's, a URL, or a mail address."""

    channel: str
    address: str
    secret: bytes = field(default=b"", repr=False)

    @property
    def shown_secret(self) -> str:
        """The secret as receivers' libraries take it (Standard Webhooks)."""
        return f"whsec_{base64.b64encode(self.secret).decode()}" if self.secret else ""

    def sealed(self, key: BlobKey, schedule: str, random: Random) -> bytes:
        """It for the state."""
        content = {"channel": self.channel, "address": self.address, "secret": base64.b64encode(self.secret).decode()}
        return seal_blob(key, canonical_json(content), associated=_context(schedule), random=random)

    @staticmethod
    def opened(key: BlobKey, schedule: str, sealed: bytes) -> "Destination":
        """What ``sealed`` hid. Raises IntegrityFailure CR-K013."""
        content = json.loads(open_blob(key, sealed, associated=_context(schedule)))
        return Destination(
            channel=content["channel"], address=content["address"], secret=base64.b64decode(content["secret"])
        )


def new_secret(random: Random) -> bytes:
    """A webhook's secret: 256 bits."""
    return random(_SECRET_BYTES)


def _context(schedule: str) -> bytes:
    return f"schedule/{schedule}/destination".encode()
