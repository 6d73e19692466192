"""The collaboration key from one member to another, through a room that must not learn or replace it.

Sealed to the recipient (the room cannot read it) and signed by the sender (the room cannot substitute a key of its
own, which would let its operator run a dictionary over every token). Both keys' ids, the room's name and the key's id
are bound in.
"""

import base64
import binascii
import json

from cleanroom.canonical import canonical_json
from cleanroom.crypto.member import MemberKeys
from cleanroom.crypto.sealing import SealPublicKey
from cleanroom.crypto.signing import Signature, VerifyKey
from cleanroom.crypto.symmetric import CollaborationKey
from cleanroom.errors import DataRefused, IntegrityFailure

_FORMAT = "cleanroom-key-share/v1"
_DOMAIN = "key-share"
_INFO = b"collaboration-key"
_FIELDS = {"format", "room", "key_id", "recipient", "sender", "sealed", "signature"}
_MAX_BYTES = 16_384


def share_key(key: CollaborationKey, *, sender: MemberKeys, recipient: SealPublicKey, room: str) -> bytes:
    """``key`` sealed to ``recipient`` and signed by ``sender``, as a JSON document the room may carry."""
    content = {
        "format": _FORMAT,
        "room": room,
        "key_id": key.id,
        "recipient": recipient.id,
        "sender": sender.signing.verify_key.id,
    }
    sealed = recipient.seal(key.for_sharing(), info=_INFO, aad=canonical_json(content))
    content["sealed"] = base64.b64encode(sealed).decode("ascii")
    content["signature"] = sender.signing.sign(_DOMAIN, canonical_json(content)).to_text()
    return canonical_json(content)


def accept_key(document: bytes, *, recipient: MemberKeys, sender: VerifyKey, room: str) -> CollaborationKey:
    """The key in ``document``, if ``sender`` shared it with ``recipient`` in ``room``.

    ``sender`` must be known from outside the room (compare fingerprints by phone): a room that could choose it could
    choose the key.

    Raises:
        DataRefused: CR-K005 not a key share.
        IntegrityFailure: CR-K011 not signed by the sender, CR-K012 not for this recipient or room.
    """
    content = _parsed(document)
    signature = Signature.from_text(content.pop("signature"))
    sender.verify(_DOMAIN, canonical_json(content), signature)
    sealed = base64.b64decode(content.pop("sealed"))
    if content["room"] != room:
        raise IntegrityFailure("CR-K012", "the key was shared in another room", help="ask its sender again")
    key = CollaborationKey(recipient.sealing.open(sealed, info=_INFO, aad=canonical_json(content)))
    if key.id != content["key_id"]:
        raise IntegrityFailure("CR-K012", "the shared key is not the one it claims to be", help="ask its sender again")
    return key


def _parsed(document: bytes) -> dict[str, str]:
    refused = DataRefused("CR-K005", "this is not a shared collaboration key", help="ask its sender to share it again")
    if len(document) > _MAX_BYTES:
        raise refused
    try:
        content = json.loads(document)
    except (ValueError, RecursionError):
        raise refused from None
    if not isinstance(content, dict) or set(content) != _FIELDS or content["format"] != _FORMAT:
        raise refused
    if not all(isinstance(value, str) for value in content.values()):
        raise refused
    try:
        base64.b64decode(content["sealed"], validate=True)
    except (ValueError, binascii.Error):
        raise refused from None
    return dict(content)
