"""The demo, top to bottom: a world with known truth goes through the real paths, and the answers are held to it."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from threading import Event

from api.cli.approve import approve_policy, approve_template
from api.cli.output import note, say, table
from api.cli.remote import own_keys, room_client
from api.cli.remote_query import follow
from api.cli.sending import Sender
from api.demo import world
from api.demo.compare import Comparison, compare
from api.demo.files import write_files
from api.demo.generate import Clear, generate
from api.demo.people import People, admit, write_passwords
from api.demo.rules import LARGEST_SHARE, MINIMUM, policy_texts
from api.demo.truth import clear_room, true_answer
from api.room import Room
from api.serving import quiet, served
from cleanroom.client.remote import RoomClient
from cleanroom.contracts import shipped_contracts
from cleanroom.delivery.json_document import parse_json
from cleanroom.errors import Conflict, PolicyRefused
from cleanroom.released import ReleasedTable
from queries.insights import find
from queries.insights.model import Settings, Table
from queries.insights.refused import InsightRefused
from queries.insights.withheld import largest_withheld

QUERIES: Mapping[str, str] = {
    "claim-rate-by-region": world.MAKER,
    "claims-by-model": world.MAKER,
    "registrations-by-model": world.MAKER,
    "registrations-by-region": world.MAKER,
    "registration-lag": world.MAKER,
    "units-by-quarter": world.MAKER,
    "first-claims-by-quarter": world.MAKER,
    "warranty-cost": world.MAKER,
    "maker-only-units": world.MAKER,
    "returns-by-model": world.MAKER,
    "care-plan-attach": world.MAKER,
    "referrals": world.MAKER,
    "overlap-units": world.MAKER,
    "overlap-registrations": world.MAKER,
    "overlap-buyers": world.MAKER,
    "overlap-owners": world.MAKER,
    "failures-around-expiry": world.MAKER,
    "repurchase": world.MAKER,
    "claims-us-and-others": world.RETAILERS[0].name,
    "served-value": world.MAKER,
    "served-cost": world.MAKER,
    "returns-by-age-and-reason": world.MAKER,
    "coverage-overlap": world.MAKER,
    "satisfaction": world.MAKER,
}
"""Which template is run by which member's analyst. Where two conflict, the earlier one stays."""

INSIGHTS = (
    "missing-denominator",
    "registration-coverage",
    "registration-lag",
    "claim-incidence",
    "nevada-chart",
    "life-fit",
    "early-failure",
    "warranty-cost",
    "just-missed",
    "coverage-overlap",
    "returns-by-age",
    "satisfaction-gap",
    "repurchase",
    "served-value",
    "retailer-effect",
)
PARAMETERS = {
    "from": str(world.FIRST_SALE),
    "to": str(world.DATA_DATE),
    "model": world.BAD_LOT.model,
    "us": world.RETAILERS[0].name,
    "brand": world.BRAND,
    "landmark": str(world.LANDMARK),
    "warranty": str(world.WARRANTY_MONTHS),
}
_OF_ITS_OWN: Mapping[str, Mapping[str, str]] = {
    "failures-around-expiry": {"to": str(world.SOLD_LONG_AGO)},
    "claims-us-and-others": {"to": str(world.SOLD_HALF_A_YEAR_AGO)},
}
"""Sales that have lived through what is asked about."""


