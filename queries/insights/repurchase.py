"""Owners with a further purchase, over owners, by number of service contacts."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="repurchase",
    title="Repurchase after service contact",
    part="owners_again",
    whole="owners",
    by=("contacts",),
    share_title="Bought again",
    per=100,
    headline="{share} {unit} of owners bought again",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Bought again from `repurchase`: columns `contacts`, `owners_again`, `owners`."""
    return shares(inputs["repurchase"], settings, _WORDS)


INSIGHT = Insight(
    name="repurchase",
    title="Repurchase after service contact",
    question="Do owners who needed service buy the brand again?",
    needs=(
        DatasetName("sales"),
        DatasetName("service_tickets"),
    ),
    templates=("repurchase",),
    explanation=Explanation(
        formula="owners with two or more purchases / owners, by number of contacts",
        unit="% of owners",
        denominator="owners known by the same e-mail or phone to both sides",
        exposure="owners of any age; recent buyers have had less time to buy again",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
