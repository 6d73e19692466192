"""``cleanroom data list|history|show|quarantine``: what the room holds of yours."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, Profile, Url
from api.cli.output import answer, say, table


def list_datasets(profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """The datasets you hold and may ask about. Example: cleanroom data list"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        views = client.every("/datasets")
    rows = [(v["member"], v["dataset"], v["data_date"], v["snapshot"]) for v in views]
    answer(views, as_json=as_json, text=lambda: table(("member", "dataset", "data up to", "snapshot"), rows))


def history(
    dataset: Annotated[str, typer.Argument(metavar="DATASET")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """The commits of one of your datasets. Example: cleanroom data history sales"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        views = client.every(f"/datasets/{dataset}/snapshots")
    names = ("inserted", "changed", "unchanged", "removed")
    rows = [
        (v["snapshot"], v["committed_at"], v["data_date"], *(v["counts"].get(name, 0) for name in names)) for v in views
    ]
    answer(views, as_json=as_json, text=lambda: table(("snapshot", "committed", "data up to", *names), rows))


def show(
    upload: Annotated[str, typer.Argument(metavar="UPLOAD")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """One upload: its state and its receipt. Example: cleanroom data show 01J..."""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        view = client.get(f"/uploads/{upload}")
    if isinstance(view.get("receipt"), str):
        view["receipt"] = json.loads(view["receipt"])
    answer(view, as_json=as_json, text=lambda: say(json.dumps(view, indent=1, ensure_ascii=False)))


def quarantine(
    upload: Annotated[str, typer.Argument(metavar="UPLOAD")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE")] = None,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Row numbers and reasons of the rows that were held back, as CSV. Example: cleanroom data quarantine 01J... --out held.csv"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        content = client.bytes_of(f"/uploads/{upload}/quarantine")
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        out.write_bytes(content)
