"""Part-order lines that waited, over order lines, by model; mean days waited by model and region.

One line in four waits: by model and region at once too few do to be shown.
"""

from dataclasses import replace

from cleanroom.names import DatasetName
from queries.insights.model import (
    Explanation,
    Inputs,
    Insight,
    InsightResult,
    Settings,
    ShownColumn,
    ShownTable,
)
from queries.insights.refused import missing_columns
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="parts-backorder",
    title="Parts on backorder",
    part="orders_delayed",
    whole="orders",
    by=("model",),
    share_title="Waited",
    per=100,
    headline="{share} {unit} of part orders waited",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Waited from `parts-delayed`: columns `model`, `orders_delayed`, `orders`.

    Mean days from `parts-backorder`: columns `model`, `region`, `orders`, `backorder_days`.
    """
    waited, days = shares(inputs["parts-delayed"], settings, _WORDS), inputs["parts-backorder"]
    if not days.has("orders", "backorder_days"):
        raise missing_columns("parts-backorder", ("orders", "backorder_days"), days.columns)
    columns = tuple(column for column in _DAYS if days.has(column.name))
    rows = tuple(tuple(record[column.name] for column in columns) for record in days.records())
    shown = ShownTable(name="days", title="Mean days on backorder", columns=columns, rows=rows)
    return replace(waited, tables=(*waited.tables, shown), withheld=waited.withheld + days.withheld())


_DAYS = (
    ShownColumn(name="model", title="Model"),
    ShownColumn(name="region", title="Region"),
    ShownColumn(name="orders", title="Order lines", unit="orders"),
    ShownColumn(name="backorder_days", title="Mean days on backorder", unit="days"),
)


INSIGHT = Insight(
    name="parts-backorder",
    title="Parts on backorder",
    question="How many part orders wait, by model and region?",
    needs=(
        DatasetName("parts_orders"),
        DatasetName("sales"),
    ),
    templates=("parts-delayed", "parts-backorder"),
    explanation=Explanation(
        formula="order lines that waited / order lines; mean days beside it in the table",
        unit="% of order lines",
        denominator="order lines for units sold by the members",
        exposure="all units of the sale period, however old",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
