"""``cleanroom data``: draft a mapping, prepare a package on your own machine, push it, follow what became of it."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import AsJson, Contracts, Profile, Url, contracts_in
from api.cli.output import answer, findings, note, say, table
from api.cli.quality import identifiers_as_json, quality, tell_identifiers
from cleanroom.errors import NotFound, UsageProblem
from cleanroom.names import DatasetName

if TYPE_CHECKING:
    from cleanroom.contracts.model import Contract

NAME = "data"
commands = typer.Typer(help="Your data: map, prepare, push, watch, look.", no_args_is_help=True)

Dataset = Annotated[str, typer.Option("--dataset", metavar="NAME", help="The record type, for example sales.")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", metavar="M.yaml", help="How outside columns become the contract's.")
]
Mode = Annotated[
    str, typer.Option("--mode", metavar="append|upsert|replace", help="How rows meet those already there.")
]
Period = Annotated[str | None, typer.Option("--period", metavar="2026-01", help="The period that replace replaces.")]


@commands.command("map")
def draft(file: Annotated[Path, typer.Argument(metavar="FILE")], dataset: Dataset, contracts: Contracts = None) -> None:
    """Draft a mapping from a file, on standard output; what is missing or unclear goes to standard error.

    Example: cleanroom data map orders.csv --dataset sales > sales.mapping.yaml
    """
    from connectors.draft_mapping import draft_mapping

    contract = _contract(dataset, contracts)
    drafted = draft_mapping(_existing(file), DatasetName(dataset), contract)
    sys.stdout.write(drafted.text)
    for name in drafted.missing:
        note(f"missing: {name}")
    for question in drafted.questions:
        note(f"please decide: {question}")


@commands.command("prepare")
def prepare(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
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
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Parse, normalise, tokenise and package, on this machine only. Example: cleanroom data prepare orders.csv --dataset sales --mapping sales.mapping.yaml --out package"""
    from api.cli.sending import Sender

    sender = Sender.of(
        profile, keys=keys, collaboration=collaboration, member=member, contracts=contracts_in(contracts)
    )
    prepared = sender.prepare(
        [_existing(file) for file in files], dataset, mapping, out, progress=_bar("prepared", "rows")
    )
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


@commands.command("push")
def push(
    files: Annotated[list[Path], typer.Argument(metavar="PACKAGE|FILE...")],
    dataset: Dataset,
    mapping: MappingFile = None,
    mode: Mode = "append",
    period: Period = None,
    contracts: Contracts = None,
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
    receipts = []
    for path in files:
        _existing(path)
        receipt = sender.push(
            path, dataset, mapping, mode=mode, period=period, url=url, wait=wait, progress=_bar("sent", "bytes")
        )
        receipts.append(receipt)
        if not as_json:
            say(_receipt_line(path.name, receipt))
    if as_json:
        say(json.dumps(receipts if len(receipts) > 1 else receipts[0], ensure_ascii=False))


@commands.command("watch")
def watch(
    place: Annotated[str, typer.Argument(metavar="DIR|URL")],
    dataset: Dataset,
    mapping: MappingFile = None,
    mode: Mode = "upsert",
    contracts: Contracts = None,
    profile: Profile = None,
    url: Url = None,
    once: Annotated[bool, typer.Option("--once", help="Take what is there now and end.")] = False,
    seconds: Annotated[float, typer.Option("--every", metavar="SECONDS", help="How often to look.")] = 30.0,
) -> None:
    """Send each new file once, as it appears, with a receipt beside it. Example: cleanroom data watch feeds/ --dataset sales --mapping sales.mapping.yaml"""
    from api.cli.watching import watch_place

    watch_place(
        place,
        dataset,
        mapping,
        mode=mode,
        contracts=contracts_in(contracts),
        profile=profile,
        url=url,
        once=once,
        every_seconds=seconds,
    )


@commands.command("erase")
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


@commands.command("list")
def list_datasets(profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """The datasets you hold and may ask about. Example: cleanroom data list"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        views = client.every("/datasets")
    rows = [(v["member"], v["dataset"], v["data_date"], v["snapshot"]) for v in views]
    answer(views, as_json=as_json, text=lambda: table(("member", "dataset", "data up to", "snapshot"), rows))


@commands.command("history")
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


@commands.command("show")
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


commands.command("quality")(quality)


@commands.command("quarantine")
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


def _receipt_line(name: str, view: dict[str, Any]) -> str:
    """``drop.csv: committed (3,108 inserted, 1 skipped; 2 findings)``; without a receipt yet, the state and the upload."""
    signed = view.get("receipt")
    if not isinstance(signed, dict):
        return f"{name}: {view['state']} (upload {view['upload_id']})"
    receipt = signed["receipt"]
    counts = [(count, what) for what, count in receipt["counts"].items() if count and what != "rows"]
    left_out = [(count, reason) for reason, count in receipt["skipped"]]
    said = ", ".join(f"{count:,} {what}" for count, what in (*counts, *left_out)) or "no rows"
    found = len(receipt["findings"])
    more = f"; {found} findings: `cleanroom data quality {view['upload_id']}`" if found else ""
    return f"{name}: {view['state']} ({said}{more})"


def _bar(word: str, unit: str) -> Callable[[int, int | None], None]:
    """Progress on standard error, only on a terminal, at most ten times a second."""
    if not sys.stderr.isatty():
        return lambda _done, _total: None
    shown = [datetime.min.replace(tzinfo=UTC)]

    def show(done: int, total: int | None) -> None:
        now = datetime.now(UTC)
        if (now - shown[0]).total_seconds() < 0.1 and done != total:
            return
        shown[0] = now
        of = f" of {total:,} ({100 * done // max(1, total)} %)" if total else ""
        sys.stderr.write(f"\r{word} {done:,}{of} {unit}   ")
        if done == total:
            sys.stderr.write("\n")

    return show


def _existing(path: Path) -> Path:
    if not path.exists():
        raise NotFound("CR-A080", "no such file or folder", place=path.name)
    return path


def _contract(dataset: str, folder: Path | None) -> "Contract":
    known = contracts_in(folder)
    if DatasetName(dataset) not in known:
        raise UsageProblem("CR-A093", "there is no such record type", help="one of " + ", ".join(sorted(known)))
    return known[DatasetName(dataset)]
