"""The stages of ownership as shares of the units sold.

Two questions, not one that joins all five datasets: what a member holds of any of them would be tested against all.
"""

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

_STAGES = (
    ("units", "sold"),
    ("units_registered", "registered"),
    ("units_contacted", "with a service contact"),
    ("units_claimed", "with a claim"),
    ("units_repaired", "repaired"),
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Stages from `funnel`, one row: `units`, `units_registered`, `units_contacted`.

    Further ones from `funnel-claims`, one row: `units_claimed`, `units_repaired`.
    """
    table, further = inputs["funnel"], inputs["funnel-claims"]
    if not table.has("units") or not table.rows:
        raise missing_columns("funnel", ("units",), table.columns)
    if not further.has("units_claimed") or not further.rows:
        raise missing_columns("funnel-claims", ("units_claimed", "units_repaired"), further.columns)
    record = {**further.records()[0], **table.records()[0]}
    sold = number(record["units"])
    if not sold:
        raise InsightRefused("CR-B005", "the number of units sold was not released", place="funnel")
    rows: list[tuple[Cell, ...]] = []
    for column, name in _STAGES:
        if column in record:
            value = number(record[column])
            rows.append((name, record[column], None if value is None else round(100 * value / sold, 2)))
    shown = ShownTable(name="stages", title="Stages of ownership", columns=_COLUMNS, rows=tuple(rows))
    headline = "of 100 units sold: " + ", ".join(f"{row[2]} {row[0]}" for row in rows[1:] if row[2] is not None)
    spec = ChartSpec(
        title="Stages of ownership",
        table="stages",
        mark="bar",
        x=Encoding(column="stage", kind="nominal"),
        y=Encoding(column="share", kind="quantitative"),
        description=headline,
    )
    return InsightResult(
        headline=headline, tables=(shown,), charts=(spec,), withheld=table.withheld() + further.withheld()
    )


_COLUMNS = (
    ShownColumn(name="stage", title="Stage"),
    ShownColumn(name="units", title="Units", unit="units"),
    ShownColumn(name="share", title="Of units sold", unit="%"),
)

INSIGHT = Insight(
    name="funnel",
    title="Lifecycle funnel",
    question="How many units reach each stage of ownership?",
    needs=tuple(DatasetName(n) for n in ("sales", "registrations", "service_tickets", "claims", "repairs")),
    templates=("funnel", "funnel-claims"),
    explanation=Explanation(
        formula="units at a stage / units sold",
        unit="units; % of units sold",
        denominator="units sold",
        exposure="units of all ages together",
        censoring="none: what has happened so far",
        suppression="a withheld stage is shown as withheld",
    ),
    compute=compute,
)
