"""Tickets solved at first contact over tickets, by channel and priority."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="first-contact-fix",
    title="First-contact fix",
    part="first_contact_fixes",
    whole="tickets",
    by=("channel", "priority"),
    share_title="Solved at first contact",
    per=100,
    headline="{share} {unit} of contacts are solved at first contact",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Solved at first contact from `first-response`: columns `channel`, `priority`, `first_contact_fixes`, `tickets`."""
    return shares(inputs["first-response"], settings, _WORDS)


INSIGHT = Insight(
    name="first-contact-fix",
    title="First-contact fix",
    question="How many contacts are solved at once?",
    needs=(
        DatasetName("service_tickets"),
        DatasetName("sales"),
    ),
    templates=("first-response",),
    explanation=Explanation(
        formula="tickets solved at first contact / tickets",
        unit="% of tickets",
        denominator="tickets about units sold by the members",
        exposure="all units of the sale period, however old",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
