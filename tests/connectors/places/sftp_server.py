"""A real SFTP server (asyncssh) as a process of its own: one user with a password, one folder as its root.

Run as ``python sftp_server.py FOLDER KNOWN_HOSTS``; prints its port. For tests only.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

USER, PASSWORD = "shop", "zq-canary-password"


@contextmanager
def sftp_server(folder: Path, known_hosts: Path) -> Iterator[str]:
    """The address of a server over ``folder``; its key is written to ``known_hosts``."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder), str(known_hosts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"sftp://{USER}@127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()


class _OneUser(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh calls it by name
        """Everybody signs in."""
        return True

    def password_auth_supported(self) -> bool:
        """With a password."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """The one user."""
        return (username, password) == (USER, PASSWORD)


class _Rooted(asyncssh.SFTPServer):
    root = ""

    def __init__(self, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
        super().__init__(chan, chroot=self.root.encode())


async def _serve(folder: str, known_hosts: str) -> None:
    _Rooted.root = folder
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=_OneUser, server_host_keys=[key], sftp_factory=_Rooted
    )
    port = server.sockets[0].getsockname()[1]
    Path(known_hosts).write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}")  # noqa: ASYNC240 - before anybody connects
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
