"""Where contacts open, whom they are handed to, and how long they take: the bounce matrix."""

from cleanroom.names import DatasetName
from queries.insights.model import (
    Cell,
    ChartSpec,
    Encoding,
    Explanation,
    Inputs,
    Insight,
    InsightResult,
    Settings,
    ShownColumn,
    ShownTable,
    number,
)
from queries.insights.refused import InsightRefused, missing_columns

_WANTED = ("asked_party", "referred_to", "tickets")


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """The matrix from `referrals`: `asked_party`, `referred_to`, `tickets`, `resolution_hours`."""
    table = inputs["referrals"]
    if not table.has(*_WANTED):
        raise missing_columns("referrals", _WANTED, table.columns)
    opened: dict[Cell, float] = {}
    for record in table.records():
        tickets = number(record["tickets"])
        if tickets is not None:
            opened[record["asked_party"]] = opened.get(record["asked_party"], 0.0) + tickets
    rows: list[tuple[Cell, ...]] = []
    handed = everything = 0.0
    for record in table.records():
        tickets, whole = number(record["tickets"]), opened.get(record["asked_party"], 0.0)
        share = round(100 * tickets / whole, 2) if tickets is not None and whole else None
        rows.append(
            (record["asked_party"], record["referred_to"], record["tickets"], share, record.get("resolution_hours"))
        )
        if tickets is not None:
            everything += tickets
            handed += tickets if record["referred_to"] not in (None, "nobody", "", record["asked_party"]) else 0.0
    if everything == 0:
        raise InsightRefused("CR-B005", "no tickets were released", place="referrals")
    shown = ShownTable(
        name="matrix",
        title="Contacts by where they open and whom they are handed to",
        columns=_COLUMNS,
        rows=tuple(rows),
    )
    headline = f"{100 * handed / everything:.1f} % of contacts are handed to another party"
    spec = ChartSpec(
        title="Contacts handed on",
        table="matrix",
        mark="heat",
        x=Encoding(column="referred_to", kind="nominal"),
        y=Encoding(column="asked_party", kind="nominal"),
        colour=Encoding(column="tickets", kind="quantitative"),
        description=headline,
    )
    return InsightResult(headline=headline, tables=(shown,), charts=(spec,), withheld=table.withheld())


_COLUMNS = (
    ShownColumn(name="asked_party", title="Asked first"),
    ShownColumn(name="referred_to", title="Handed to"),
    ShownColumn(name="tickets", title="Contacts", unit="tickets"),
    ShownColumn(name="share", title="Of those asked first", unit="%"),
    ShownColumn(name="resolution_hours", title="Mean time to resolution", unit="hours"),
)

INSIGHT = Insight(
    name="referrals",
    title="Referral and bounce matrix",
    question="Where do contacts open, whom are they handed to, and how much time is lost?",
    needs=(DatasetName("service_tickets"), DatasetName("sales")),
    templates=("referrals",),
    explanation=Explanation(
        formula="tickets by party asked first and party handed to; share of the released tickets of that first party",
        unit="tickets; %; hours",
        denominator="released tickets that opened with the party",
        exposure="tickets about units sold by the members",
        censoring="open tickets have no time to resolution and are left out of its mean",
        suppression="withheld cells are left out of the shares, which then are of what is shown",
    ),
    compute=compute,
)
