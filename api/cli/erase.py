"""``cleanroom data erase``: people leave all your data, and stay out."""

import sys
from typing import Annotated

import typer

from api.cli.options import AsJson, Contracts, Profile, Url, contracts_in
from api.cli.output import answer, table


def erase(
    kind: Annotated[str, typer.Option("--kind", metavar="email|phone|serial", help="What the lines are.")] = "email",
    region: Annotated[
        str | None, typer.Option("--region", metavar="GB", help="Country of phones written without one.")
    ] = None,
    purge: Annotated[
        bool, typer.Option("--purge", help="Also take the rows off the disk now; gives up your data's history.")
    ] = False,
    contracts: Contracts = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Take people out of all your data, and keep later files from bringing them back.

    Identifiers come on standard input, one a line, and become tokens on this machine: none leaves it. Example:
    cleanroom data erase --kind email < to-forget.txt
    """
    from api.cli.erasing import erase_lines

    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    removed = erase_lines(
        sys.stdin, contracts_in(contracts), kind=kind, region=region, purging=purge, profile=profile, url=url
    )
    rows = sorted(removed.items())
    answer({"removed": removed}, as_json=as_json, text=lambda: table(("dataset", "rows removed"), rows))
