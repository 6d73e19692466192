"""Affected units whose owner may be contacted, over affected units sold."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="recall-reach",
    title="Recall reach",
    part="units_reachable",
    whole="units",
    by=("channel",),
    share_title="Reachable",
    per=100,
    headline="{share} {unit} of affected units can be reached",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Reachable from `recall-reach`: columns `channel`, `units_reachable`, `units`."""
    return shares(inputs["recall-reach"], settings, _WORDS)


INSIGHT = Insight(
    name="recall-reach",
    title="Recall reach",
    question="How many affected units can be reached, by channel of sale?",
    needs=(
        DatasetName("sales"),
        DatasetName("registrations"),
    ),
    templates=("recall-reach",),
    explanation=Explanation(
        formula="affected units whose registered owner consents to service contact / affected units sold",
        unit="% of affected units sold",
        denominator="affected units sold",
        exposure="all units of the sale period, however old",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
