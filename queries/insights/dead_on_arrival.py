"""Units returned as dead on arrival over units sold."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="dead-on-arrival",
    title="Dead on arrival",
    part="units_dead_on_arrival",
    whole="units",
    by=("model",),
    share_title="Dead on arrival",
    per=1000,
    headline="{share} {unit} units sold were dead on arrival",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Dead on arrival from `returns-by-model`: columns `model`, `units_dead_on_arrival`, `units`."""
    return shares(inputs["returns-by-model"], settings, _WORDS)


INSIGHT = Insight(
    name="dead-on-arrival",
    title="Dead on arrival",
    question="How many units sold did not work out of the box?",
    needs=(
        DatasetName("sales"),
        DatasetName("returns"),
    ),
    templates=("returns-by-model",),
    explanation=Explanation(
        formula="units returned as dead on arrival / units sold",
        unit="units per 1,000 units sold",
        denominator="units sold",
        exposure="all units of the sale period, however old",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
