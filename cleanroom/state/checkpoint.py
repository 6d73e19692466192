"""A signed checkpoint: "the log had this many entries, this head, this tree". Kept by members outside the room.

Who holds one can show later that the log was cut short or rewritten, whoever runs the room.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cleanroom.canonical import canonical_json
from cleanroom.crypto import Signature, SigningKey, VerifyKey
from cleanroom.errors import DataRefused, IntegrityFailure
from cleanroom.names import Digest
from cleanroom.state.columns import time_text
from cleanroom.state.log import Log
from cleanroom.state.merkle import tree_head

_DOMAIN = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """``head`` is the hash of entry ``size``; ``tree`` the RFC 6962 tree head of the first ``size`` entries, hex."""

    room: str
    size: int
    head: Digest
    tree: str
    at: str
    signature: str

    def to_text(self) -> str:
        """One line of JSON."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The checkpoint in ``text``.

        Raises:
            DataRefused: CR-L009, not a checkpoint.
        """
        try:
            content = json.loads(text)
            values = {name: content[name] for name in cls.__slots__}
        except (ValueError, TypeError, KeyError):
            raise _not_one() from None
        if not all(isinstance(value, int if name == "size" else str) for name, value in values.items()):
            raise _not_one()
        return cls(**values)


def take(log: Log, *, room: str, at: datetime, key: SigningKey) -> Checkpoint:
    """A checkpoint of the log as it is now."""
    size, head = log.head()
    bare = Checkpoint(
        room=room, size=size, head=head, tree=tree_head(log.leaves()).hex(), at=time_text(at), signature=""
    )
    return _signed(bare, key)


def check(checkpoint: Checkpoint, log: Log, *, room: str, key: VerifyKey) -> None:
    """Return only if the room signed ``checkpoint`` and the log still begins as it says.

    Raises:
        IntegrityFailure: CR-K011 the signature; CR-L014 another room's, or the log is shorter or another.
    """
    # 1. Its author: a checkpoint anybody could write proves nothing.
    key.verify(_DOMAIN, _signed_bytes(checkpoint), Signature.from_text(checkpoint.signature))
    # 2. Its room: another room's log of the same length would otherwise be accused.
    if checkpoint.room != room:
        raise _differs("the checkpoint is another room's")
    # 3. Truncation: a chain that was cut at the end still verifies by itself.
    size, _ = log.head()
    if size < checkpoint.size:
        raise _differs("the log is shorter than it was")
    # 4. Rewriting from the first entry on: a forged chain verifies by itself too.
    if tree_head(log.leaves(checkpoint.size)).hex() != checkpoint.tree:
        raise _differs("the log is not the one of the checkpoint")


def _signed(bare: Checkpoint, key: SigningKey) -> Checkpoint:
    signature = key.sign(_DOMAIN, _signed_bytes(bare)).to_text()
    return Checkpoint(room=bare.room, size=bare.size, head=bare.head, tree=bare.tree, at=bare.at, signature=signature)


def _signed_bytes(checkpoint: Checkpoint) -> bytes:
    return canonical_json({name: getattr(checkpoint, name) for name in checkpoint.__slots__ if name != "signature"})


def _not_one() -> DataRefused:
    return DataRefused("CR-L009", "this is not a checkpoint", help="take one with `cleanroom log verify --checkpoint`")


def _differs(message: str) -> IntegrityFailure:
    return IntegrityFailure("CR-L014", message, help="stop; compare with the other members' checkpoints and backups")
