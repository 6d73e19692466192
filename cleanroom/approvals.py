"""What exactly a steward signs: the bytes of an approval, for members' clients and the room alike.

Pure. A signature holds for one room, one kind of text and one digest: it cannot be carried to another room, and a
policy's signature never passes as a template's.
"""

from enum import StrEnum

from cleanroom.canonical import canonical_json
from cleanroom.names import Digest

APPROVAL_DOMAIN = "approval"
"""The signature domain of policy and template approvals."""

KEYS_DOMAIN = "member-keys"
"""The signature domain in which a member's old key vouches for its new ones."""


class ApprovedText(StrEnum):
    """What an approval is about."""

    POLICY = "policy"
    TEMPLATE = "template"


def approval_statement(*, room: str, text: ApprovedText, digest: Digest) -> bytes:
    """The bytes to sign in ``APPROVAL_DOMAIN``: this room, this kind of text, this digest."""
    return canonical_json({"room": room, "approves": text, "digest": digest})


def keys_statement(*, room: str, member: str, public_keys: str) -> bytes:
    """The bytes a member's present key signs in ``KEYS_DOMAIN`` when new public keys take its place."""
    return canonical_json({"room": room, "member": member, "public_keys": public_keys})
