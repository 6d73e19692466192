"""Claims whose bench result is no fault, over claims, by symptom and channel of sale."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="no-fault-found",
    title="No fault found",
    part="claims_without_fault",
    whole="claims",
    by=("symptom", "channel"),
    share_title="No fault found",
    per=100,
    headline="{share} {unit} of claims show no fault",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """No fault found from `no-fault-found`: columns `symptom`, `channel`, `claims_without_fault`, `claims`."""
    return shares(inputs["no-fault-found"], settings, _WORDS)


INSIGHT = Insight(
    name="no-fault-found",
    title="No fault found",
    question="How many claims show no fault on the bench?",
    needs=(
        DatasetName("claims"),
        DatasetName("sales"),
    ),
    templates=("no-fault-found",),
    explanation=Explanation(
        formula="claims without a fault / claims",
        unit="% of claims",
        denominator="claims on units sold by the members",
        exposure="all units of the sale period, however old",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
