"""``cleanroom room``: make, back up, restore and examine a room, at its own console."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, RoomKey, opened
from api.cli.output import answer, say, table

NAME = "room"
commands = typer.Typer(help="Make and keep a room.", no_args_is_help=True)

Dir = Annotated[Path, typer.Argument(metavar="DIR")]


@commands.command("init")
def init(
    folder: Dir,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Lower-case letters, digits, _ and -.")],
    floor: Annotated[int, typer.Option("--floor", help="Least minimum_units any policy may set; at least 10.")] = 10,
    key_file: RoomKey = None,
    as_json: AsJson = False,
) -> None:
    """Make an empty room, and its key beside it. Example: cleanroom room init room --name durable"""
    from api.room import Room

    with Room.create(folder, name=name, floor=floor, key_file=key_file) as room:
        value = {"name": room.name, "floor": room.floor, "verify_key": room.verify_key.to_text()}
    kept = key_file or folder.with_name(folder.name + ".key")
    answer(
        value,
        as_json=as_json,
        text=lambda: say(
            f"room {name} made; keep {kept.name} safe and apart: without it nothing in the room can be read"
        ),
    )


@commands.command("backup")
def backup(
    folder: Dir, to: Annotated[Path, typer.Argument(metavar="TO")], key_file: RoomKey = None, as_json: AsJson = False
) -> None:
    """Copy the room, consistent and still encrypted, without its key. Example: cleanroom room backup room room-backup"""
    from api.usecases.backup import backup_room

    with opened(folder, key_file) as room:
        made = backup_room(room, to)
    answer(
        made,
        as_json=as_json,
        text=lambda: say(f"{made.files} files, {made.size_bytes:,} bytes in {to.name}; the key is not among them"),
    )


@commands.command("restore")
def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM")],
    folder: Dir,
    key_file: RoomKey = None,
    as_json: AsJson = False,
) -> None:
    """Make a room of a backup and verify it with its key. Example: cleanroom room restore room-backup room --key-file room.key"""
    from api.usecases.backup import restore_room

    restore_room(source, folder)
    with opened(folder, key_file) as room:
        value = {"name": room.name}
    answer(value, as_json=as_json, text=lambda: say(f"room {value['name']} restored"))


@commands.command("doctor")
def doctor(folder: Dir, key_file: RoomKey = None, as_json: AsJson = False) -> None:
    """Open, heal and examine a room: log, vaults, space. Exits with 1 if anything is wrong. Example: cleanroom room doctor room"""
    from api.usecases.backup import examine_room

    with opened(folder, key_file) as room:
        checks = examine_room(room)
    rows = [(check.subject, "ok" if check.is_good else "WRONG", check.says) for check in checks]
    answer(checks, as_json=as_json, text=lambda: table(("what", "state", "says"), rows))
    raise typer.Exit(0 if all(check.is_good for check in checks) else 1)
