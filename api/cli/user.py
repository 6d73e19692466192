"""``cleanroom user``: people of members; an API key is printed once."""

from typing import Annotated

import typer

from api.cli.options import AsJson, RoomDir, RoomKey, opened
from api.cli.output import answer, say, table
from cleanroom.errors import UsageProblem

NAME = "user"
commands = typer.Typer(help="People of a member.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME")]


@commands.command("add")
def add(
    name: Name,
    member: Annotated[str, typer.Option("--member", metavar="M")],
    role: Annotated[
        list[str], typer.Option("--role", metavar="uploader|analyst|steward|auditor|operator", help="Repeat for more.")
    ],
    room: RoomDir,
    key_file: RoomKey = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a password for the pages.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person and print their API key, this once. Example: cleanroom user add mia --member harbor --role uploader --room room"""
    from api.principal import local_operator
    from api.usecases.people import add_user, issue_key
    from cleanroom.state import UserRole

    try:
        roles = [UserRole(item) for item in role]
    except ValueError:
        raise UsageProblem("CR-A089", "a role is uploader, analyst, steward, auditor or operator") from None
    secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    with opened(room, key_file) as here:
        who = local_operator()
        view = add_user(here, who, name, member=member, roles=roles, password=secret)
        key = issue_key(here, who, name)
    value = {"name": view.name, "member": view.member, "roles": view.roles, "key_id": key.key_id, "api_key": key.clear}
    answer(value, as_json=as_json, text=lambda: say(key.clear))


@commands.command("key")
def new_key(name: Name, room: RoomDir, key_file: RoomKey = None, as_json: AsJson = False) -> None:
    """Make a further API key for a person and print it, this once. Example: cleanroom user key mia --room room"""
    from api.principal import local_operator
    from api.usecases.people import issue_key

    with opened(room, key_file) as here:
        key = issue_key(here, local_operator(), name)
    answer({"key_id": key.key_id, "api_key": key.clear}, as_json=as_json, text=lambda: say(key.clear))


@commands.command("password")
def set_password(name: Name, room: RoomDir, key_file: RoomKey = None) -> None:
    """Set a person's password for the pages. Example: cleanroom user password mia --room room"""
    from api.principal import local_operator
    from api.usecases.people import set_password as change

    secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with opened(room, key_file) as here:
        change(here, local_operator(), name, secret)
    say(f"the password of {name} is set")


@commands.command("revoke")
def revoke(name: Name, room: RoomDir, key_file: RoomKey = None, as_json: AsJson = False) -> None:
    """Take everything away from a person, at once. Example: cleanroom user revoke mia --room room"""
    from api.principal import local_operator
    from api.usecases.people import revoke_user

    with opened(room, key_file) as here:
        revoke_user(here, local_operator(), name)
    answer({"revoked": name}, as_json=as_json, text=lambda: say(f"revoked {name}"))


@commands.command("list")
def list_users(room: RoomDir, key_file: RoomKey = None, as_json: AsJson = False) -> None:
    """All people. Example: cleanroom user list --room room"""
    from api.principal import local_operator
    from api.usecases.people import list_users as every

    with opened(room, key_file) as here:
        views = every(here, local_operator())
    rows = [(v.name, v.member, ", ".join(v.roles), "yes" if v.revoked_at else "no") for v in views]
    answer(views, as_json=as_json, text=lambda: table(("user", "member", "roles", "revoked"), rows))
