"""``cleanroom member``: who is in the room; the operator's, at the room's own console."""

from typing import Annotated

import typer

from api.cli.options import AsJson, RoomDir, RoomKey, opened
from api.cli.output import answer, say, table
from cleanroom.errors import UsageProblem

NAME = "member"
commands = typer.Typer(help="Members of a room.", no_args_is_help=True)


@commands.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    kind: Annotated[str, typer.Option("--kind", metavar="retailer|manufacturer|servicer")],
    room: RoomDir,
    key_file: RoomKey = None,
    as_json: AsJson = False,
) -> None:
    """Admit a member and make its empty, encrypted vault. Example: cleanroom member add harbor --kind retailer --room room"""
    from api.principal import local_operator
    from api.usecases.members import add_member
    from cleanroom.state import MemberKind

    try:
        wanted = MemberKind(kind)
    except ValueError:
        raise UsageProblem("CR-A089", "a kind is retailer, manufacturer or servicer") from None
    with opened(room, key_file) as here:
        view = add_member(here, local_operator(), name, wanted)
    answer(view, as_json=as_json, text=lambda: say(f"added {view.name} ({view.kind})"))


@commands.command("list")
def list_members(room: RoomDir, key_file: RoomKey = None, as_json: AsJson = False) -> None:
    """All members. Example: cleanroom member list --room room"""
    from api.usecases.members import list_members as every

    with opened(room, key_file) as here:
        views = every(here)
    rows = [(v.name, v.kind, v.status, "yes" if v.public_keys else "no") for v in views]
    answer(views, as_json=as_json, text=lambda: table(("member", "kind", "status", "has keys"), rows))


@commands.command("remove")
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    room: RoomDir,
    key_file: RoomKey = None,
    as_json: AsJson = False,
) -> None:
    """Destroy a member's key and files: its data is unreadable from then on. Example: cleanroom member remove harbor --room room"""
    from api.principal import local_operator
    from api.usecases.members import remove_member

    with opened(room, key_file) as here:
        remove_member(here, local_operator(), name)
    answer({"removed": name}, as_json=as_json, text=lambda: say(f"removed {name}; its data can no longer be read"))
