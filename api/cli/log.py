"""``cleanroom log``: read it, verify it, take a checkpoint away. With ``--room`` at the console, else over HTTP."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, Profile, RoomKey, Url, opened
from api.cli.output import answer, note, plain, say, table

NAME = "log"
commands = typer.Typer(help="The room's log: list, verify, checkpoint.", no_args_is_help=True)

AtRoom = Annotated[
    Path | None,
    typer.Option("--room", metavar="DIR", help="The room's folder; over HTTP if not given.", envvar="CLEANROOM_ROOM"),
]


@commands.command("list")
def list_log(
    after: Annotated[int, typer.Option("--after", metavar="N", help="Entries after this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", metavar="N")] = 100,
    room: AtRoom = None,
    key_file: RoomKey = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Who did what when, as ids, counts and digests. Example: cleanroom log list --room room"""
    if room is not None:
        from api.principal import local_operator
        from api.usecases.log import list_log as entries_of

        with opened(room, key_file) as here:
            entries = [plain(entry) for entry in entries_of(here, local_operator(), after=after, limit=limit)]
    else:
        from api.cli.remote import room_client

        with room_client(profile, url) as client:
            entries = list(client.get("/log", cursor=str(after), limit=str(limit))["items"])
    rows = [(e["seq"], e["at"], e["actor"], e["kind"], json.dumps(e["subject"])) for e in entries]  # type: ignore[index]
    answer(entries, as_json=as_json, text=lambda: table(("no", "at", "who", "what", "subject"), rows))


@commands.command("verify")
def verify(
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", metavar="FILE", help="A checkpoint taken earlier.")
    ] = None,
    room: AtRoom = None,
    key_file: RoomKey = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Check that nothing was rewritten: the chain, the state beside it, and a checkpoint. Exits with 1 if not.

    Example: cleanroom log verify --room room --checkpoint kept.json
    """
    given = None if checkpoint is None else checkpoint.read_text("utf-8")
    if room is not None:
        from api.principal import local_operator
        from api.usecases.log import verify_log

        with opened(room, key_file) as here:
            found = plain(verify_log(here, local_operator(), given))
    else:
        from api.cli.remote import room_client

        with room_client(profile, url) as client:
            found = client.post("/log/verify", {"checkpoint": given})
    answer(found, as_json=as_json, text=lambda: say(f"the log holds: {found['size']} entries, head {found['head']}"))  # type: ignore[index]


@commands.command("checkpoint")
def take(
    out: Annotated[Path, typer.Argument(metavar="FILE")],
    room: AtRoom = None,
    key_file: RoomKey = None,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """A signed statement of what the log is now; keep it outside the room. Example: cleanroom log checkpoint kept.json --room room"""
    if room is not None:
        from api.principal import local_operator
        from api.usecases.log import take_checkpoint

        with opened(room, key_file) as here:
            text = take_checkpoint(here, local_operator()).to_text()
    else:
        from api.cli.remote import room_client

        with room_client(profile, url) as client:
            text = json.dumps(client.get("/log/checkpoint"))
    out.write_text(text, "utf-8")
    note(f"written to {out.name}")
