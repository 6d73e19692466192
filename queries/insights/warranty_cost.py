"""What warranty costs per unit sold and per claim, and where the money goes; always of one cohort."""

from decimal import Decimal

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

_WANTED = ("units", "claims", "total_cost")
_PARTS = ("parts_cost", "labour_cost", "freight_cost")


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Cost per unit and per claim from `warranty-cost`: `model`, `units`, `claims`, `total_cost` and its parts."""
    table = inputs["warranty-cost"]
    if not table.has(*_WANTED):
        raise missing_columns("warranty-cost", _WANTED, table.columns)
    parts = tuple(name for name in _PARTS if table.has(name))
    rows: list[tuple[Cell, ...]] = []
    cost, sold = Decimal(0), Decimal(0)
    for record in table.records():
        units, claims, money = (_money(record[name]) for name in _WANTED)
        shares = (_quotient(_money(record[name]), money, 100) for name in parts)
        rows.append(
            (
                record.get("model"),
                record["units"],
                record["claims"],
                record["total_cost"],
                _quotient(money, units),
                _quotient(money, claims),
                *shares,
            )
        )
        if money is not None and units is not None:
            cost, sold = cost + money, sold + units
    overall = _quotient(cost, sold)
    if overall is None:
        raise InsightRefused("CR-B005", "no row has both cost and units", place="warranty-cost")
    names = tuple(
        ShownColumn(name=f"{name}_share", title=name.removesuffix("_cost").capitalize(), unit="%") for name in parts
    )
    shown = ShownTable(name="cost", title="Warranty cost", columns=(*_COLUMNS, *names), rows=tuple(rows))
    headline = f"warranty costs {overall} per unit sold"
    spec = ChartSpec(
        title="Warranty cost per unit sold",
        table="cost",
        mark="bar",
        x=Encoding(column="model", kind="nominal"),
        y=Encoding(column="per_unit", kind="quantitative"),
        description=headline,
    )
    return InsightResult(headline=headline, tables=(shown,), charts=(spec,), notes=(_NOTE,), withheld=table.withheld())


def _money(cell: Cell) -> Decimal | None:
    value = number(cell)
    return None if value is None else Decimal(str(cell))


def _quotient(part: Decimal | None, whole: Decimal | None, times: int = 1) -> Decimal | None:
    if part is None or whole is None or whole == 0:
        return None
    return (times * part / whole).quantize(Decimal("0.01"))


_NOTE = "Cost and units are of the same sales, never this month's claims over this month's sales."
_COLUMNS = (
    ShownColumn(name="model", title="Model"),
    ShownColumn(name="units", title="Units sold", unit="units"),
    ShownColumn(name="claims", title="Claims", unit="claims"),
    ShownColumn(name="total_cost", title="Cost", unit="currency"),
    ShownColumn(name="per_unit", title="Cost per unit sold", unit="currency per unit"),
    ShownColumn(name="per_claim", title="Cost per claim", unit="currency per claim"),
)

INSIGHT = Insight(
    name="warranty-cost",
    title="Warranty cost",
    question="What does warranty cost per unit sold and per claim?",
    needs=(DatasetName("sales"), DatasetName("claims")),
    templates=("warranty-cost",),
    explanation=Explanation(
        formula="cost / units sold; cost / claims; parts, labour and freight / cost",
        unit="currency per unit, per claim; %",
        denominator="units sold of the same cohort",
        exposure="claims so far on the cohort's units",
        censoring="none: cost so far; use life-fit for what is to come",
        suppression="a row with a withheld cost or number of units shows no quotient",
    ),
    compute=compute,
)
