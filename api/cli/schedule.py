"""``cleanroom schedule``: questions that are asked again and again, and how their answers were sent."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from api.cli.options import AsJson, Params, Profile, Url, parameters
from api.cli.output import answer, note, say, table
from cleanroom.errors import UsageProblem

NAME = "schedule"
commands = typer.Typer(help="Answers that come by themselves.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME")]


@commands.command("add")
def add(
    name: Name,
    query: Annotated[str | None, typer.Option("--query", metavar="NAME", help="An approved query.")] = None,
    insight: Annotated[str | None, typer.Option("--insight", metavar="NAME", help="Or an insight.")] = None,
    on_new_data: Annotated[bool, typer.Option("--on-new-data", help="Whenever a dataset it reads changes.")] = False,
    at: Annotated[
        str | None, typer.Option("--at", metavar="WHEN", help="daily 06:00, weekly mon 06:00, monthly 1 06:00 (UTC).")
    ] = None,
    folder: Annotated[str | None, typer.Option("--folder", metavar="NAME", help="Below your member's outbox.")] = None,
    webhook: Annotated[str | None, typer.Option("--webhook", metavar="URL")] = None,
    mail: Annotated[str | None, typer.Option("--mail", metavar="ADDRESS")] = None,
    format_name: Annotated[
        str, typer.Option("--format", metavar="csv|xlsx|parquet|html|pdf|...", help="Of the file.")
    ] = "csv",
    link_only: Annotated[bool, typer.Option("--link-only", help="Send where it is, not the file.")] = False,
    param: Params = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Ask again and again. Dates may move: --param from=@start-of-month-12 --param to=@end-of-month-1.

    Example: cleanroom schedule add monday --query claims-by-model --at "weekly mon 06:00" --folder weekly
    """
    from api.cli.remote import room_client

    if on_new_data == (at is not None):
        raise UsageProblem("CR-S001", "give either --on-new-data or --at", help='for example --at "weekly mon 06:00"')
    channel, address = _destination(folder=folder, webhook=webhook, mail=mail)
    wanted = {
        "name": name,
        "query": query,
        "insight": insight,
        "parameters": parameters(param),
        "cadence": at or "new-data",
        "channel": channel,
        "address": address,
        "format": format_name,
        "sends": "link" if link_only else "file",
    }
    with room_client(profile, url) as client:
        made = client.post("/schedules", wanted)

    def text() -> None:
        say(_sentence(made["schedule"]))
        if made["secret"]:
            note("the secret that verifies its webhooks, shown this once:")
            say(made["secret"])

    answer(made, as_json=as_json, text=text)


@commands.command("list")
def list_schedules(profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """Your member's schedules. Example: cleanroom schedule list"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        views = client.every("/schedules")
    rows = [
        (v["name"], v["subject"], v["words"], f"{v['channel']} {v['address']}", v["owner"], v["state"], v["problem"])
        for v in views
    ]
    heads = ("schedule", "of", "runs", "goes to", "owner", "state", "problem")
    answer(views, as_json=as_json, text=lambda: table(heads, rows))


@commands.command("show")
def show(name: Name, profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """One schedule and its latest deliveries. Example: cleanroom schedule show monday"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        view = client.get(f"/schedules/{name}")
        found = client.every(f"/schedules/{name}/deliveries")
    rows = [
        (d["due_at"], d["state"], d["attempts"], d["unknown_attempts"], d["problem"], d["delivery_id"]) for d in found
    ]

    def text() -> None:
        say(_sentence(view))
        table(("due", "state", "attempts", "unanswered", "problem", "delivery"), rows)

    answer({"schedule": view, "deliveries": found}, as_json=as_json, text=text)


@commands.command("run")
def run(name: Name, profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """Run it now, beside its rhythm. Example: cleanroom schedule run monday"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        view = client.post(f"/schedules/{name}/run")
    answer(view, as_json=as_json, text=lambda: say(f"{view['delivery_id']} {view['state']}"))


@commands.command("pause")
def pause(name: Name, profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """Let it rest. Example: cleanroom schedule pause monday"""
    _moved(name, "pause", profile, url, as_json=as_json)


@commands.command("resume")
def resume(name: Name, profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """Go on from now. Example: cleanroom schedule resume monday"""
    _moved(name, "resume", profile, url, as_json=as_json)


@commands.command("remove")
def remove(name: Name, profile: Profile = None, url: Url = None) -> None:
    """End it, and forget where its answers went. Example: cleanroom schedule remove monday"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        client.delete(f"/schedules/{name}")
    note(f"removed {name}")


def _moved(name: str, verb: str, profile: Profile, url: Url, *, as_json: bool) -> None:
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        view = client.post(f"/schedules/{name}/{verb}")
    answer(view, as_json=as_json, text=lambda: say(_sentence(view)))


def _destination(**given: str | None) -> tuple[str, str]:
    found = [(channel, address) for channel, address in given.items() if address is not None]
    if len(found) != 1:
        raise UsageProblem("CR-S010", "give exactly one of --folder, --webhook and --mail")
    return found[0]


def _sentence(view: Mapping[str, Any]) -> str:
    said = f"{view['name']}: {view['subject']} {view['words']}, {view['format']} to {view['channel']} {view['address']}"
    following = f"; next {view['next_at']}" if view["next_at"] else ""
    problem = f"; not delivered the last time: {view['problem']}" if view["problem"] else ""
    return f"{said} ({view['state']}{following}{problem})"
