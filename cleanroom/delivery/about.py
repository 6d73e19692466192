"""What a file says about the run it came from: facts for people, each a name and a text, and the withheld counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cleanroom.released import Reason, ReleasedTable

REASON_TEXTS: Mapping[Reason, str] = {
    Reason.UNITS: "fewer units than the policy's minimum",
    Reason.CONTRIBUTORS: "fewer members than the policy's minimum",
    Reason.DOMINANCE: "one member holds more than the policy's largest share",
    Reason.ZERO: "no unit contributes and the policy does not release zeros",
    Reason.LEDGER: "with what was already released or asked it would isolate a group",
    Reason.DERIVED: "computed from a withheld number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Facts of the run that the table does not hold, in the order to be shown; for example ``{"run": "r-17"}``."""

    facts: Mapping[str, str] = field(default_factory=dict)


def earlier_lines(table: ReleasedTable) -> list[tuple[str, str]]:
    """A line for each date of rows that are served as an earlier release held them; rows counted from 1."""
    days: dict[date, list[str]] = {}
    for row, day in sorted(table.earlier_rows.items()):
        days.setdefault(day, []).append(str(row + 1))
    return [
        (f"rows as released earlier, data up to {day.isoformat()}", ", ".join(rows))
        for day, rows in sorted(days.items())
    ]


def summary(table: ReleasedTable, about: About) -> list[tuple[str, str]]:
    """Everything a reader must know about the answer beside its rows, as lines of name and text."""
    lines = list(about.facts.items())
    lines.append(("rows", str(len(table.rows))))
    lines.append(("cells not listed", str(table.rows_dropped)))
    lines += [(f"cells not listed: {REASON_TEXTS[reason]}", str(count)) for reason, count in table.dropped.items()]
    lines += [(f"numbers withheld: {REASON_TEXTS[reason]}", str(count)) for reason, count in table.withheld.items()]
    lines += earlier_lines(table)
    lines += [(f"members that hold `{dataset}`", str(count)) for dataset, count in table.contributors.items()]
    lines += [(f"snapshot of {member}", str(snapshot)) for member, snapshot in table.snapshots.items()]
    lines += [("policy", policy) for policy in table.policies]
    lines.append(("may be held by", ", ".join(table.receivers)))
    return lines
