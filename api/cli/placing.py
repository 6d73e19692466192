"""What is named on the command line, a path or an address -> files on this machine, for as long as a block lasts."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cleanroom.errors import NotFound

if TYPE_CHECKING:
    from connectors.places import PlaceOptions

Query = Annotated[
    str | None, typer.Option("--query", metavar="SQL|@FILE", help="What to ask, where the address is a database.")
]
PlaceSettings = Annotated[
    Path | None,
    typer.Option(
        "--place-settings", metavar="FILE.yaml", help="Keys, password, query of the address; readable by you alone."
    ),
]


def place_options(query: str | None, settings: Path | None) -> "PlaceOptions":
    """How addresses are reached. ``query`` is SQL, or ``@`` and the file that holds it.

    Raises:
        NotFound: CR-A080 no such file. UsageProblem: CR-D232 settings that others may read, or that are none.
    """
    from connectors.places import PlaceOptions
    from connectors.places.settings import load_settings

    known = dict(load_settings(existing(settings))) if settings is not None else {}
    stored = known.pop("query", None)
    if query is not None and query.startswith("@"):
        query = existing(Path(query[1:])).read_text("utf-8")
    return PlaceOptions(query=query or stored, config=known)


@contextmanager
def files_at(places: Sequence[str], options: "PlaceOptions") -> Iterator[list[Path]]:
    """The files at paths and addresses, in the order given; remote ones as copies that are removed at the end.

    Raises:
        NotFound: CR-A080 no such file. CleanroomError: whatever a place refuses (CR-D220 to CR-D228).
    """
    from connectors.places import locate

    with ExitStack() as copies:
        found: list[Path] = []
        for place in places:
            if "://" in place:
                found += (copies.enter_context(item.as_path(options.scratch)) for item in locate(place, options))
            else:
                found.append(existing(Path(place)))
        if not found:
            raise NotFound("CR-D221", "no file is there", help="check the address")
        yield found


def existing(path: Path) -> Path:
    """``path``; NotFound CR-A080 if there is nothing."""
    if not path.exists():
        raise NotFound("CR-A080", "no such file or folder", place=path.name)
    return path
