"""``cleanroom run tables``: everything your member may hold, as one DuckDB file."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, Profile, Url
from api.cli.output import answer, say


def tables(
    out: Annotated[Path, typer.Option("--out", metavar="FILE")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """All released answers as tables for SQL tools. Example: cleanroom run tables --out released.duckdb"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        content = client.bytes_of("/released.duckdb")
    partial = out.with_name(f".{out.name}.partial")
    partial.write_bytes(content)
    partial.replace(out)  # in one step: a tool that has the old file open keeps it
    answer({"file": out.name, "bytes": len(content)}, as_json=as_json, text=lambda: say(f"written to {out.name}"))
