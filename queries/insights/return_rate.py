"""Units returned over units sold of the same cohort."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="return-rate",
    title="Return rate",
    part="units_returned",
    whole="units",
    by=("model",),
    share_title="Returned",
    per=100,
    headline="{share} {unit} of units sold came back",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Returned from `returns-by-model`: columns `model`, `units_returned`, `units`."""
    return shares(inputs["returns-by-model"], settings, _WORDS)


INSIGHT = Insight(
    name="return-rate",
    title="Return rate",
    question="How many units sold come back?",
    needs=(
        DatasetName("sales"),
        DatasetName("returns"),
    ),
    templates=("returns-by-model",),
    explanation=Explanation(
        formula="units returned / units sold, same cohort",
        unit="% of units sold",
        denominator="units sold",
        exposure="young sales have had less time to come back",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
