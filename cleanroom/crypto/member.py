"""A member's own keys: one pair to sign, one pair to be sealed to; one file, readable by its owner only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cleanroom.crypto.handle import KEY_BYTES, KeyHandle, expand
from cleanroom.crypto.keyfile import marked, not_a_key, read_secret_file, unmarked, write_secret_file
from cleanroom.crypto.sealing import SealingKey, SealPublicKey
from cleanroom.crypto.signing import SigningKey, VerifyKey
from cleanroom.crypto.symmetric import Random

_MARKER = "cleanroom-member-keys/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPublicKeys:
    """What a member shows to the room and to the other members."""

    verify: VerifyKey
    seal: SealPublicKey

    def to_text(self) -> str:
        """Both keys on one line, separated by a space."""
        return f"{self.verify.to_text()} {self.seal.to_text()}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The keys in ``text``; DataRefused CR-K002 when it holds anything else."""
        parts = text.split()
        if len(parts) != 2:
            raise not_a_key("member public keys")
        return cls(verify=VerifyKey.from_text(parts[0]), seal=SealPublicKey.from_text(parts[1]))


class MemberKeys(KeyHandle):
    """Both private keys of one member, derived from one 32-byte seed that is all the file holds."""

    __slots__ = ()

    @classmethod
    def generate(cls, random: Random) -> Self:
        """New keys."""
        return cls(random(KEY_BYTES))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The keys in ``path``.

        Raises:
            NotFound: CR-K001.
            DataRefused: CR-K002 not member keys, CR-K003 readable by others.
        """
        return cls(unmarked(_MARKER, read_secret_file(path), place=path.name))

    def save(self, path: Path) -> None:
        """Write the keys to a new file, mode 0600; CR-K004 when it exists."""
        write_secret_file(path, marked(_MARKER, self._secret))

    @property
    def signing(self) -> SigningKey:
        """The key this member signs manifests, policies and approvals with."""
        return SigningKey(expand(self._secret, b"cleanroom/member/v1/signing"))

    @property
    def sealing(self) -> SealingKey:
        """The key others seal to."""
        return SealingKey(expand(self._secret, b"cleanroom/member/v1/sealing"))

    @property
    def public(self) -> MemberPublicKeys:
        """The public halves."""
        return MemberPublicKeys(verify=self.signing.verify_key, seal=self.sealing.public_key)
