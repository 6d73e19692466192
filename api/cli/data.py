"""``cleanroom data``: draft a mapping, prepare a package on your own machine, push it, follow what became of it."""

from collections.abc import Callable

import typer

from api.cli import erase, looking, preparing, pushing, quality, watch

NAME = "data"
_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("map", preparing.draft),
    ("prepare", preparing.prepare),
    ("push", pushing.push),
    ("watch", watch.watch),
    ("erase", erase.erase),
    ("list", looking.list_datasets),
    ("history", looking.history),
    ("show", looking.show),
    ("quality", quality.quality),
    ("quarantine", looking.quarantine),
)

commands = typer.Typer(help="Your data: map, prepare, push, watch, look.", no_args_is_help=True)
for _name, _command in _COMMANDS:
    commands.command(_name)(_command)
