"""Returns by age and reason: how many by time since the sale, and the share of all of them so far."""

from cleanroom.names import DatasetName
from queries.insights.ages import AgeWords, by_age
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings

_WORDS = AgeWords(
    insight="returns-by-age",
    title="Returns by age and reason",
    age="age_months",
    count="units_returned",
    headline="of returns come back in the month of sale",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Counts and cumulated shares from `returns-by-age-and-reason`: `return_reason`, `age_months`, `units_returned`."""
    return by_age(inputs["returns-by-age-and-reason"], settings, _WORDS)


INSIGHT = Insight(
    name="returns-by-age",
    title="Returns by age and reason",
    question="How soon after the sale do units come back, and why?",
    needs=(
        DatasetName("sales"),
        DatasetName("returns"),
    ),
    templates=("returns-by-age-and-reason",),
    explanation=Explanation(
        formula="units returned by months since sale",
        unit="units; % of all counted",
        denominator="all that have happened so far",
        exposure="calendar months since the sale",
        censoring="what has not happened yet is not in the denominator; the rate insights have it",
        suppression="withheld months enter with their bounds",
    ),
    compute=compute,
)
