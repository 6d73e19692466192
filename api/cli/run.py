"""``cleanroom run``: runs of your member, and the releases they ended in."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, Profile, Url
from api.cli.output import answer, note, say, table

NAME = "run"
commands = typer.Typer(help="Runs and their releases.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(metavar="RUN")]


@commands.command("list")
def list_runs(profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """Your member's runs, newest first. Example: cleanroom run list"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        views = client.every("/runs")
    rows = [
        (v["run_id"], v["state"], v["template_id"] or "ad hoc", v["user"], v["created_at"], v["release_id"], _age(v))
        for v in views
    ]
    names = ("run", "state", "query", "user", "asked", "release", "data")
    answer(views, as_json=as_json, text=lambda: table(names, rows))


@commands.command("show")
def show(run: RunId, profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """One run; why it was refused, if it was. Example: cleanroom run show 01J..."""
    from api.cli.output import violations
    from api.cli.remote import room_client
    from cleanroom.client.remote import violations_of

    with room_client(profile, url) as client:
        view = client.get(f"/runs/{run}")

    def text() -> None:
        say(
            f"{view['run_id']} {view['state']} ({view['progress']} %), {view['template_id'] or 'ad hoc'} by {view['user']}"
        )
        problem = view.get("problem")
        if problem:
            say(f"{problem['code']} {problem['message']}")
            violations(violations_of(problem.get("violations", [])))

    answer(view, as_json=as_json, text=text)


@commands.command("cancel")
def cancel(run: RunId, profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """Ask a run to stop. Example: cleanroom run cancel 01J..."""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        view = client.post(f"/runs/{run}/cancel")
    answer(view, as_json=as_json, text=lambda: say(f"{view['run_id']} {view['state']}"))


@commands.command("download")
def download(
    run: RunId,
    format_name: Annotated[
        str, typer.Option("--format", metavar="csv|parquet|xlsx|arrow|json|pdf|html|svg|png")
    ] = "csv",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE")] = None,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """The release a run ended in. Example: cleanroom run download 01J... --format xlsx --out answer.xlsx"""
    from api.cli.remote import room_client
    from cleanroom.errors import NotFound

    with room_client(profile, url) as client:
        view = client.get(f"/runs/{run}")
        if not view["release_id"]:
            raise NotFound("CR-A097", "this run has no release", help="`cleanroom run show` says why")
        content = client.bytes_of(f"/releases/{view['release_id']}", format=format_name)
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        out.write_bytes(content)
        note(f"written to {out.name}")
    if view["rests_on_older_data"]:
        note("there are newer data since this answer; ask again for one on them")


def _age(view: Mapping[str, object]) -> str:
    """Of a run that ended in a release: whether the data behind it are the newest."""
    if not view["release_id"]:
        return ""
    return "newer since" if view["rests_on_older_data"] else "newest"
