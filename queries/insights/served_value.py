"""What owners bought after a service contact, and what the contact's warranty had cost, beside units without contact.

The profit side of service. Units are followed, not owners: a later purchase counts once for each unit its owner had in
the stratum. Contacts and cost count up to a day, the landmark, and purchases from it on, as in `repurchase`.

Units without contact are all units less those with one. Later purchases are matched on model and year of sale, cost on
the year alone: what cost is left without a contact is of too few owners by model.
A plain file may leave out ``model`` and ``sale_year``: then all units are one stratum, and there are no limits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

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
from queries.statistics.matched_groups import Difference, mantel_haenszel_weight, paired_difference

_BOUGHT = ("units", "purchases", "net_amount", "units_contacted", "purchases_contacted", "net_amount_contacted")
_COST = ("units", "total_cost", "units_contacted", "total_cost_contacted")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stratum:
    """Money per unit with contact and without, and how many units those are."""

    units: float
    rest: float
    served: float
    unserved: float

    @property
    def weight(self) -> float:
        return mantel_haenszel_weight(self.units, self.rest)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """From `served-value`: units, purchases after the landmark and their mean amount, of all and of contacted units.

    From `served-cost`: units and total cost before the landmark, of all and of contacted units.
    """
    bought, cost = inputs["served-value"], inputs["served-cost"]
    for table, name, wanted in ((bought, "served-value", _BOUGHT), (cost, "served-cost", _COST)):
        if not table.has(*wanted):
            raise missing_columns(name, wanted, table.columns)
    later = [found for record in bought.records() if (found := _later(record)) is not None]
    if not later:
        raise InsightRefused(
            "CR-B005", "both groups need released purchases in one model and year", place="served-value"
        )
    paid = [found for record in cost.records() if (found := _paid(record)) is not None]
    difference = paired_difference([(s.served - s.unserved, s.weight) for s in later], confidence=settings.confidence)
    headline = f"after a service contact owners buy for {_said(difference)} per unit than the others, on the same mix"
    groups = ShownTable(
        name="groups",
        title="Units with and without a service contact",
        columns=_COLUMNS,
        rows=(
            ("with service contact", *_row([(s.units, s.served, s.weight) for s in later]), _mean(paid, served=True)),
            ("without, same mix", *_row([(s.rest, s.unserved, s.weight) for s in later]), _mean(paid, served=False)),
        ),
    )
    shown = ShownTable(
        name="difference",
        title="With contact less without",
        columns=_DIFFERENCE,
        rows=(_limits(difference, len(later)),),
    )
    spec = ChartSpec(
        title="Purchases after the landmark per unit, matched on model and year of sale",
        table="groups",
        mark="bar",
        x=Encoding(column="group", kind="nominal"),
        y=Encoding(column="later", kind="quantitative"),
        description=headline,
    )
    return InsightResult(
        headline=headline,
        tables=(groups, shown),
        charts=(spec,),
        notes=(*_NOTES, *(() if paid else (_NO_COST,))),
        withheld=bought.withheld() + cost.withheld(),
    )


def _later(record: Mapping[str, Cell]) -> _Stratum | None:
    """A stratum's purchases per unit, where everything it takes was released."""
    return _parted(
        record,
        _amount(record["purchases"], record["net_amount"]),
        _amount(record["purchases_contacted"], record["net_amount_contacted"]),
    )


def _paid(record: Mapping[str, Cell]) -> _Stratum | None:
    return _parted(record, number(record["total_cost"]), number(record["total_cost_contacted"]))


def _parted(record: Mapping[str, Cell], whole: float | None, part: float | None) -> _Stratum | None:
    units, contacted = number(record["units"]), number(record["units_contacted"])
    if whole is None or part is None or units is None or not contacted or contacted >= units:
        return None
    rest = units - contacted
    return _Stratum(units=contacted, rest=rest, served=part / contacted, unserved=(whole - part) / rest)


def _amount(count: Cell, mean: Cell) -> float | None:
    """Sum of amounts; no purchases are no money, though they have no mean."""
    known, each = number(count), number(mean)
    if known == 0:
        return 0.0
    return None if known is None or each is None else known * each


def _row(found: list[tuple[float, float, float]]) -> tuple[Cell, Cell, Cell]:
    weights = sum(weight for _, _, weight in found)
    mean = sum(money * weight for _, money, weight in found) / weights
    return int(sum(units for units, _, _ in found)), len(found), round(mean, 2)


def _mean(paid: list[_Stratum], *, served: bool) -> Cell:
    weights = sum(s.weight for s in paid)
    return round(sum((s.served if served else s.unserved) * s.weight for s in paid) / weights, 2) if paid else None


def _limits(found: Difference, strata: int) -> tuple[Cell, ...]:
    has_limits = strata > 1
    low, high = (round(end, 2) if has_limits else None for end in (found.interval.low, found.interval.high))
    return strata, round(found.point, 2), low, high


def _said(found: Difference) -> str:
    _, point, low, high = _limits(found, 2 if abs(found.interval.low) < float("inf") else 1)
    return f"{point:+.2f}" + ("" if low is None else f" ({low:+.2f} to {high:+.2f})") + " more"


_NOTES = (
    "Limits are of a paired t-test over models and years, weighted by Mantel and Haenszel: the spread of single amounts is not released.",
    "Owners who contact service may differ in other ways than model and year of sale.",
    "Cost is what claims had cost before the landmark; it has no limits, as nothing is drawn at random: all of it is counted.",
)
_NO_COST = "Cost is not shown: no year has released cost of units with and without contact."
_COLUMNS = (
    ShownColumn(name="group", title="Units"),
    ShownColumn(name="units", title="Units", unit="units"),
    ShownColumn(name="strata", title="Models and years shared"),
    ShownColumn(name="later", title="Bought after the landmark", unit="currency per unit"),
    ShownColumn(name="cost", title="Warranty cost before it", unit="currency per unit"),
)
_DIFFERENCE = (
    ShownColumn(name="strata", title="Models and years shared"),
    ShownColumn(name="difference", title="Difference", unit="currency per unit"),
    ShownColumn(name="low", title="Lower limit", unit="currency per unit"),
    ShownColumn(name="high", title="Upper limit", unit="currency per unit"),
)

INSIGHT = Insight(
    name="served-value",
    title="Served and unserved owners",
    question="Do owners who needed service buy more or less, and what had it cost?",
    needs=(DatasetName("sales"), DatasetName("service_tickets"), DatasetName("claims")),
    templates=("served-value", "served-cost"),
    explanation=Explanation(
        formula="sum over model x year of w x (purchases x mean amount / units, with contact less without) / sum of w; w = n1 n0 / (n1 + n0)",
        unit="currency per unit",
        denominator="units of known owners sold before the landmark; of cost, all units sold before it",
        exposure="purchases from the landmark to the last month asked for, the same for everybody; cost before the landmark",
        censoring="none: everybody is followed over the same months",
        suppression="a stratum with a withheld number leaves the comparison, on both sides; where those are the strata with few purchases "
        "after a contact, the difference is too high",
        sources=("Student 1908", "Mantel and Haenszel 1959", "Anderson, Cain and Gelber 1983"),
    ),
    compute=compute,
)
