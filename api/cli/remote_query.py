"""Questions asked of a room: check, submit, run to the end, and write the released answer."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from api.cli.output import note, say, violations
from api.cli.remote import room_client
from cleanroom.client import asking
from cleanroom.client.remote import Json, RoomClient, violations_of
from cleanroom.errors import UsageProblem

_FORMATS = ("table", "csv", "parquet", "xlsx", "arrow", "json", "pdf", "html")


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
        "rows": len(document["rows"]),
        "rows_dropped": document.get("rows_dropped", 0),
        "earlier_rows": document.get("earlier_rows", []),
        "run": run["run_id"],
        "release": release,
    }
    note(json.dumps(withheld) if as_json else _summary(withheld))


def follow(client: RoomClient, run: Json) -> Json:
    """Wait until a run has ended, telling its progress on a terminal; errors as ``asking.follow``."""
    if not sys.stderr.isatty():
        return asking.follow(client, run)
    try:
        return asking.follow(client, run, looked=_tell)
    finally:
        sys.stderr.write("\r" + " " * 40 + "\r")


def _tell(run: Json) -> None:
    sys.stderr.write(f"\r{run['state'].lower()} {run['progress']} % ")


def _table(document: Json) -> None:
    from api.cli.output import table

    names = [column["name"] for column in document["columns"]]
    table(names, ([_shown(row[name]) for name in names] for row in document["rows"]))


def _shown(cell: object) -> object:
    return f"withheld ({cell['withheld']})" if isinstance(cell, dict) else cell


_NO_ROW = "no row has enough behind it, or none fits the question; which of the two is not told"


def _summary(withheld: Mapping[str, object]) -> str:
    counts = withheld["withheld"]
    by = ", ".join(f"{count} {reason}" for reason, count in counts.items()) if isinstance(counts, dict) else ""
    dropped = withheld["rows_dropped"]
    said = f"withheld: {by}" if by else "nothing withheld" if withheld["rows"] else _NO_ROW
    earlier = withheld["earlier_rows"]
    if isinstance(earlier, list) and earlier:
        days = ", ".join(sorted({str(one["data_date"]) for one in earlier}))
        said += f"; {len(earlier)} rows as released earlier, data up to {days}"
    return said + (f"; {dropped} rows left out" if dropped else "") + f"; release {withheld['release']}"
