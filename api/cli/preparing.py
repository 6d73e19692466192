"""``cleanroom data map`` and ``prepare``: what happens to a file on your own machine, and nowhere else."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson, Contracts, Dataset, MappingFile, Profile, contracts_in
from api.cli.output import answer, bar, findings, note, say
from api.cli.placing import PlaceSettings, Query, files_at, place_options
from api.cli.quality import identifiers_as_json, tell_identifiers
from cleanroom.errors import UsageProblem
from cleanroom.names import DatasetName

if TYPE_CHECKING:
    from cleanroom.contracts.model import Contract


def draft(
    file: Annotated[str, typer.Argument(metavar="FILE|URL")],
    dataset: Dataset,
    contracts: Contracts = None,
    query: Query = None,
    settings: PlaceSettings = None,
) -> None:
    """Draft a mapping from a file, on standard output; what is missing or unclear goes to standard error.

    Example: cleanroom data map orders.csv --dataset sales > sales.mapping.yaml
    """
    from connectors.draft_mapping import draft_mapping

    contract = _contract(dataset, contracts)
    with files_at([file], place_options(query, settings)) as (path, *_):
        drafted = draft_mapping(path, DatasetName(dataset), contract)
    sys.stdout.write(drafted.text)
    for name in drafted.missing:
        note(f"missing: {name}")
    for question in drafted.questions:
        note(f"please decide: {question}")


def prepare(
    files: Annotated[list[str], typer.Argument(metavar="FILE|URL...")],
    dataset: Dataset,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder for the package.")],
    mapping: MappingFile = None,
    contracts: Contracts = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="FILE", help="Your member keys; the profile's if not given.")
    ] = None,
    collaboration: Annotated[
        Path | None,
        typer.Option("--collaboration", metavar="FILE", help="The collaboration key; the profile's if not given."),
    ] = None,
    member: Annotated[
        str | None, typer.Option("--member", metavar="M", help="Your member; the profile's if not given.")
    ] = None,
    query: Query = None,
    settings: PlaceSettings = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Parse, normalise, tokenise and package, on this machine only. Example: cleanroom data prepare orders.csv --dataset sales --mapping sales.mapping.yaml --out package"""
    from api.cli.sending import Sender

    sender = Sender.of(
        profile, keys=keys, collaboration=collaboration, member=member, contracts=contracts_in(contracts)
    )
    with files_at(files, place_options(query, settings)) as paths:
        prepared = sender.prepare(paths, dataset, mapping, out, progress=bar("prepared", "rows"))
    manifest = prepared.manifest
    counts = {
        "read": manifest.rows_read,
        "packaged": manifest.rows.count,
        "rejected": manifest.rows_rejected,
        "skipped": manifest.rows_skipped,
    }
    value = {
        "package": str(prepared.folder),
        "rows": counts,
        "findings": prepared.findings,
        "identifiers": identifiers_as_json(prepared.identifiers),
    }

    def text() -> None:
        findings(prepared.findings)
        say(f"{out.name}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
        if manifest.rows_rejected:
            note(f"rejected rows, with reasons: {out.name}/rejects.csv")
        tell_identifiers(prepared.identifiers)

    answer(value, as_json=as_json, text=text)


def _contract(dataset: str, folder: Path | None) -> "Contract":
    known = contracts_in(folder)
    if DatasetName(dataset) not in known:
        raise UsageProblem("CR-A093", "there is no such record type", help="one of " + ", ".join(sorted(known)))
    return known[DatasetName(dataset)]
