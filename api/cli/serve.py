"""``cleanroom serve`` and ``cleanroom demo``."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, RoomDir, RoomKey, opened
from api.cli.output import note

Host = Annotated[str, typer.Option("--host", metavar="H", help="Address to listen on.")]
Port = Annotated[int, typer.Option("--port", metavar="P", help="Port to listen on.")]


def serve(room: RoomDir, host: Host = "127.0.0.1", port: Port = 8000, key_file: RoomKey = None) -> None:
    """Serve the room: API, pages, workers. Example: cleanroom serve --room room --port 8000"""
    from api.serving import serve_room

    with opened(room, key_file) as here:
        note(f"serving {here.name} at http://{host}:{port}/ (stop with Ctrl-C)")
        serve_room(here, host=host, port=port)


def demo(
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="A new folder for the demo.")] = Path(
        "demo-room"
    ),
    scale: Annotated[float, typer.Option("--scale", help="1 is about 24,000 units sold.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds give equal worlds.")] = 2026,
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the pages at the end.")] = True,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    as_json: AsJson = False,
) -> None:
    """A maker, four retailers, two years of data: upload, approval, queries, insights, compared with the known truth.

    Example: cleanroom demo --dir demo-room --no-serve
    """
    from api.demo.story import run_demo

    raise typer.Exit(run_demo(folder, scale=scale, seed=seed, serve=serving, host=host, port=port, as_json=as_json))
