"""Care plans by time since sale: how many by time since the sale, and the share of all of them so far."""

from cleanroom.names import DatasetName
from queries.insights.ages import AgeWords, by_age
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings

_WORDS = AgeWords(
    insight="attach-lag",
    title="Care plans by time since sale",
    age="lag_months",
    count="units_with_plan",
    headline="of care plans are sold in the month of sale",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Counts and cumulated shares from `care-plan-attach-lag`: `lag_months`, `units_with_plan`."""
    return by_age(inputs["care-plan-attach-lag"], settings, _WORDS)


INSIGHT = Insight(
    name="attach-lag",
    title="Care plans by time since sale",
    question="How long after the sale are care plans sold?",
    needs=(
        DatasetName("sales"),
        DatasetName("care_plans"),
    ),
    templates=("care-plan-attach-lag",),
    explanation=Explanation(
        formula="care plans by months since sale",
        unit="units; % of all counted",
        denominator="all that have happened so far",
        exposure="calendar months since the sale",
        censoring="what has not happened yet is not in the denominator; the rate insights have it",
        suppression="withheld months enter with their bounds",
    ),
    compute=compute,
)
