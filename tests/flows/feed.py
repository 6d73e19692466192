"""A served room and a retailer's machine: the real HTTP server on loopback, the real command line, real key files."""

import contextlib
import io
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from api.cli.main import main
from api.principal import local_operator
from api.room import Room
from api.serving import quiet, served
from api.usecases.members import add_member, register_keys
from api.usecases.people import add_user, issue_key, principal_of_user
from cleanroom.client.profile import Profile, save_profile
from cleanroom.crypto import CollaborationKey, MemberKeys
from cleanroom.names import MemberName
from cleanroom.state import MemberKind, UserRole
from cleanroom.vault import attach_lake, load_lake_extensions

Receipt = dict[str, object]
CHANGES = ("inserted", "changed", "unchanged", "duplicate", "quarantined", "removed")


@dataclass(frozen=True)
class Feed:
    """One retailer, ``harbor``, in a served room. ``folder`` is its machine."""

    folder: Path
    room: Room
    url: str

    def cli(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        """Run a command as the retailer would; exit code, standard output and error."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        before = sys.stdin
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()))
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main([*arguments])
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        finally:
            sys.stdin = before
        return code, out.getvalue(), err.getvalue()

    def push(self, path: Path, mapping: Path, mode: str = "upsert", dataset: str = "sales") -> Receipt:
        """Push one file and return what its receipt says."""
        how = ("--dataset", dataset, "--mapping", str(mapping), "--mode", mode, "--json")
        code, out, err = self.cli("data", "push", str(path), *how, *self.profile)
        assert code == 0, err
        found: Receipt = json.loads(out)["receipt"]["receipt"]
        return found

    @property
    def profile(self) -> tuple[str, str]:
        """The option that names the stored profile."""
        return "--profile-file", str(self.folder / "profile.json")

    def query(self, sql: str, member: str = "harbor") -> list[tuple[object, ...]]:
        """A query over the member's vault as it is now, attached as ``h``."""
        with duckdb.connect() as connection:
            load_lake_extensions(connection)
            attach_lake(connection, self.room.vault(MemberName(member)).published(), alias="h")
            return connection.execute(sql).fetchall()


@contextmanager
def feed(folder: Path) -> Iterator[Feed]:
    """A new room with one retailer whose profile is stored, served while the block lasts."""
    quiet()
    with Room.create(folder / "room", name="pier") as room, served(room) as url:
        join_retailer(room, folder, url)
        yield Feed(folder, room, url)


def join_retailer(room: Room, folder: Path, url: str) -> None:
    """``harbor`` joins ``room``; its keys and the profile of its uploader ``mia``, who reaches ``url``, lie in ``folder``."""
    operator = local_operator()
    add_member(room, operator, "harbor", MemberKind.RETAILER)
    add_user(room, operator, "mia", member="harbor", roles=[UserRole.UPLOADER, UserRole.STEWARD])
    keys = MemberKeys.generate(secrets.token_bytes)
    register_keys(room, principal_of_user(room, "mia"), keys.public.to_text())
    keys.save(folder / "harbor.key")
    CollaborationKey.generate(secrets.token_bytes).save(folder / "shared.key")
    stored = Profile(
        url=url,
        member=MemberName("harbor"),
        api_key=issue_key(room, operator, "mia").clear,
        member_keys=folder / "harbor.key",
        collaboration_key=folder / "shared.key",
    )
    save_profile(stored, folder / "profile.json")


def changed_rows(receipt: Receipt) -> dict[str, int]:
    """The counts of a receipt that are not zero."""
    counts = receipt["counts"]
    assert isinstance(counts, dict)
    return {name: counts[name] for name in CHANGES if counts[name]}
