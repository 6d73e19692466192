"""Secrets people carry: API keys, session secrets and passwords; made, hashed, checked, never kept.

API keys and session secrets have 256 random bits, so one SHA-256 is enough; passwords get argon2.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from cleanroom.errors import DataRefused

_KEY_PREFIX = "crk_"
"""Known to secret scanners: ``crk_`` and 43 characters."""

_MIN_PASSWORD = 12
_MAX_PASSWORD = 1024
_HASHER = PasswordHasher()
# A password is checked against this when there is no such user, so that the two take the same time (I17).
_NOBODY = _HASHER.hash("nobody has this password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A new secret: ``clear`` is shown once, ``sha256`` is kept."""

    clear: str = field(repr=False)
    sha256: str = field(repr=False)


def new_secret(random: Callable[[int], bytes], *, prefix: str = _KEY_PREFIX) -> Secret:
    """256 random bits behind ``prefix``."""
    clear = prefix + base64.urlsafe_b64encode(random(32)).decode("ascii").rstrip("=")
    return Secret(clear=clear, sha256=hash_secret(clear))


def hash_secret(clear: str) -> str:
    """What is kept of a secret, 64 hex digits."""
    return hashlib.sha256(clear.encode("utf-8", "surrogatepass")).hexdigest()


def hash_password(clear: str) -> str:
    """An argon2id hash.

    Raises:
        DataRefused: CR-A037, shorter than 12 or longer than 1024 characters.
    """
    if not _MIN_PASSWORD <= len(clear) <= _MAX_PASSWORD:
        raise DataRefused("CR-A037", f"a password has {_MIN_PASSWORD} to {_MAX_PASSWORD} characters")
    return _HASHER.hash(clear)


def password_matches(kept: str | None, clear: str) -> bool:
    """Whether ``clear`` is the password; takes as long when there is none to compare with."""
    try:
        matches = _HASHER.verify(kept or _NOBODY, clear[:_MAX_PASSWORD])
    except (Argon2Error, InvalidHashError):
        return False
    return matches and kept is not None
