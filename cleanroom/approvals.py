"""What exactly a steward signs: the bytes of an approval, for members' clients and the room alike; and who has to.

Pure. A signature holds for one room, one kind of text and one digest: it cannot be carried to another room, and a
policy's signature never passes as a template's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cleanroom.canonical import canonical_json
from cleanroom.crypto.signing import Signature, VerifyKey
from cleanroom.errors import CleanroomError, IntegrityFailure
from cleanroom.names import Digest

APPROVAL_DOMAIN = "approval"
"""The signature domain of policy and template approvals."""

KEYS_DOMAIN = "member-keys"
"""The signature domain in which a member's old key vouches for its new ones."""


class ApprovedText(StrEnum):
    """What an approval is about."""

    POLICY = "policy"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """Whose signatures an approval needs: ``needed`` of ``keys`` (texts of public keys), each of another person."""

    keys: tuple[str, ...]
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One person's signature; ``user`` is empty where one signature is all there is."""

    user: str
    signature: str


def approval_statement(*, room: str, text: ApprovedText, digest: Digest) -> bytes:
    """The bytes to sign in ``APPROVAL_DOMAIN``: this room, this kind of text, this digest."""
    return canonical_json({"room": room, "approves": text, "digest": digest})


def keys_statement(*, room: str, member: str, public_keys: str) -> bytes:
    """The bytes a member's present key signs in ``KEYS_DOMAIN`` when new public keys take its place."""
    return canonical_json({"room": room, "member": member, "public_keys": public_keys})


def missing_signatures(statement: bytes, signers: Signers, given: Iterable[Signed]) -> int:
    """How many signatures ``statement`` lacks; zero: it is approved.

    Attacks stopped: one person signing twice, one key signing twice, a signature by a key that is not named, a stored
    signature that was changed. None of those counts.
    """
    persons: set[str] = set()
    used: set[str] = set()
    for one in given:
        key = signing_key(statement, signers, one.signature)
        if key is not None and key not in used and one.user not in persons:
            persons.add(one.user)
            used.add(key)
    return max(signers.needed - len(used), 0)


def signing_key(statement: bytes, signers: Signers, signature: str) -> str | None:
    """Which of the signers' keys made ``signature`` over ``statement``; None for none of them."""
    for key in signers.keys:
        try:
            VerifyKey.from_text(key).verify(APPROVAL_DOMAIN, statement, Signature.from_text(signature))
        except CleanroomError:
            continue
        return key
    return None


def signatures_to_text(given: Sequence[Signed]) -> str:
    """Signatures as they are stored: a line each, the person's name before it."""
    return "\n".join(f"{one.user} {one.signature}".strip() for one in given)


def signatures_from_text(text: str) -> tuple[Signed, ...]:
    """What ``signatures_to_text`` wrote.

    Raises:
        IntegrityFailure: CR-K011 the text is something else.
    """
    found = []
    for line in text.splitlines():
        *user, signature = line.split(" ")
        if len(user) > 1:
            raise IntegrityFailure("CR-K011", "the signature does not hold", help="have it signed again")
        found.append(Signed(user="".join(user), signature=signature))
    return tuple(found)
