"""Options that many commands share, as annotated types, and what opens them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cleanroom.errors import NotFound, UsageProblem
from cleanroom.names import DatasetName

if TYPE_CHECKING:
    from api.room import Room
    from cleanroom.contracts.model import Contract
    from policies.model import DataPolicy

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
RoomDir = Annotated[Path, typer.Option("--room", metavar="DIR", help="The room's folder.", envvar="CLEANROOM_ROOM")]
RoomKey = Annotated[
    Path | None, typer.Option("--key-file", metavar="FILE", help="The room's key; DIR.key if not given.")
]
Contracts = Annotated[
    Path | None, typer.Option("--contracts", metavar="DIR", help="Contracts that extend the shipped ones.")
]
Policies = Annotated[Path | None, typer.Option("--policies", metavar="DIR", help="A folder of data policies (YAML).")]
Params = Annotated[
    list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A parameter; repeat for more.")
]
Dataset = Annotated[str, typer.Option("--dataset", metavar="NAME", help="The record type, for example sales.")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", metavar="M.yaml", help="How outside columns become the contract's.")
]
Mode = Annotated[
    str, typer.Option("--mode", metavar="append|upsert|replace", help="How rows meet those already there.")
]
Profile = Annotated[
    Path | None,
    typer.Option(
        "--profile-file", metavar="FILE", help="The stored profile of `cleanroom login`.", envvar="CLEANROOM_PROFILE"
    ),
]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="The room's address, instead of the profile's.", envvar="CLEANROOM_URL"),
]
SigningKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--signing-key", metavar="FILE", help="Sign with this key instead of the member's: where two persons must."
    ),
]


def today() -> date:
    """The day of this command; the one place where the CLI looks at the clock for a date."""
    return datetime.now(UTC).date()


@contextmanager
def opened(folder: Path, key_file: Path | None) -> Iterator["Room"]:
    """The room in ``folder``, closed again at the end."""
    from api.room import Room

    with Room.open(folder, key_file=key_file) as room:
        yield room


def contracts_in(folder: Path | None) -> Mapping[DatasetName, "Contract"]:
    """The shipped contracts, extended by those in ``folder``."""
    from cleanroom.contracts import load_contracts, shipped_contracts

    if folder is None:
        return shipped_contracts()
    return load_contracts(_existing(folder))


def policies_in(folder: Path | None) -> tuple["DataPolicy", ...]:
    """Every policy in ``folder`` (all ``*.yaml`` and ``*.yml`` below it, by path); the newest version of each.

    Raises:
        PolicyRefused: any of them does not load.
    """
    from policies.load import load_policy

    if folder is None:
        return ()
    newest: dict[tuple[str, str], DataPolicy] = {}
    for path in yaml_files([folder]):
        policy = load_policy(path.read_bytes(), place=path.name)
        have = newest.get((policy.member, policy.dataset))
        if have is None or have.version < policy.version:
            newest[policy.member, policy.dataset] = policy
    return tuple(newest[key] for key in sorted(newest))


def yaml_files(places: Sequence[Path]) -> list[Path]:
    """The files among ``places`` and the YAML files below its folders, in order."""
    found: list[Path] = []
    for place in places:
        if _existing(place).is_dir():
            found += sorted(path for path in place.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file())
        else:
            found.append(place)
    return found


def parameters(given: Sequence[str] | None) -> dict[str, str]:
    """``["from=2026-01-01"]`` as a mapping.

    Raises:
        UsageProblem: CR-A081 one has no ``=`` or stands twice.
    """
    values: dict[str, str] = {}
    for item in given or ():
        name, equals, value = item.partition("=")
        if not equals or not name or name in values:
            raise UsageProblem("CR-A081", "a parameter is written NAME=VALUE and given once")
        values[name] = value
    return values


def read_text(source: str) -> bytes:
    """The bytes of a file, or of standard input for ``-``."""
    import sys

    if source == "-":
        return sys.stdin.buffer.read()
    return _existing(Path(source)).read_bytes()


def _existing(path: Path) -> Path:
    if not path.exists():
        raise NotFound("CR-A080", "no such file or folder", place=path.name)
    return path
