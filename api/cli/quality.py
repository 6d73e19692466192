"""``cleanroom data quality``: what the gate found in one file, or over the last files of a dataset."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from api.cli.options import AsJson, Profile, Url
from api.cli.output import answer, say, table
from cleanroom.quality.identity import IdentifierQuality
from cleanroom.quality.shares import share_text

Plain = Mapping[str, Any]

_DATASET = re.compile(r"[a-z][a-z0-9_-]*")
_BARS = "▁▂▃▄▅▆▇█"


def quality(
    named: Annotated[str, typer.Argument(metavar="UPLOAD|DATASET")],
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """What the quality gate found: rules in words, rows failing, how to fix; of a dataset its last 30 files as a trend.

    Example: cleanroom data quality sales
    """
    from api.cli.remote import room_client

    # Ids of uploads begin with a digit, names of datasets never do.
    is_dataset = _DATASET.fullmatch(named) is not None
    with room_client(profile, url) as client:
        found = client.get(f"/datasets/{named}/quality" if is_dataset else f"/uploads/{named}/quality")
    answer(found, as_json=as_json, text=lambda: _tell_trend(found) if is_dataset else _tell_report(found))


def tell_identifiers(identifiers: Iterable[IdentifierQuality]) -> None:
    """The table of identifier columns, where there are any."""
    rows = [
        (i.column, i.profile, share_text(i.missing_share), share_text(i.malformed_share), share_text(i.repeated_share),
         share_text(i.guessable_share))
        for i in identifiers
    ]  # fmt: skip
    if rows:
        say()
        table(("identifier", "profile", "missing", "malformed", "repeated", "guessable"), rows)


def identifiers_as_json(identifiers: Iterable[IdentifierQuality]) -> list[dict[str, object]]:
    """Counts, as they are in the manifest."""
    return [asdict(known) for known in identifiers]


def _tell_report(report: Plain) -> None:
    rows = [(f["severity"], f["code"], f["column"], f["count"], f["message"], f["help"]) for f in report["findings"]]
    say(f"{report['rows']:,} rows, {report['quarantined']:,} quarantined")
    if rows:
        table(("severity", "code", "column", "rows", "rule", "how to fix"), rows)
    tell_identifiers(IdentifierQuality(**known) for known in report["identifiers"])
    if report["trend"]:
        say()
        say("files before this one")
        earlier = ((t["first_day"], t["last_day"], t["rows"], t["quarantined"]) for t in report["trend"])
        table(("first day", "last day", "rows", "quarantined"), list(earlier))
    if report["evidence"] is not None:
        say(_evidence(report["evidence"]))


def _evidence(evidence: Plain) -> str:
    if not evidence["expectations"]:
        return f"Great Expectations: {evidence['state']}"
    return (
        f"Great Expectations: {evidence['state']}; {evidence['held']} of {evidence['expectations']} expectations "
        f"held in the first {evidence['checked_rows']:,} rows"
    )


def _tell_trend(trend: Plain) -> None:
    files = trend["files"]
    if not files:
        say(f"no file of `{trend['dataset']}` yet")
        return
    table(
        ("upload", "state", "first day", "last day", "rows", "quarantined", "share"),
        [
            (f["upload_id"], f["state"], f["first_day"], f["last_day"], f["rows"], f["quarantined"],
             share_text(f["quarantined_share"]))
            for f in files
        ],
    )  # fmt: skip
    say()
    say(f"rows        {_bars([f['rows'] for f in files])}")
    say(f"quarantined {_bars([f['quarantined_share'] for f in files])}  (share; oldest first)")
    if trend["rules"]:
        say()
        table(
            ("severity", "rule", "rows now", "share now", "trend", "how to fix"),
            [
                (r["severity"], r["words"], r["rows"][-1], share_text(r["shares"][-1]), _bars(r["shares"]), r["help"])
                for r in trend["rules"]
            ],
        )
    tell_identifiers(IdentifierQuality(**known) for known in files[-1]["identifiers"])


def _bars(values: Sequence[int]) -> str:
    """One character a file, scaled to the largest; a point is nothing."""
    top = max(1, *values)
    return "".join(_BARS[-(-len(_BARS) * value // top) - 1] if value else "." for value in values)
