"""``cleanroom policy``: check on plain folders; submit, approve, list, show, compare in the room."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson, Contracts, Profile, SigningKeyFile, Url, contracts_in, read_text, today, yaml_files
from api.cli.output import answer, plain, say, table, violations
from cleanroom.errors import PolicyRefused, UsageProblem

if TYPE_CHECKING:
    from policies.lint import LintFinding
    from policies.model import DataPolicy

NAME = "policy"
commands = typer.Typer(help="Data policies: check, submit, approve, compare.", no_args_is_help=True)


@commands.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Policies, or folders of them.")],
    contracts: Contracts = None,
    explain: Annotated[bool, typer.Option("--explain", help="What could others see of this data?")] = False,
    floor: Annotated[int, typer.Option("--floor", help="The room's floor of minimum units.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Check policies, each alone and every two together, without any room. Exits with 4 if any is refused.

    Example: cleanroom policy check policies/ --explain
    """
    from policies.lint import Severity, lint
    from policies.load import load_policy

    known = contracts_in(contracts)
    loaded: list[DataPolicy] = []
    refusals: list[PolicyRefused] = []
    for path in yaml_files(files):
        try:
            loaded.append(load_policy(path.read_bytes(), place=path.name))
        except PolicyRefused as refused:
            refused.place = path.name
            refusals.append(refused)
    found = lint(loaded, contracts=known, today=today(), floor=floor)
    is_refused = bool(refusals) or any(finding.severity is Severity.ERROR for finding in found)
    sentences = _explained(loaded, floor, contracts) if explain else []

    def text() -> None:
        for refused in refusals:
            violations(refused.violations, place=refused.place)
        _show(found)
        for owner, dataset, lines in sentences:
            say(f"{owner}'s {dataset}:")
            for line in lines:
                say(f"  {line}")
        say("refused" if is_refused else f"{len(loaded)} {'policy holds' if len(loaded) == 1 else 'policies hold'}")

    value = {
        "decision": "refused" if is_refused else "allowed",
        "violations": [plain(v) | {"place": r.place} for r in refusals for v in r.violations],  # type: ignore[operator]
        "findings": found,
        "explanations": [
            {"owner": owner, "dataset": dataset, "sentences": lines} for owner, dataset, lines in sentences
        ],
    }
    answer(value, as_json=as_json, text=text)
    raise typer.Exit(4 if is_refused else 0)


def _show(found: "tuple[LintFinding, ...]") -> None:
    for finding in found:
        say(
            f"{finding.severity}: {finding.code} [{finding.owner}/{finding.dataset}] `{finding.field}`: {finding.message}"
        )
        if finding.help:
            say(f"    {finding.help}")


def _explained(
    loaded: "list[DataPolicy]", floor: int, contracts: Path | None
) -> list[tuple[str, str, tuple[str, ...]]]:
    from policies.explain import explain as explain_policies

    known = contracts_in(contracts)
    return [
        (
            policy.member,
            policy.dataset,
            explain_policies([policy], contract=known[policy.dataset], floor=floor).sentences,
        )
        for policy in loaded
        if policy.dataset in known
    ]


@commands.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD")],
    new: Annotated[Path, typer.Argument(metavar="NEW")],
    as_json: AsJson = False,
) -> None:
    """In words what a new version loosens and tightens. Example: cleanroom policy diff sales-1.yaml sales-2.yaml"""
    from policies.diff import diff as compare
    from policies.load import load_policy

    first, second = (load_policy(path.read_bytes(), place=path.name) for path in (old, new))
    if (first.member, first.dataset) != (second.member, second.dataset):
        raise UsageProblem("CR-A088", "the two are not for the same member and dataset")
    changes = compare(first, second)

    def text() -> None:
        for change in changes:
            say(f"{change.effect} ({change.weight}): {change.sentence}")
        if not changes:
            say("no change in meaning")

    answer(changes, as_json=as_json, text=text)


