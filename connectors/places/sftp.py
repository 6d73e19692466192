"""``sftp://user@host/folder`` -> its files. Optional: the SFTP client library has a copyleft licence and is not ours to ship.

The server's key must be in the user's known hosts; an unknown server is refused, never trusted on first use.
"""

import posixpath
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from cleanroom.errors import CleanroomError, NotAuthorised, NotFound, UsageProblem
from connectors.limits import CHUNK_BYTES, HTTP_TIMEOUT_SECONDS
from connectors.places.place import (
    IGNORED_ENDINGS,
    Located,
    PlaceOptions,
    missing_extra,
    spooled,
    too_many,
    unreachable,
)


def sftp(url: str, options: PlaceOptions) -> Iterator[Located]:
    """List a remote folder, or one remote file.

    Raises:
        UsageProblem: CR-D220 bad address, CR-D225 no client library; NotFound: CR-D221; NotAuthorised: CR-D222;
        Unavailable: CR-D223; DataRefused: CR-D228.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise UsageProblem("CR-D220", "an SFTP address is sftp://user@host/folder")
    try:
        import paramiko  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise missing_extra("SFTP", "paramiko") from None
    folder = unquote(parts.path) or "."
    found: list[Located] = []
    with _session(paramiko, url, options) as session:
        facts = session.stat(folder)
        is_folder = stat.S_ISDIR(facts.st_mode)
        entries = session.listdir_attr(folder) if is_folder else [facts]
        for entry in entries:
            name = entry.filename if is_folder else posixpath.basename(folder)
            if not stat.S_ISREG(entry.st_mode) or name.startswith(".") or name.endswith(IGNORED_ENDINGS):
                continue
            path = posixpath.join(folder, name) if is_folder else folder
            etag = f"{entry.st_size:x}-{entry.st_mtime:x}"
            opener = _opener(paramiko, url, path, options)
            found.append(Located(name=name, size=entry.st_size, etag=etag, open=opener))
    if len(found) > options.max_files:
        raise too_many(options.max_files)
    yield from sorted(found, key=lambda located: located.name)


def _opener(paramiko: Any, url: str, path: str, options: PlaceOptions) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        with _session(paramiko, url, options) as session, session.open(path, "rb") as remote:
            return spooled(iter(lambda: remote.read(CHUNK_BYTES), b""), options)

    return opened


@contextmanager
def _session(paramiko: Any, url: str, options: PlaceOptions) -> Iterator[Any]:
    parts = urlsplit(url)
    client = paramiko.SSHClient()
    client.load_system_host_keys()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        with closing(client):
            client.connect(
                parts.hostname,
                port=parts.port or 22,
                username=unquote(parts.username or "") or None,
                password=options.config.get("password"),
                key_filename=options.config.get("key_file"),
                timeout=HTTP_TIMEOUT_SECONDS,
            )
            yield client.open_sftp()
    except CleanroomError:
        raise
    except FileNotFoundError:
        raise NotFound("CR-D221", "there is no such file or folder on the server") from None
    except (paramiko.AuthenticationException, paramiko.BadHostKeyException, PermissionError):
        raise NotAuthorised("CR-D222", "the server refuses the key or password, or is not the known one") from None
    except Exception:  # noqa: BLE001 - any foreign error; its text may quote the address
        raise unreachable("the SFTP server") from None
