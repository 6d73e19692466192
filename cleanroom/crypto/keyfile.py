"""Secret files: written once, readable by their owner only, refused otherwise.

Comes in: a path. Goes out: the text in it, or ``DataRefused``. No error here carries any of the content.
"""

import base64
import binascii
import os
import stat
from pathlib import Path

from cleanroom.errors import Conflict, DataRefused, NotFound

_MAX_FILE_BYTES = 65_536
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_secret_file(path: Path, text: str) -> None:
    """Create ``path`` with mode 0600 and ``text``, durably; never over an existing file.

    Raises:
        Conflict: CR-K004 the file exists; a key is never overwritten, data under it would be lost.
    """
    try:
        # O_EXCL and the mode given at creation: no moment in which another user could open the file or swap it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(
            "CR-K004", "the key file exists already", help="keep it, or name another file", place=path.name
        ) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_secret_file(path: Path) -> str:
    """Return the text of ``path``.

    Raises:
        NotFound: CR-K001 there is no such file.
        DataRefused: CR-K002 not a key file, CR-K003 others than the owner can read or change it.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & _OTHERS:
                raise DataRefused(
                    "CR-K003",
                    "the key file can be read or changed by others",
                    help=f"chmod 600 {path.name}, and think about who may have read it",
                    place=path.name,
                )
            content = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise NotFound("CR-K001", "the key file does not exist", place=path.name) from None
    except OSError:
        raise DataRefused("CR-K002", "the key file cannot be read", place=path.name) from None
    if len(content) > _MAX_FILE_BYTES:
        raise not_a_key(path.name)
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        raise not_a_key(path.name) from None


def marked(marker: str, secret: bytes) -> str:
    """One line: the version ``marker``, a space, base64."""
    return f"{marker} {base64.b64encode(secret).decode('ascii')}\n"


def unmarked(marker: str, text: str, *, place: str, length: int = 32) -> bytes:
    """The bytes of a line made by ``marked``.

    Raises:
        DataRefused: CR-K002 another marker, another length, not base64.
    """
    found, _, encoded = text.strip().partition(" ")
    if found != marker:
        raise not_a_key(place)
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise not_a_key(place) from None
    if len(secret) != length:
        raise not_a_key(place)
    return secret


def not_a_key(place: str) -> DataRefused:
    """The one refusal for anything that is not the expected kind of key."""
    return DataRefused("CR-K002", "this is not a key of the expected kind and version", place=place)
