"""Registered units over units **sold**: the true denominator comes from the retailers."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="registration-coverage",
    title="Registration coverage",
    part="units_registered",
    whole="units_sold",
    by=("model", "region"),
    share_title="Registered share",
    per=100,
    headline="{share} {unit} of units sold are registered",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Registered share from `registrations-by-model`: columns `model`, `region`, `units_registered`, `units_sold`."""
    return shares(inputs["registrations-by-model"], settings, _WORDS)


INSIGHT = Insight(
    name="registration-coverage",
    title="Registration coverage",
    question="How many of the units sold are registered?",
    needs=(
        DatasetName("sales"),
        DatasetName("registrations"),
    ),
    templates=("registrations-by-model",),
    explanation=Explanation(
        formula="registered units / units sold, same cohort",
        unit="% of units sold",
        denominator="units sold by the members, from the retailers",
        exposure="units sold in the period asked for",
        censoring="units not yet registered count as not registered; see registration lag",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
