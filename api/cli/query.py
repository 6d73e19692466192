"""``cleanroom query``: check on plain folders or against the room; submit, approve, withdraw, run in the room."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import (
    AsJson,
    Contracts,
    Params,
    Policies,
    Profile,
    SigningKeyFile,
    Url,
    contracts_in,
    parameters,
    policies_in,
    read_text,
    today,
)
from api.cli.output import answer, fail, note, say, table, violations
from cleanroom.errors import CleanroomError, PolicyRefused, UsageProblem
from cleanroom.names import MemberName

if TYPE_CHECKING:
    from api.cli.local_check import LocalCheck
    from queries.check import CheckResult

NAME = "query"
commands = typer.Typer(help="Questions: check, submit, approve, run.", no_args_is_help=True)

Sql = Annotated[str | None, typer.Option("--sql", metavar="TEXT", help="SQL text; - reads standard input.")]
Purpose = Annotated[str | None, typer.Option("--purpose", metavar="P", help="Why; a template brings its own.")]


@commands.command("check")
def check(
    file: Annotated[str | None, typer.Argument(metavar="FILE", help="A template or plain SQL.")] = None,
    sql: Sql = None,
    batch: Annotated[
        str | None,
        typer.Option("--batch", metavar="FILE.jsonl", help='Lines {"id", "sql"} in, one decision a line out.'),
    ] = None,
    contracts: Contracts = None,
    policies: Policies = None,
    as_member: Annotated[str | None, typer.Option("--as", metavar="MEMBER", help="Who asks.")] = None,
    purpose: Purpose = None,
    param: Params = None,
    floor: Annotated[int, typer.Option("--floor", help="The room's floor of minimum units.")] = 10,
    as_json: AsJson = False,
    profile: Profile = None,
    url: Url = None,
) -> None:
    """Decide about a question without touching data: all violations at once, or the SQL that would run.

    With --policies it needs no room; without, it asks the room of the stored profile. Exits with 4 if refused.
    Example: cleanroom query check --sql "SELECT region, COUNT(DISTINCT unit_token) AS units FROM sales GROUP BY region" --policies policies/ --as solstice --purpose warranty
    """
    if sum(item is not None for item in (file, sql, batch)) != 1:
        raise UsageProblem("CR-A083", "give one of FILE, --sql and --batch")
    if policies is None:
        from api.cli.remote_query import check_in_room

        raise typer.Exit(
            check_in_room(
                file=file,
                sql=sql,
                batch=batch,
                purpose=purpose,
                values=parameters(param),
                as_json=as_json,
                profile=profile,
                url=url,
            )
        )
    from api.cli.local_check import LocalCheck

    local = LocalCheck(
        contracts=contracts_in(contracts),
        policies=policies_in(policies),
        querier=MemberName(as_member) if as_member else None,
        purpose=purpose,
        today=today(),
        floor=floor,
    )
    if batch is not None:
        raise typer.Exit(_batch(local, batch))
    text = (read_text(sql) if sql == "-" else sql.encode()) if sql is not None else read_text(file or "-")
    place = Path(file).name if file and file != "-" else ""
    try:
        result = local.check(text, place=place or "query", values=parameters(param))
    except PolicyRefused as refused:
        if as_json:
            say(json.dumps(local.refused_json(refused), ensure_ascii=False))
        else:
            say("refused")
            violations(refused.violations, place=place)
        raise typer.Exit(4) from None
    _show(result, as_json=as_json, place=place)
    raise typer.Exit(0 if result.allowed else 4)


def _show(result: "CheckResult", *, as_json: bool, place: str) -> None:
    from queries.public import check_line

    if as_json:
        say(check_line(result))
        return
    say(result.decision)
    violations(result.violations, place=place)
    if result.obligations is not None:
        for read in result.reads:
            say(f"reads {read.dataset} of {', '.join(read.members) or 'nobody yet'}: {', '.join(read.columns)}")
        for source in result.obligations.sources:
            say(f"{source.dataset}: at least {source.minimum_units} `{source.privacy_unit}` behind each number")
        say(f"purpose {result.purpose}; may be held by {', '.join(result.obligations.receivers)}")
        say(result.sql)


def _batch(local: "LocalCheck", source: str) -> int:
    """One decision line per input line; a line that is no {"id", "sql"} is a usage problem."""
    from queries.public import check_line

    is_any_refused = False
    for number, line in enumerate(read_text(source).decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            identity, sql = entry["id"], entry["sql"]
        except (ValueError, TypeError, KeyError):
            raise UsageProblem("CR-A084", f'line {number} is not {{"id", "sql"}}') from None
        if not isinstance(sql, str):
            raise UsageProblem("CR-A084", f'line {number} is not {{"id", "sql"}}')
        try:
            result = local.check(sql.encode("utf-8", "surrogatepass"), place="query", values={})
            is_any_refused = is_any_refused or not result.allowed
            sys.stdout.write(check_line(result, identity) + "\n")
        except PolicyRefused as refused:
            is_any_refused = True
            sys.stdout.write(json.dumps({"id": identity, **local.refused_json(refused)}, ensure_ascii=False) + "\n")
    return 4 if is_any_refused else 0


@commands.command("submit")
def submit(
    file: Annotated[str, typer.Argument(metavar="FILE")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Submit a template for its owners to approve. Example: cleanroom query submit claim-rate.sql"""
    from api.cli.remote_query import submit_template

    view = submit_template(read_text(file), profile=profile, url=url)
    answer(
        view,
        as_json=as_json,
        text=lambda: say(
            f"submitted {view['template_id']}, {view['digest']}; waiting for {', '.join(view['waiting_for']) or 'nobody'}"
        ),
    )


