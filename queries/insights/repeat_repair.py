"""Repaired units with a further claim, over repaired units."""

from cleanroom.names import DatasetName
from queries.insights.model import Explanation, Inputs, Insight, InsightResult, Settings
from queries.insights.shares import SUPPRESSION, ShareWords, shares

_WORDS = ShareWords(
    insight="repeat-repair",
    title="Repeat repairs",
    part="units_repeated",
    whole="units_repaired",
    by=("model",),
    share_title="Claimed again",
    per=100,
    headline="{share} {unit} of repaired units have claimed more than once",
)


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Claimed again from `repeat-repairs`: columns `model`, `units_repeated`, `units_repaired`."""
    return shares(inputs["repeat-repairs"], settings, _WORDS)


INSIGHT = Insight(
    name="repeat-repair",
    title="Repeat repairs",
    question="How many repaired units fail again?",
    needs=(
        DatasetName("repairs"),
        DatasetName("claims"),
        DatasetName("sales"),
    ),
    templates=("repeat-repairs",),
    explanation=Explanation(
        formula="repaired units with two or more claims / repaired units",
        unit="% of repaired units",
        denominator="units with a finished repair",
        exposure="recent repairs have had less time to fail again, so the share is a floor",
        censoring="none: a share of what has happened so far",
        suppression=SUPPRESSION,
        sources=("Wilson 1927 for the limits",),
    ),
    compute=compute,
)