@commands.command("submit")
def submit(
    file: Annotated[str, typer.Argument(metavar="FILE")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Submit a version of your member's policy. Example: cleanroom policy submit sales.yaml"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        view = client.post("/policies", {"text": read_text(file).decode("utf-8", "replace")})
    answer(
        view,
        as_json=as_json,
        text=lambda: say(
            f"submitted {view['policy_id']}, {view['digest']}; now sign it with `cleanroom policy approve`"
        ),
    )


@commands.command("approve")
def approve(
    name: Annotated[str, typer.Argument(metavar="MEMBER/DATASET/VERSION")],
    signing_key: SigningKeyFile = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Sign a submitted version; with its last signature it is active. Example: cleanroom policy approve harbor/sales/1"""
    from api.cli.approve import approve_policy
    from api.cli.remote import own_keys, room_client

    with room_client(profile, url) as client:
        view = approve_policy(client, own_keys(profile, signing_key), name)
    more = view["signatures_missing"]
    said = f"{view['policy_id']} is {view['status']}" + (f", {more} more signature needed" if more else "")
    answer(view, as_json=as_json, text=lambda: say(said))


@commands.command("withdraw")
def withdraw(
    name: Annotated[str, typer.Argument(metavar="MEMBER/DATASET/VERSION")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """End a version at once. Example: cleanroom policy withdraw harbor/sales/1"""
    from api.cli.remote import policy_path, room_client

    with room_client(profile, url) as client:
        view = client.post(f"{policy_path(name)}/withdraw")
    answer(view, as_json=as_json, text=lambda: say(f"{view['policy_id']} is withdrawn"))


@commands.command("list")
def list_policies(profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """Your member's policies, and others' that name it as a querier. Example: cleanroom policy list"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        views = client.every("/policies")
    answer(
        views,
        as_json=as_json,
        text=lambda: table(
            ("policy", "status", "expires"), ((v["policy_id"], v["status"], v["expires"]) for v in views)
        ),
    )


@commands.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="MEMBER/DATASET/VERSION")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """One version and its text. Example: cleanroom policy show harbor/sales/1"""
    from api.cli.remote import policy_path, room_client

    with room_client(profile, url) as client:
        view = client.get(policy_path(name))

    def text() -> None:
        say(f"{view['policy_id']} ({view['status']}), {view['digest']}")
        say(view["text"] or "")

    answer(view, as_json=as_json, text=text)


@commands.command("pack")
def pack(
    name: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
    member: Annotated[str | None, typer.Option("--member", metavar="M", help="Who owns the rows.")] = None,
    querier: Annotated[
        list[str] | None, typer.Option("--querier", metavar="M", help="Who may ask; repeat for more.")
    ] = None,
    held_by: Annotated[str | None, typer.Option("--kind", metavar="retailer|manufacturer|servicer")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write the policies, one file each.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Policies to start from. Example: cleanroom policy pack warranty-baseline --member harbor --querier solstice --out policies"""
    from cleanroom.names import MemberName
    from policies.packs import instantiate, pack_names

    if name is None:
        names = pack_names()
        answer(names, as_json=as_json, text=lambda: table(("pack",), ((item,) for item in names)))
        return
    if member is None or not querier:
        raise UsageProblem(
            "CR-A074", "a pack is filled in for a member and those who may ask", help="give --member and --querier"
        )
    found = instantiate(
        name, member=MemberName(member), queriers=[MemberName(item) for item in querier], held_by=held_by
    )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for item in found:
            (out / f"{member}-{item.dataset}.yaml").write_text(item.text, "utf-8")
    value = [{"dataset": item.dataset, "held_by": item.held_by, "text": item.text} for item in found]

    def text() -> None:
        for item in found:
            say(f"{item.dataset} (held by a {item.held_by})" if out is not None else item.text)

    answer(value, as_json=as_json, text=text)


def _pairs(given: list[str] | None) -> list[tuple[str, str]]:
    found = [tuple(item.split("=", 1)) for item in given or ()]
    if any(len(pair) != 2 or not all(pair) for pair in found):
        raise UsageProblem("CR-A075", "--column and --account take a name there and a name here: THEIRS=OURS")
    return [(pair[0], pair[1]) for pair in found]


@commands.command("import")
def import_policy(
    file: Annotated[str, typer.Argument(metavar="FILE")],
    source: Annotated[str, typer.Option("--from", metavar="aws|bigquery", help="Whose rule it is.")],
    member: Annotated[str, typer.Option("--member", metavar="M", help="Who owns the rows here.")],
    dataset: Annotated[str, typer.Option("--dataset", metavar="NAME")],
    querier: Annotated[list[str], typer.Option("--querier", metavar="M", help="Who may ask; repeat for more.")],
    purpose: Annotated[list[str], typer.Option("--purpose", metavar="P", help="Why; repeat for more.")],
    partner: Annotated[
        list[str] | None, typer.Option("--with", metavar="DATASET", help="Datasets it may be joined with.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", metavar="THEIRS=OURS", help="A column's name here; repeat for more.")
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option("--account", metavar="ID=MEMBER", help="Whose account it is; repeat for more.")
    ] = None,
    contracts: Contracts = None,
    as_json: AsJson = False,
) -> None:
    """An AWS Clean Rooms analysis rule or a BigQuery privacy_policy as a data policy; what was not carried over is said.

    Example: cleanroom policy import rule.json --from aws --member harbor --dataset sales --querier solstice --purpose warranty > sales.yaml
    """
    from api.cli.output import note
    from cleanroom.names import ColumnName, DatasetName, MemberName
    from policies.importers import Target, import_aws, import_bigquery

    importers = {"aws": import_aws, "bigquery": import_bigquery}
    known = contracts_in(contracts)
    if source not in importers or DatasetName(dataset) not in known:
        raise UsageProblem("CR-A075", "import takes --from aws or bigquery and a record type of the contracts")
    target = Target(
        member=MemberName(member),
        contract=known[DatasetName(dataset)],
        queriers=tuple(MemberName(item) for item in querier),
        purposes=tuple(purpose),
        partners=tuple(DatasetName(item) for item in partner or ()),
        accounts={theirs: MemberName(ours) for theirs, ours in _pairs(account)},
        renamed={theirs: ColumnName(ours) for theirs, ours in _pairs(column)},
    )
    imported = importers[source](read_text(file), target=target)

    def text() -> None:
        say(imported.text)
        for sentence in imported.not_carried:
            note(f"not carried over: {sentence}")

    answer({"text": imported.text, "not_carried": imported.not_carried}, as_json=as_json, text=text)
