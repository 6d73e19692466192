"""Questions asked of a room: check, submit, run to the end, and write the released answer."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from api.cli.output import note, say, violations
from api.cli.remote import room_client
from cleanroom.client.remote import Json, RoomClient, violations_of
from cleanroom.errors import CleanroomError, DataRefused, PolicyRefused, Unavailable, UsageProblem

_LOOK_SECONDS = 0.2
_FORMATS = ("table", "csv", "parquet", "xlsx", "arrow", "json")


def check_in_room(
    *,
    file: str | None,
    sql: str | None,
    batch: str | None,
    purpose: str | None,
    values: Mapping[str, str],
    as_json: bool,
    profile: Path | None,
    url: str | None,
) -> int:
    """``query check`` against the room's policies, as the signed-in person; the exit code."""
    if batch is not None:
        raise UsageProblem("CR-A083", "--batch needs --policies DIR")
    from api.cli.options import read_text

    text = read_text(sql if sql == "-" else file or "-").decode("utf-8", "replace") if file or sql == "-" else sql
    body: Json = {"sql": text, "parameters": dict(values)} | ({"purpose": purpose} if purpose else {})
    with room_client(profile, url) as client:
        result = client.post("/queries/check", body)
    if as_json:
        say(json.dumps(result, ensure_ascii=False))
    else:
        say(result["decision"])
        violations(violations_of(result["violations"]))
        say(result["sql"])
    return 0 if result["decision"] == "allowed" else 4


def submit_template(text: bytes, *, profile: Path | None, url: str | None) -> Json:
    """Submit a template; the view of the new version."""
    with room_client(profile, url) as client:
        return client.post("/queries", {"text": text.decode("utf-8", "replace")})


def run_question(
    *,
    name: str | None,
    sql: str | None,
    values: Mapping[str, str],
    purpose: str | None,
    format_name: str,
    out: Path | None,
    profile: Path | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Submit a run, follow it, write its release; what was withheld is said on standard error."""
    if format_name not in _FORMATS:
        raise UsageProblem("CR-A092", "a format is one of " + ", ".join(_FORMATS))
    question: Json = {"template": name} if name else {"sql": sql}
    question |= {"parameters": dict(values)} | ({"purpose": purpose} if purpose else {})
    with room_client(profile, url) as client:
        run = follow(client, client.post("/runs", question))
        release = str(run["release_id"])
        document = json.loads(client.bytes_of(f"/releases/{release}", format="json"))
        wanted = "json" if format_name == "table" else format_name
        content = client.bytes_of(f"/releases/{release}", format=wanted)
    if format_name == "table":
        _table(document)
    elif out is not None:
        out.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    withheld = {
        "withheld": document["withheld"],
        "rows_dropped": document.get("rows_dropped", 0),
        "run": run["run_id"],
        "release": release,
    }
    note(json.dumps(withheld) if as_json else _summary(withheld))


def follow(client: RoomClient, run: Json) -> Json:
    """Wait until a run has ended; return it when it was released.

    Raises:
        PolicyRefused, DataRefused, Unavailable: what it ended in.
    """
    shown = -1
    while run["state"] in ("SUBMITTED", "STARTED", "CANCELLING"):
        if sys.stderr.isatty() and run["progress"] != shown:
            shown = run["progress"]
            sys.stderr.write(f"\r{run['state'].lower()} {shown} % ")
        time.sleep(_LOOK_SECONDS)
        run = client.get(f"/runs/{run['run_id']}")
    if shown >= 0:
        sys.stderr.write("\r" + " " * 40 + "\r")
    if run["state"] == "SUCCESS":
        return run
    raise _ended(run)


def _ended(run: Json) -> CleanroomError:
    problem = run.get("problem") or {}
    if problem.get("violations"):
        return PolicyRefused(violations_of(problem["violations"]))
    kind = Unavailable if run["state"] in ("CANCELLED", "TIMED_OUT") or problem.get("retryable") else DataRefused
    return kind(
        str(problem.get("code", "CR-A073")),
        str(problem.get("message", f"the run ended as {run['state']}")),
        help=str(problem.get("help", "")),
    )


def _table(document: Json) -> None:
    from api.cli.output import table

    names = [column["name"] for column in document["columns"]]
    table(names, ([_shown(row[name]) for name in names] for row in document["rows"]))


def _shown(cell: object) -> object:
    return f"withheld ({cell['withheld']})" if isinstance(cell, dict) else cell


def _summary(withheld: Mapping[str, object]) -> str:
    counts = withheld["withheld"]
    by = ", ".join(f"{count} {reason}" for reason, count in counts.items()) if isinstance(counts, dict) else ""
    dropped = withheld["rows_dropped"]
    said = f"withheld: {by}" if by else "nothing withheld"
    return said + (f"; {dropped} rows left out" if dropped else "") + f"; release {withheld['release']}"
