"""Owners who bought again, by number of service contacts about their unit, matched on model and quarter of sale.

Contacts are counted by unit, not by owner: whoever owns more units has more contacts and more purchases, and that alone
would look like an effect.

A plain file may leave out ``model`` and ``sale_quarter``: then all owners are one stratum.
"""

from cleanroom.names import DatasetName
from queries.insights.matched import Matched, matched_rates
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
)
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.standardise import StandardRate

_WANTED = ("contacts", "owners", "owners_again")
_NAMES = {1: "one contact", 2: "two or more contacts"}


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Shares from `repurchase`: `contacts`, `model`, `sale_quarter`, `owners`, `owners_again`.

    Each group of owners with contacts stands beside the owners without, both on the mix of models and quarters they
    share; a stratum that only one of them has enters neither.
    """
    table = inputs["repurchase"]
    if not table.has(*_WANTED):
        raise missing_columns("repurchase", _WANTED, table.columns)
    found = matched_rates(table, settings, insight="repurchase", part="owners_again")
    if not found:
        raise InsightRefused(
            "CR-B005", "no model and quarter has released owners with and without contacts", place="repurchase"
        )
    rows = tuple(row for matched in found for row in _rows(matched))
    shown = ShownTable(name="matched", title="Bought again, on the same mix", columns=_COLUMNS, rows=rows)
    spec = ChartSpec(
        title="Owners who bought again, matched on model and quarter of sale",
        table="matched",
        mark="bar",
        x=Encoding(column="compared", kind="nominal"),
        y=Encoding(column="share", kind="quantitative"),
        colour=Encoding(column="group", kind="nominal"),
        low="low",
        high="high",
        description=_headline(found[0]),
    )
    notes = (
        "Matched by direct standardisation over model and quarter of sale; limits by Fay and Feuer.",
        "Owners who contact service may differ in other ways than model and time of sale.",
    )
    return InsightResult(
        headline=_headline(found[0]), tables=(shown,), charts=(spec,), notes=notes, withheld=table.withheld()
    )


def _rows(matched: Matched) -> list[tuple[Cell, ...]]:
    compared = _NAMES.get(matched.group, f"{matched.group} contacts")
    return [
        (compared, group, matched.owners, matched.strata, *_shown(rate))
        for group, rate in (("with contact", matched.rate), ("without, same mix", matched.reference))
    ]


def _shown(rate: StandardRate) -> tuple[Cell, Cell, Cell]:
    point = None if rate.rate is None else round(100 * rate.rate, 3)
    return point, round(100 * rate.low, 3), min(100.0, round(100 * rate.high, 3))


def _headline(matched: Matched) -> str:
    one, other = matched.rate, matched.reference
    compared = _NAMES.get(matched.group, f"{matched.group} contacts")
    if one.rate is None or other.rate is None:
        return f"of owners with {compared} {100 * one.low:.1f} to {min(100.0, 100 * one.high):.1f} % bought again, on the same mix"
    return f"{100 * one.rate:.1f} % of owners with {compared} bought again, {100 * other.rate:.1f} % of those without, on the same mix"


_COLUMNS = (
    ShownColumn(name="compared", title="Compared"),
    ShownColumn(name="group", title="Owners"),
    ShownColumn(name="owners", title="Owners with contact", unit="owners"),
    ShownColumn(name="strata", title="Models and quarters shared"),
    ShownColumn(name="share", title="Bought again", unit="%"),
    ShownColumn(name="low", title="Lower limit", unit="%"),
    ShownColumn(name="high", title="Upper limit", unit="%"),
)

INSIGHT = Insight(
    name="repurchase",
    title="Repurchase after service contact",
    question="Do owners who needed service buy the brand again?",
    needs=(DatasetName("sales"), DatasetName("service_tickets")),
    templates=("repurchase",),
    explanation=Explanation(
        formula="sum over model x quarter of weight x owners with a later purchase / owners; weights are both groups together",
        unit="% of owners",
        denominator="buyers of units sold by the members; contacts are those about the unit",
        exposure="from the quarter of sale to the newest data, the same for both groups of a stratum",
        censoring="recent buyers have had less time to buy again, in both groups alike",
        suppression="withheld counts enter with their bounds; strata without released owners on both sides leave the mix",
        sources=("Fay and Feuer 1997",),
    ),
    compute=compute,
)
