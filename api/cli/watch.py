"""``cleanroom data watch``: the command; ``watching`` does it."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, Contracts, Dataset, MappingFile, Mode, Profile, Url, contracts_in
from api.cli.placing import PlaceSettings, Query, place_options


def watch(
    place: Annotated[str, typer.Argument(metavar="DIR|URL")],
    dataset: Dataset,
    mapping: MappingFile = None,
    mode: Mode = "upsert",
    contracts: Contracts = None,
    query: Query = None,
    settings: PlaceSettings = None,
    receipts: Annotated[
        Path | None,
        typer.Option("--receipts", metavar="DIR", help="Where receipts lie, instead of beside the files."),
    ] = None,
    done: Annotated[
        Path | None, typer.Option("--done", metavar="DIR", help="Where finished files move to, with their receipts.")
    ] = None,
    profile: Profile = None,
    url: Url = None,
    once: Annotated[bool, typer.Option("--once", help="Take what is there now and end.")] = False,
    seconds: Annotated[float, typer.Option("--every", metavar="SECONDS", help="How often to look.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Send each new file once, as it appears, with a receipt beside it.

    Example: cleanroom data watch feeds/ --dataset sales --mapping sales.mapping.yaml
    """
    from api.cli.watching import Feed, take_once, watch_on

    feed = Feed(
        place=place,
        options=place_options(query, settings),
        dataset=dataset,
        mapping=mapping,
        mode=mode,
        receipts=receipts,
        done=done,
        contracts=contracts_in(contracts),
        profile=profile,
        url=url,
        as_json=as_json,
    )
    if once:
        take_once(feed)
    else:
        watch_on(feed, every_seconds=seconds)
