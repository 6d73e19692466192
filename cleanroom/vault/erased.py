"""The people a member has erased, so that a later file cannot bring them back: tokens, sealed under its data key.

The list lies beside the lake, not in it: purging history must not lose it, and destroying the member's key makes it
unreadable with everything else. Written before the rows go, whole or not at all; changed only under the writer's lock.
"""

import os
from collections.abc import Iterable
from uuid import UUID

from cleanroom.crypto.blob import open_blob, seal_blob
from cleanroom.crypto.keys import DataKey, Random
from cleanroom.vault.lake import LakePlace
from cleanroom.vault.publish import sync_folder

_PURPOSE = "erased"
_TOKEN_BYTES = 16


def erased_tokens(place: LakePlace, key: DataKey) -> tuple[UUID, ...]:
    """The tokens that are kept out, sorted. Raises IntegrityFailure CR-K013 when the list was altered."""
    try:
        sealed = (place.root / "erased").read_bytes()
    except FileNotFoundError:
        return ()
    plain = open_blob(key.blob_key(_PURPOSE), sealed, associated=_context(place))
    return tuple(UUID(bytes=plain[at : at + _TOKEN_BYTES]) for at in range(0, len(plain), _TOKEN_BYTES))


def remember_erased(place: LakePlace, key: DataKey, tokens: Iterable[UUID], random: Random) -> None:
    """Add ``tokens`` to the list, durably; the caller holds the writer's lock."""
    known = erased_tokens(place, key)
    wanted = sorted({*known, *tokens})
    if len(wanted) == len(known):
        return
    plain = b"".join(token.bytes for token in wanted)
    sealed = seal_blob(key.blob_key(_PURPOSE), plain, associated=_context(place), random=random)
    partial = place.root / ".erased.partial"
    with partial.open("wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(place.root / "erased")
    sync_folder(place.root)


def _context(place: LakePlace) -> bytes:
    return f"erased/{place.member}".encode()
