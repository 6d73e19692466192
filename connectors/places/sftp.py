"""``sftp://user@host/folder`` -> its files (extra ``sftp``). Its client library, paramiko, is under the LGPL: optional, and used as it is.

The server's key must be in the user's known hosts (or in the settings' ``known_hosts`` file); an unknown server is
refused, never trusted on first use. Who signs in: ``key_file`` or ``password`` of the settings, else the agent and the
user's own keys.
"""

import logging
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
    RECEIPT_ENDING,
    Located,
    PlaceOptions,
    missing_extra,
    spooled,
    too_large,
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
    if not parts.hostname or parts.password:
        raise UsageProblem(
            "CR-D220", "an SFTP address is sftp://user@host/folder", help="a password belongs into the settings"
        )
    paramiko = _client_library()
    folder = unquote(parts.path) or "."
    found: list[Located] = []
    with _session(paramiko, url, options) as session:
        facts = session.stat(folder)
        is_folder = stat.S_ISDIR(facts.st_mode)
        for entry in session.listdir_iter(folder) if is_folder else [facts]:
            name = entry.filename if is_folder else posixpath.basename(folder)
            if not stat.S_ISREG(entry.st_mode) or name.startswith((".", "~$")) or name.endswith(IGNORED_ENDINGS):
                continue
            path = posixpath.join(folder, name) if is_folder else folder
            found.append(_located(_Remote(paramiko, url, path, options), name, entry))
            if len(found) > options.max_files:
                raise too_many(options.max_files)
    yield from sorted(found, key=lambda located: located.name)


class _Remote:
    """One remote file: how it is read, and how a receipt is put beside it."""

    def __init__(self, paramiko: Any, url: str, path: str, options: PlaceOptions) -> None:
        self._paramiko, self._url, self._path, self._options = paramiko, url, path, options

    def opened(self, etag: str) -> BinaryIO:
        """Its bytes; Unavailable CR-D223 if it is not, or does not stay, the file that was listed."""
        with _session(self._paramiko, self._url, self._options) as session, session.open(self._path, "rb") as remote:
            facts = remote.stat()
            if (facts.st_size or 0) > self._options.max_bytes:
                raise too_large(self._options.max_bytes)
            stream = spooled(iter(lambda: remote.read(CHUNK_BYTES), b""), self._options)
            if {_etag(facts), _etag(remote.stat())} != {etag}:
                stream.close()
                raise unreachable("the file changed while it was read: it")
            return stream

    def left(self, receipt: bytes) -> None:
        """Written aside, then renamed over: whole or not at all."""
        target = self._path + RECEIPT_ENDING
        with _session(self._paramiko, self._url, self._options) as session:
            with session.open(target + ".tmp", "wb") as file:
                file.write(receipt)
            session.posix_rename(target + ".tmp", target)


def _located(remote: _Remote, name: str, facts: Any) -> Located:
    etag = _etag(facts)
    opener: Callable[[], BinaryIO] = lambda: remote.opened(etag)  # noqa: E731 - a name for the type
    return Located(name=name, size=facts.st_size, etag=etag, open=opener, leave=remote.left)


def _etag(facts: Any) -> str:
    return f"{facts.st_size:x}-{facts.st_mtime:x}"


def _client_library() -> Any:
    try:
        import paramiko
    except ImportError:
        raise missing_extra("SFTP", "paramiko") from None
    # Its log repeats addresses and quotes the server; what a person needs is in our errors.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)
    return paramiko


@contextmanager
def _session(paramiko: Any, url: str, options: PlaceOptions) -> Iterator[Any]:
    parts = urlsplit(url)
    client = paramiko.SSHClient()
    try:
        client.load_system_host_keys(options.config.get("known_hosts"))
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        with closing(client):
            client.connect(
                parts.hostname,
                port=parts.port or 22,
                username=unquote(parts.username or "") or None,
                password=options.config.get("password"),
                key_filename=options.config.get("key_file"),
                timeout=HTTP_TIMEOUT_SECONDS,
                banner_timeout=HTTP_TIMEOUT_SECONDS,
                auth_timeout=HTTP_TIMEOUT_SECONDS,
            )
            yield client.open_sftp()
    except CleanroomError:
        raise
    except FileNotFoundError:
        raise NotFound("CR-D221", "there is no such file or folder on the server", help="check the address") from None
    except (paramiko.AuthenticationException, paramiko.BadHostKeyException, PermissionError):
        raise NotAuthorised(
            "CR-D222", "the server refuses the key or password, or is not the known one", help="check both"
        ) from None
    except paramiko.SSHException as problem:
        # The library has no type of its own for a server that is not among the known hosts.
        if "known_hosts" in str(problem):
            raise NotAuthorised(
                "CR-D222",
                "the server is not among the known hosts",
                help="check its key, then `ssh-keyscan` or `ssh` once",
            ) from None
        raise unreachable("the SFTP server") from None
    except Exception:  # noqa: BLE001 - any foreign error; its text may quote the address
        raise unreachable("the SFTP server") from None
