"""What owners who needed service bought, beside those who did not: the profit side of service."""

from cleanroom.names import DatasetName
from queries.insights.model import (
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

_WANTED = ("contacts", "owners", "net_amount")


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Means from `served-value`: `contacts` (0 none, 1 at least one), `owners`, `net_amount` (mean per sale line)."""
    table = inputs["served-value"]
    if not table.has(*_WANTED):
        raise missing_columns("served-value", _WANTED, table.columns)
    rows = tuple(
        ("with service contact" if number(r["contacts"]) else "without", r["owners"], r["net_amount"])
        for r in table.records()
    )
    means = {str(row[0]): number(row[2]) for row in rows}
    served, unserved = means.get("with service contact"), means.get("without")
    if served is None or unserved is None:
        raise InsightRefused("CR-B005", "both groups need a released mean", place="served-value")
    headline = f"owners with a service contact spend {served - unserved:+.2f} per purchase against the others"
    shown = ShownTable(name="groups", title="Owners with and without service contact", columns=_COLUMNS, rows=rows)
    spec = ChartSpec(
        title="Mean amount per purchase",
        table="groups",
        mark="bar",
        x=Encoding(column="group", kind="nominal"),
        y=Encoding(column="net_amount", kind="quantitative"),
        description=headline,
    )
    notes = ("Groups are not matched: owners who contact service may differ in what they buy.",)
    return InsightResult(headline=headline, tables=(shown,), charts=(spec,), notes=notes, withheld=table.withheld())


_COLUMNS = (
    ShownColumn(name="group", title="Owners"),
    ShownColumn(name="owners", title="Owners", unit="owners"),
    ShownColumn(name="net_amount", title="Mean amount per purchase", unit="currency"),
)

INSIGHT = Insight(
    name="served-value",
    title="Served and unserved owners",
    question="Do owners who needed service buy more or less?",
    needs=(DatasetName("sales"), DatasetName("service_tickets")),
    templates=("served-value",),
    explanation=Explanation(
        formula="mean amount per sale line, owners with against without a service contact",
        unit="currency",
        denominator="sale lines of owners known to both sides",
        exposure="purchases in the period asked for",
        censoring="later purchases are not seen yet",
        suppression="a withheld mean leaves no comparison",
    ),
    compute=compute,
)
