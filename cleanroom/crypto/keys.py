"""All kinds of keys in one place to import from; each lives in the file named after what it does."""

from cleanroom.crypto.member import MemberKeys, MemberPublicKeys
from cleanroom.crypto.sealing import SealingKey, SealPublicKey
from cleanroom.crypto.signing import Signature, SigningKey, VerifyKey
from cleanroom.crypto.symmetric import BlobKey, CollaborationKey, DataKey, KeyEncryptionKey, Random

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
]
