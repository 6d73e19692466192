"""The keyring: the only importer of ``cryptography``, and the only place where key bytes exist.

| file | what it holds |
|---|---|
| handle | a key that can be used but not looked at |
| keyfile | secret files, owner only |
| symmetric | room key, data keys, blob keys, collaboration key |
| signing, sealing, member | Ed25519; HPKE; a member's pair of both |
| sharing | the collaboration key, sealed from member to member |
| blob, stream | bytes and files at rest |
| tokens | identifiers become tokens |

Randomness comes in as an argument everywhere but in HPKE's encapsulation, which draws its own.
"""

from cleanroom.crypto.blob import open_blob, seal_blob
from cleanroom.crypto.keys import (
    BlobKey,
    CollaborationKey,
    DataKey,
    KeyEncryptionKey,
    MemberKeys,
    MemberPublicKeys,
    Random,
    SealingKey,
    SealPublicKey,
    Signature,
    SigningKey,
    VerifyKey,
)

__all__ = [
    "BlobKey",
    "CollaborationKey",
    "DataKey",
    "KeyEncryptionKey",
    "MemberKeys",
    "MemberPublicKeys",
    "Random",
    "SealPublicKey",
    "SealingKey",
    "Signature",
    "SigningKey",
    "VerifyKey",
    "open_blob",
    "seal_blob",
]