def parameters_of(template: str) -> Mapping[str, str]:
    """What the demo asks ``template`` with, as far as it declares it."""
    return {**PARAMETERS, **_OF_ITS_OWN.get(template, {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One template as it was released, and how it compares with the truth."""

    template: str
    asked_by: str
    table: ReleasedTable
    compared: Comparison


def run_demo(folder: Path, *, scale: float, seed: int, serve: bool, host: str, port: int, as_json: bool) -> int:
    """Build the demo in a new folder; 0 if every released number agrees with the truth."""
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(
            "CR-A030", "the folder is not empty", help="give another with --dir, or remove it", place=folder.name
        )
    quiet()
    began = time.monotonic()

    def step(text: str) -> None:
        if not as_json:
            note(f"[{time.monotonic() - began:5.1f} s] {text}")

    step("a world with known truth")
    clear = generate(seed=seed, scale=scale)
    files = write_files(clear, folder / "files", seed=seed)
    with (
        Room.create(folder / "room", name="durable-demo") as room,
        served(room, host=host, port=port if serve else 0) as url,
    ):
        step(f"room {room.name} at {url}; members, people, keys")
        people = admit(room, folder / "members", url)
        step(f"{len(files)} files through each member's own client")
        receipts = _push(files, people)
        step("policies submitted and signed by each owner's steward")
        _policies(people)
        templates = sorted(
            item.name.removesuffix(".sql")
            for item in (resources.files("queries") / "library").iterdir()
            if item.name.endswith(".sql")
        )
        step(f"{len(templates)} query templates submitted by the maker, approved by every owner")
        _templates(templates, people)
        step("questions, answers, and the truth beside them")
        answers = _ask(clear, people)
        refusal = _refused(people)
        is_true = all(a.compared.wrong == 0 and a.compared.unexplained == 0 for a in answers)
        insights = _insights(answers)
        with room_client(people[world.MAKER, "steward"].profile, url) as client:
            log = client.post("/log/verify", {})
        step("done")
        if as_json:
            say(json.dumps(_json(answers, insights, receipts, log, is_true, time.monotonic() - began)))
        else:
            _tell(answers, insights, receipts, refusal, log, is_true)
        passwords = write_passwords(people, folder)
        if serve:
            say(
                f"\nthe pages are at {url}/ - sign in as {world.MAKER}-analyst, passwords are in {passwords}; stop with Ctrl-C"
            )
            with suppress(KeyboardInterrupt):
                Event().wait()
    return 0 if is_true else 1


def _push(files: tuple, people: People) -> list[dict[str, object]]:  # type: ignore[type-arg]
    receipts = []
    for file in files:
        sender = Sender.of(people[file.member, "uploader"].profile, contracts=shipped_contracts())
        view = sender.push(
            file.path,
            file.dataset,
            file.mapping,
            mode="append",
            period=None,
            url=None,
            wait=True,
            progress=lambda _d, _t: None,
        )
        receipts.append(
            {"member": file.member, "dataset": file.dataset, "counts": view["receipt"]["receipt"]["counts"]}
        )
    return receipts


def _policies(people: People) -> None:
    for member in (world.MAKER, *(r.name for r in world.RETAILERS)):
        steward = people[member, "steward"].profile
        with room_client(steward, None) as client:
            for text in policy_texts(member):
                approve_policy(client, own_keys(steward), str(client.post("/policies", {"text": text})["policy_id"]))


def _templates(names: list[str], people: People) -> None:
    with room_client(people[world.MAKER, "analyst"].profile, None) as client:
        for name in names:
            text = (resources.files("queries") / "library" / f"{name}.sql").read_text("utf-8")
            client.post("/queries", {"text": text})
    for member in (world.MAKER, *(r.name for r in world.RETAILERS)):
        steward = people[member, "steward"].profile
        with room_client(steward, None) as client:
            for view in client.every("/queries"):
                if member in view["waiting_for"]:
                    approve_template(client, own_keys(steward), str(view["template_id"]))


def _ask(clear: Clear, people: People) -> list[Answered]:
    truth = clear_room(clear)
    answered = []
    for template, member in QUERIES.items():
        with room_client(people[member, "analyst"].profile, None) as client:
            table_ = _released(client, template)
        compared = compare(table_, true_answer(truth, template, parameters_of(template)))
        answered.append(Answered(template=template, asked_by=member, table=table_, compared=compared))
    return answered


def _released(client: RoomClient, template: str) -> ReleasedTable:
    text = (resources.files("queries") / "library" / f"{template}.sql").read_text("utf-8")
    values = {
        name: value for name, value in parameters_of(template).items() if f":{name}" in text.split("--- */", 1)[1]
    }
    run = follow(client, client.post("/runs", {"template": template, "parameters": values}))
    return parse_json(client.bytes_of(f"/releases/{run['release_id']}", format="json"))


def _refused(people: People) -> PolicyRefused | None:
    """What an analyst sees who asks for a single day."""
    sql = "SELECT s.region, COUNT(DISTINCT s.unit_token) AS units FROM sales s JOIN claims c ON s.unit_token = c.unit_token WHERE s.sale_date = '2025-04-17' GROUP BY s.region"
    with room_client(people[world.MAKER, "analyst"].profile, None) as client:
        try:
            follow(client, client.post("/runs", {"sql": sql, "purpose": "warranty"}))
        except PolicyRefused as refused:
            return refused
    return None


def _insights(answers: list[Answered]) -> list[tuple[str, str]]:
    tables = {answer.template: Table.of(answer.table) for answer in answers}
    settings = Settings(as_of=world.DATA_DATE, withheld_high=largest_withheld(MINIMUM, LARGEST_SHARE))
    found = []
    for name in INSIGHTS:
        insight = find(name)
        try:
            result = insight.compute({template: tables[template] for template in insight.templates}, settings)
            found.append((insight.title, result.headline))
        except InsightRefused as refused:  # a small world leaves too little to fit
            found.append((insight.title, f"cannot be said: {refused.message}"))
    return found


def _tell(
    answers: list[Answered],
    insights: list[tuple[str, str]],
    receipts: list[dict[str, object]],
    refusal: PolicyRefused | None,
    log: Mapping[str, object],
    is_true: bool,
) -> None:
    say("\nwhat went in (rows by member; nobody else sees them)")
    table(("member", "dataset", "inserted"), ((r["member"], r["dataset"], r["counts"]["inserted"]) for r in receipts))  # type: ignore[index]
    say("\nwhat came out (numbers, against the truth)")
    table(
        ("query", "asked by", "shown", "equal", "wrong", "withheld", "rows left out", "why"),
        (
            (
                a.template,
                a.asked_by,
                a.compared.shown,
                a.compared.equal,
                a.compared.wrong,
                a.compared.withheld,
                a.table.rows_dropped,
                ", ".join(f"{count} {reason}" for reason, count in sorted(a.table.withheld.items())),
            )
            for a in answers
        ),
    )
    say("\nwhat it says")
    for title, headline in insights:
        say(f"  {title}: {headline}")
    if refusal is not None:
        say(f"\na question that was refused: {refusal.code} {refusal.message}")
        first = refusal.violations[0]
        if first.rewrite:
            say(f"  write instead: {first.rewrite}")
    say(f"\nthe log holds: {log['size']} entries, head {log['head']}")
    say("every released number equals the truth" if is_true else "A RELEASED NUMBER DIFFERS FROM THE TRUTH")


def _json(
    answers: list[Answered],
    insights: list[tuple[str, str]],
    receipts: list[dict[str, object]],
    log: Mapping[str, object],
    is_true: bool,
    seconds: float,
) -> dict[str, object]:
    return {
        "queries": [
            {
                "template": a.template,
                "asked_by": a.asked_by,
                "shown": a.compared.shown,
                "equal": a.compared.equal,
                "wrong": a.compared.wrong,
                "withheld": a.compared.withheld,
                "unexplained": a.compared.unexplained,
            }
            for a in answers
        ],
        "insights": dict(insights),
        "receipts": receipts,
        "log": dict(log),
        "is_true": is_true,
        "seconds": round(seconds, 1),
    }
