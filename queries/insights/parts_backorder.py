"""Part-order lines that waited, over order lines."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="parts-backorder",
    title="Parts on backorder",
    part="orders_delayed",
    whole="orders",
    by=("model", "region"),
    share_title="Waited",
    per=100,
    headline="{share} {unit} of part orders waited",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Waited from `parts-backorder`: columns `model`, `region`, `orders_delayed`, `orders`."""
    return shares(inputs["parts-backorder"], settings, _WORDS)


INSIGHT = Insight(
    name="parts-backorder",
    title="Parts on backorder",
    question="How many part orders wait, by model and region?",
    needs=(
        DatasetName("parts_orders"),
        DatasetName("sales"),
    ),
    templates=("parts-backorder",),
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
