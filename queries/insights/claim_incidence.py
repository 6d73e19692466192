"""Units with at least one claim over units sold: a unit with three claims counts once."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="claim-incidence",
    title="Units with a claim",
    part="units_with_claim",
    whole="units",
    by=("model",),
    share_title="Units with a claim",
    per=1000,
    headline="{share} {unit} units sold have had a claim",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Units with a claim from `claims-by-model`: columns `model`, `units_with_claim`, `units`."""
    return shares(inputs["claims-by-model"], settings, _WORDS)


INSIGHT = Insight(
    name="claim-incidence",
    title="Units with a claim",
    question="How many units sold have had at least one claim?",
    needs=(
        DatasetName("sales"),
        DatasetName("claims"),
    ),
    templates=("claims-by-model",),
    explanation=Explanation(
        formula="units with at least one claim / units sold",
        unit="units with a claim per 1,000 units",
        denominator="units sold",
        exposure="units of different ages together; compare ages with claims-per-1000",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
