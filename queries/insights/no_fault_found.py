"""Claims whose bench result is no fault, over claims: by symptom, and by channel of sale.

Not by both at once: one claim in eight or ten has no fault, and cells that thin are withheld in all but large rooms.
"""

from dataclasses import replace

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, beside, shares

_WORDS = ShareWords(
    insight="no-fault-found",
    title="No fault found",
    part="claims_without_fault",
    whole="claims",
    by=("symptom",),
    share_title="No fault found",
    per=100,
    headline="{share} {unit} of claims show no fault",
)
_BY_CHANNEL = replace(_WORDS, title="No fault found, by channel of sale", by=("channel",))


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """No fault found from `no-fault-found` by `symptom`: columns `claims_without_fault`, `claims`.

    The same by `channel` from `no-fault-found-by-channel`.
    """
    by_symptom = shares(inputs["no-fault-found"], settings, _WORDS)
    return beside(by_symptom, shares(inputs["no-fault-found-by-channel"], settings, _BY_CHANNEL), "by_channel")


INSIGHT = Insight(
    name="no-fault-found",
    title="No fault found",
    question="How many claims show no fault on the bench?",
    needs=(
        DatasetName("claims"),
        DatasetName("sales"),
    ),
    templates=("no-fault-found", "no-fault-found-by-channel"),
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