@commands.command("approve")
def approve(
    name: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    signing_key: SigningKeyFile = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Sign the template's digest, after reading it. Example: cleanroom query approve claim-rate-by-region@1"""
    from api.cli.approve import approve_template
    from api.cli.remote import own_keys, room_client

    with room_client(profile, url) as client:
        view = approve_template(client, own_keys(profile, signing_key), name)
    answer(
        view,
        as_json=as_json,
        text=lambda: say(f"approved {view['template_id']}; waiting for {', '.join(view['waiting_for']) or 'nobody'}"),
    )


@commands.command("withdraw")
def withdraw(
    name: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Take your approval back, or your own template; at once. Example: cleanroom query withdraw claim-rate-by-region@1"""
    from api.cli.remote import room_client, template_path

    with room_client(profile, url) as client:
        view = client.post(f"{template_path(name)}/withdraw")
    answer(view, as_json=as_json, text=lambda: say(f"withdrawn {view['template_id']}"))


@commands.command("list")
def list_templates(profile: Profile = None, url: Url = None, as_json: AsJson = False) -> None:
    """The templates you may see. Example: cleanroom query list"""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        views = client.every("/queries")
    answer(
        views,
        as_json=as_json,
        text=lambda: table(
            ("template", "status", "member", "title"),
            ((v["template_id"], v["status"], v["member"], v["title"]) for v in views),
        ),
    )


@commands.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """One template, its text and who approved it. Example: cleanroom query show claim-rate-by-region@1"""
    from api.cli.remote import room_client, template_path

    with room_client(profile, url) as client:
        view = client.get(template_path(name))

    def text() -> None:
        say(f"{view['template_id']} ({view['status']}) by {view['member']}, {view['digest']}")
        for given in view["approvals"]:
            say(
                f"approved by {given['owner']} ({given['approved_by']}, {given['approved_at']})"
                + (", withdrawn" if given["withdrawn_at"] else "")
            )
        say(view["text"])

    answer(view, as_json=as_json, text=text)


@commands.command("run")
def run(
    name: Annotated[str | None, typer.Argument(metavar="NAME[@VERSION]")] = None,
    sql: Sql = None,
    param: Params = None,
    purpose: Purpose = None,
    format_name: Annotated[
        str, typer.Option("--format", metavar="table|csv|parquet|xlsx|arrow|json", help="How to write the answer.")
    ] = "table",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it; standard output if not given.")
    ] = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Ask the room and write the released answer. Example: cleanroom query run claim-rate-by-region --param from=2025-01-01 --param to=2025-12-31 --format csv"""
    from api.cli.remote_query import run_question

    if (name is None) == (sql is None):
        raise UsageProblem("CR-A083", "give one of NAME and --sql")
    text = None if sql is None else (read_text("-").decode() if sql == "-" else sql)
    try:
        run_question(
            name=name,
            sql=text,
            values=parameters(param),
            purpose=purpose,
            format_name="json" if as_json and format_name == "table" else format_name,
            out=out,
            profile=profile,
            url=url,
            as_json=as_json,
        )
    except CleanroomError as error:
        raise typer.Exit(fail(error, as_json=as_json)) from None
    if out is not None:
        note(f"written to {out.name}")
