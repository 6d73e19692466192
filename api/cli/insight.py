"""``cleanroom insight``: run one from the room, or on plain CSV files to hold it against a published example."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson, Params, Profile, Url, parameters
from api.cli.output import answer, note, plain, say, table
from cleanroom.errors import UsageProblem

if TYPE_CHECKING:
    from queries.insights.model import InsightResult

NAME = "insight"
_LIMITS = ("", "wilson", "clopper-pearson", "log-log", "log", "plain")
commands = typer.Typer(help="Insights: approved queries and arithmetic on what was released.", no_args_is_help=True)


@commands.command("list")
def list_insights(as_json: AsJson = False) -> None:
    """All insights, what they ask and which datasets they need. Example: cleanroom insight list"""
    from queries.insights import INSIGHTS

    value = [
        {
            "name": i.name,
            "title": i.title,
            "question": i.question,
            "needs": list(i.needs),
            "templates": list(i.templates),
        }
        for i in INSIGHTS
    ]
    rows = [(i.name, i.question, ", ".join(i.needs)) for i in INSIGHTS]
    answer(value, as_json=as_json, text=lambda: table(("insight", "question", "needs"), rows))


@commands.command("run")
def run(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="[TEMPLATE=]FILE", help="Plain CSV instead of the room; repeat for more."),
    ] = None,
    param: Params = None,
    format_name: Annotated[str, typer.Option("--format", metavar="text|html|pdf|xlsx|csv|svg|png|json")] = "text",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE")] = None,
    confidence: Annotated[float, typer.Option("--confidence", help="Of intervals, for example 0.9.")] = 0.95,
    treatment: Annotated[
        str,
        typer.Option("--treatment", metavar="auto|end|interval", help="Where in its group a failure lies (life-fit)."),
    ] = "auto",
    limits: Annotated[
        str,
        typer.Option(
            "--limits",
            metavar="wilson|clopper-pearson|log-log|log|plain",
            help="How limits of a share or curve are made.",
        ),
    ] = "",
    horizon: Annotated[int, typer.Option("--horizon", help="Periods to look ahead.")] = 3,
    warranty: Annotated[int, typer.Option("--warranty", help="Warranty in periods, for forecasts and expiry.")] = 24,
    alpha: Annotated[float, typer.Option("--alpha", help="False-alarm rate of signals.")] = 0.01,
    withheld_high: Annotated[int, typer.Option("--withheld-high", help="Largest value of a withheld count.")] = 24,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Run an insight on the room's released answers, or on CSV files of its input columns.

    Example: cleanroom insight run life-fit --input nevada.csv
    """
    from queries.insights import computed, find
    from queries.insights.model import Settings

    if not 0 < confidence < 1 or treatment not in ("auto", "end", "interval") or horizon < 1:
        raise UsageProblem(
            "CR-A098", "confidence lies between 0 and 1, treatment is auto, end or interval, horizon at least 1"
        )
    if limits not in _LIMITS:
        raise UsageProblem("CR-A098", "limits are one of " + ", ".join(_LIMITS[1:]))
    insight = find(name)
    settings = Settings(
        confidence=confidence,
        treatment=treatment,
        limits=limits,
        horizon=horizon,
        warranty_months=warranty,
        alpha=alpha,
        withheld_high=withheld_high,
    )
    if inputs:
        from api.insights.plain_files import read_inputs

        result = computed(insight, read_inputs(insight, inputs), settings)
        facts: dict[str, str] = {"source": "plain files"}
    else:
        from api.cli.remote import room_client
        from api.insights.from_room import inputs_from_room

        with room_client(profile, url) as client:
            tables, facts = inputs_from_room(client, insight, parameters(param))
        result = computed(insight, tables, settings)
    if format_name in ("text", "json"):
        answer(plain_result(name, result), as_json=as_json or format_name == "json", text=lambda: _text(result))
        return
    from api.insights.documents import render

    content = render(format_name, insight, result, facts)
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        out.write_bytes(content)
        note(f"written to {out.name}")


def plain_result(name: str, result: "InsightResult") -> dict[str, object]:
    """The result as one JSON object: tables as lists of objects by column name, withheld cells marked."""
    tables = {
        shown.name: [
            {column.name: _cell(cell) for column, cell in zip(shown.columns, row, strict=True)} for row in shown.rows
        ]
        for shown in result.tables
    }
    return {
        "insight": name,
        "headline": result.headline,
        "tables": tables,
        "notes": list(result.notes),
        "withheld": result.withheld,
    }


def _cell(cell: object) -> object:
    from cleanroom.released import Withheld

    return {"withheld": str(cell.reason)} if isinstance(cell, Withheld) else plain(cell)


def _text(result: "InsightResult") -> None:
    from cleanroom.released import Withheld

    say(result.headline)
    for shown in result.tables:
        say()
        say(shown.title)
        heads = [f"{c.title} ({c.unit})" if c.unit else c.title for c in shown.columns]
        table(heads, ([f"withheld ({c.reason})" if isinstance(c, Withheld) else c for c in row] for row in shown.rows))
    for line in result.notes:
        say()
        say(line)
