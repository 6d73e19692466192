"""Units with a care plan over units sold."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="care-plan-attach",
    title="Care-plan attach rate",
    part="units_with_plan",
    whole="units",
    by=("model",),
    share_title="Attach rate",
    per=100,
    headline="{share} {unit} of units sold have a care plan",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Attach rate from `care-plan-attach`: columns `model`, `units_with_plan`, `units`."""
    return shares(inputs["care-plan-attach"], settings, _WORDS)


INSIGHT = Insight(
    name="care-plan-attach",
    title="Care-plan attach rate",
    question="How many units are sold with a care plan?",
    needs=(
        DatasetName("sales"),
        DatasetName("care_plans"),
    ),
    templates=("care-plan-attach",),
    explanation=Explanation(
        formula="units with a plan / units sold",
        unit="% of units sold",
        denominator="units sold that could have a plan",
        exposure="all units of the sale period, however old",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
