"""What owners who needed service bought, beside those who did not, matched on model and quarter of sale.

The profit side of service. A plain file may leave out ``model`` and ``sale_quarter``: then all owners are one stratum.
"""

from cleanroom.names import DatasetName
from queries.insights.matched import stratum_of
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
    Table,
    number,
)
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.standardise import Stratum

_WANTED = ("contacts", "owners", "net_amount")
_Means = dict[Stratum, tuple[float, float]]


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Means from `served-value`: `contacts` (0 none, 1 at least one), `model`, `sale_quarter`, `owners`, `net_amount`.

    The difference is of means within each model and quarter, weighted by the owners of both groups there.
    """
    table = inputs["served-value"]
    if not table.has(*_WANTED):
        raise missing_columns("served-value", _WANTED, table.columns)
    served, unserved = _means(table, served=True), _means(table, served=False)
    shared = sorted(set(served) & set(unserved))
    if not shared:
        raise InsightRefused(
            "CR-B005", "both groups need released means in one model and quarter", place="served-value"
        )
    weights = {s: served[s][0] + unserved[s][0] for s in shared}
    one, other = (_weighted(means, weights) for means in (served, unserved))
    rows = (
        ("with service contact", int(sum(served[s][0] for s in shared)), len(shared), round(one, 4)),
        ("without, same mix", int(sum(unserved[s][0] for s in shared)), len(shared), round(other, 4)),
    )
    headline = (
        f"owners with a service contact spend {one - other:+.2f} per purchase against the others, on the same mix"
    )
    shown = ShownTable(name="groups", title="Owners with and without service contact", columns=_COLUMNS, rows=rows)
    spec = ChartSpec(
        title="Mean amount per purchase, matched on model and quarter of sale",
        table="groups",
        mark="bar",
        x=Encoding(column="group", kind="nominal"),
        y=Encoding(column="net_amount", kind="quantitative"),
        description=headline,
    )
    notes = ("Owners who contact service may differ in other ways than model and time of sale.",)
    return InsightResult(headline=headline, tables=(shown,), charts=(spec,), notes=notes, withheld=table.withheld())


def _means(table: Table, *, served: bool) -> _Means:
    """Owners and mean amount of one group by stratum, where both were released."""
    found: _Means = {}
    for record in table.records():
        contacts, owners, mean = (number(record[name]) for name in _WANTED)
        if contacts is not None and bool(contacts) == served and owners and mean is not None:
            found[stratum_of(record)] = (owners, mean)
    return found


def _weighted(means: _Means, weights: dict[Stratum, float]) -> float:
    return sum(weights[s] * means[s][1] for s in weights) / sum(weights.values())


_COLUMNS = (
    ShownColumn(name="group", title="Owners"),
    ShownColumn(name="owners", title="Owners", unit="owners"),
    ShownColumn(name="strata", title="Models and quarters shared"),
    ShownColumn(name="net_amount", title="Mean amount per purchase", unit="currency"),
)

INSIGHT = Insight(
    name="served-value",
    title="Served and unserved owners",
    question="Do owners who needed service buy more or less?",
    needs=(DatasetName("sales"), DatasetName("service_tickets")),
    templates=("served-value",),
    explanation=Explanation(
        formula="sum over model x quarter of weight x mean amount per sale line, owners with against without a service contact",
        unit="currency",
        denominator="sale lines of owners known to both sides",
        exposure="purchases in the period asked for, compared within the same model and quarter of sale",
        censoring="later purchases are not seen yet",
        suppression="a stratum with a withheld mean or number of owners leaves the comparison",
    ),
    compute=compute,
)
