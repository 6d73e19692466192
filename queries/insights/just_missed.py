"""Failures around the end of warranty: how many by time since the sale, and the share of all of them so far."""

from cleanroom.names import DatasetName
from queries.insights.ages import AgeWords, by_age
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings

_WORDS = AgeWords(
    insight="just-missed",
    title="Failures around the end of warranty",
    age="mis",
    count="claims",
    headline="of these failures come in the first of these months",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Counts and cumulated shares from `failures-around-expiry`: `mis`, `claims`."""
    return by_age(inputs["failures-around-expiry"], settings, _WORDS)


INSIGHT = Insight(
    name="just-missed",
    title="Failures around the end of warranty",
    question="How many failures come just after the warranty ended?",
    needs=(
        DatasetName("sales"),
        DatasetName("claims"),
    ),
    templates=("failures-around-expiry",),
    explanation=Explanation(
        formula="claims in each month around month 24; just missed are those from month 24 on",
        unit="units; % of all counted",
        denominator="all that have happened so far",
        exposure="calendar months since the sale",
        censoring="what has not happened yet is not in the denominator; the rate insights have it",
        suppression="withheld months enter with their bounds",
    ),
    compute=compute,
)
