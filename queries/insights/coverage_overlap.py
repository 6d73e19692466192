"""Claims by who paid, and how many are on units that held a care plan."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="coverage-overlap",
    title="Claims the maker paid on units with a care plan",
    part="claims_with_plan",
    whole="claims",
    by=("coverage",),
    share_title="On units with a plan",
    per=100,
    headline="{share} {unit} of claims are on units with a care plan",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """On units with a plan from `coverage-overlap`: columns `coverage`, `claims_with_plan`, `claims`."""
    return shares(inputs["coverage-overlap"], settings, _WORDS)


INSIGHT = Insight(
    name="coverage-overlap",
    title="Claims the maker paid on units with a care plan",
    question="How many claims did the maker pay although a care plan was held?",
    needs=(
        DatasetName("claims"),
        DatasetName("care_plans"),
    ),
    templates=("coverage-overlap",),
    explanation=Explanation(
        formula="claims on units with a care plan / claims, by who paid",
        unit="% of claims",
        denominator="claims; read the row of the maker for double payment",
        exposure="all units of the sale period, however old",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
