"""The room as files: a consistent copy without its key, a room made from one, and an examination."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.principal import local_operator
from api.room import Room
from api.usecases.log import verify_log
from cleanroom.errors import CleanroomError, Conflict, NotFound, UsageProblem
from cleanroom.state import MemberStatus

_LEAST_FREE_BYTES = 1_000_000_000
_LEFT_OUT = frozenset({"incoming", "spill"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """How much was copied."""

    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    subject: str
    is_good: bool
    says: str


def backup_room(room: Room, to: Path) -> Backup:
    """Copy the room to a new folder: the state first, then vaults, so that every snapshot the state knows is there.

    Uploads under way are left out: their members send them again. The key is never copied.

    Raises:
        Conflict: CR-A030 the folder is not empty. UsageProblem: CR-A096 the state is on a server; back it up there.
    """
    if to.exists() and any(to.iterdir()):
        raise Conflict("CR-A030", "the folder is not empty", help="give a new folder", place=to.name)
    if not (room.folder / "state.db").is_file():
        raise UsageProblem(
            "CR-A096", "the room's state is on a database server", help="back it up there, the vaults here"
        )
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    room.state.copy_to(to / "state.db")
    files = 1
    for source in _files(room.folder):
        target = to / source.relative_to(room.folder)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy2(source, target)
        files += 1
    return Backup(files=files, size_bytes=sum(path.stat().st_size for path in to.rglob("*") if path.is_file()))


def restore_room(source: Path, folder: Path) -> None:
    """Make the room ``folder`` of a backup.

    Raises:
        NotFound: CR-A033 no room in the backup. Conflict: CR-A030 the folder is not empty.
    """
    if not (source / "room.json").is_file():
        raise NotFound("CR-A033", "there is no room in this folder", place=source.name)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict("CR-A030", "the folder is not empty", help="give a new folder", place=folder.name)
    shutil.copytree(source, folder, dirs_exist_ok=True)
    for part in _LEFT_OUT:
        (folder / part).mkdir(mode=0o700, exist_ok=True)


def examine_room(room: Room) -> tuple[Check, ...]:
    """Log, each member's vault, and space; opening the room has healed what a crash left."""
    return tuple(_checks(room))


def _checks(room: Room) -> Iterator[Check]:
    try:
        verified = verify_log(room, local_operator())
        yield Check(subject="log", is_good=True, says=f"{verified.size} entries hold")
    except CleanroomError as error:
        yield Check(subject="log", is_good=False, says=f"{error.code} {error.message}")
    with room.state.read() as tx:
        members = tx.members.all()
        snapshots = tx.snapshots.all()
    for member in members:
        if member.status is not MemberStatus.ACTIVE:
            continue
        newest = max((s.snapshot for s in snapshots if s.member == member.name), default=None)
        try:
            if newest is not None:
                room.vault(member.name).published()
            yield Check(
                subject=f"vault of {member.name}",
                is_good=True,
                says="empty" if newest is None else f"snapshot {newest} is there",
            )
        except CleanroomError as error:
            yield Check(subject=f"vault of {member.name}", is_good=False, says=f"{error.code} {error.message}")
    free = shutil.disk_usage(room.folder).free
    yield Check(subject="space", is_good=free >= _LEAST_FREE_BYTES, says=f"{free:,} bytes free")


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if (
            path.is_file()
            and parts[0] not in _LEFT_OUT
            and not parts[0].startswith("state.db")
            and path.suffix != ".lock"
        ):
            yield path
