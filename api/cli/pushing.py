"""``cleanroom data push``: packages or files go to the room, and each receipt is told."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson, Contracts, Dataset, MappingFile, Mode, Profile, Url, contracts_in
from api.cli.output import bar, fail, say
from api.cli.placing import PlaceSettings, Query, files_at, place_options
from cleanroom.errors import DataRefused

if TYPE_CHECKING:
    from cleanroom.client.remote import Json

Period = Annotated[str | None, typer.Option("--period", metavar="2026-01", help="The period that replace replaces.")]


def push(
    files: Annotated[list[str], typer.Argument(metavar="PACKAGE|FILE|URL...")],
    dataset: Dataset,
    mapping: MappingFile = None,
    mode: Mode = "append",
    period: Period = None,
    contracts: Contracts = None,
    query: Query = None,
    settings: PlaceSettings = None,
    profile: Profile = None,
    url: Url = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the receipt.")] = True,
    as_json: AsJson = False,
) -> None:
    """Send a package (or prepare files and send them) and show the receipt. A torn upload goes on where it stands.

    Example: cleanroom data push orders.csv --dataset sales --mapping sales.mapping.yaml --mode upsert
    """
    from api.cli.sending import Sender

    sender = Sender.of(profile, contracts=contracts_in(contracts))
    receipts: list[Json] = []
    refused: list[DataRefused] = []
    with files_at(files, place_options(query, settings)) as paths:
        for path in paths:
            try:
                receipt = sender.push(
                    path, dataset, mapping, mode=mode, period=period, url=url, wait=wait, progress=bar("sent", "bytes")
                )
            except DataRefused as refusal:
                # One bad file keeps no other back; the exit code tells at the end.
                refusal.place = refusal.place if refusal.place.startswith(path.name) else path.name
                refused.append(refusal)
                if len(paths) > 1:
                    fail(refusal, as_json=as_json)
                continue
            receipts.append(receipt)
            if not as_json:
                say(f"{path.name}: {receipt['state']} {counts_of(receipt)}")
        if as_json and receipts:
            say(json.dumps(receipts if len(paths) > 1 else receipts[0], ensure_ascii=False))
        if refused:
            raise refused[0] if len(paths) == 1 else _several(len(refused), len(paths))


def counts_of(view: "Json") -> str:
    """``(3,108 inserted, 1 skipped; 2 findings: ...)``; without a receipt yet, the upload."""
    signed = view.get("receipt")
    if not isinstance(signed, dict):
        return f"(upload {view['upload_id']})"
    receipt = signed["receipt"]
    counts = [(count, what) for what, count in receipt["counts"].items() if count and what != "rows"]
    left_out = [(count, reason) for reason, count in receipt["skipped"]]
    said = ", ".join(f"{count:,} {what}" for count, what in (*counts, *left_out)) or "no rows"
    found = len(receipt["findings"])
    more = f"; {found} finding{'s' if found > 1 else ''}: `cleanroom data quality {view['upload_id']}`" if found else ""
    return f"({said}{more})"


def _several(refused: int, files: int) -> DataRefused:
    others = "; the others are in" if refused < files else ""
    return DataRefused("CR-A111", f"{refused} of {files} files were refused", help=f"the reasons are above{others}")
