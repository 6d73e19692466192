"""The insight library: one file each, listed here. ``find`` is the only way to one by name, ``computed`` to its answer."""

from dataclasses import replace

from queries.insights import (
    attach_lag,
    care_plan_attach,
    claim_frequency,
    claim_incidence,
    claims_per_1000,
    coverage_overlap,
    dead_on_arrival,
    early_failure,
    first_contact_fix,
    funnel,
    just_missed,
    life_fit,
    missing_denominator,
    nevada,
    no_fault_found,
    overlap,
    parts_backorder,
    recall_reach,
    referrals,
    registration_coverage,
    registration_lag,
    repair_turnaround,
    repeat_repair,
    repurchase,
    retailer_effect,
    return_rate,
    returns_by_age,
    satisfaction_gap,
    served_value,
    survival,
    warranty_cost,
)
from queries.insights.model import Inputs, Insight, InsightResult, Settings
from queries.insights.refused import InsightRefused
from queries.insights.withheld import said_of_withheld

INSIGHTS: tuple[Insight, ...] = (
    missing_denominator.INSIGHT,
    registration_coverage.INSIGHT,
    registration_lag.INSIGHT,
    claim_incidence.INSIGHT,
    claim_frequency.INSIGHT,
    claims_per_1000.INSIGHT,
    nevada.INSIGHT,
    life_fit.INSIGHT,
    survival.INSIGHT,
    early_failure.INSIGHT,
    warranty_cost.INSIGHT,
    no_fault_found.INSIGHT,
    return_rate.INSIGHT,
    returns_by_age.INSIGHT,
    dead_on_arrival.INSIGHT,
    care_plan_attach.INSIGHT,
    attach_lag.INSIGHT,
    coverage_overlap.INSIGHT,
    referrals.INSIGHT,
    first_contact_fix.INSIGHT,
    repair_turnaround.INSIGHT,
    repeat_repair.INSIGHT,
    parts_backorder.INSIGHT,
    satisfaction_gap.INSIGHT,
    repurchase.INSIGHT,
    served_value.INSIGHT,
    just_missed.INSIGHT,
    recall_reach.INSIGHT,
    funnel.INSIGHT,
    overlap.INSIGHT,
    retailer_effect.INSIGHT,
)


def find(name: str) -> Insight:
    """The insight called ``name``; CR-B001 where there is none."""
    for insight in INSIGHTS:
        if insight.name == name:
            return insight
    raise InsightRefused("CR-B001", "no such insight", help="`cleanroom insight list` names them all", place="insight")


def computed(insight: Insight, inputs: Inputs, settings: Settings) -> InsightResult:
    """What ``insight`` says of ``inputs``, with what its reader must know about withheld numbers; raises as ``compute``."""
    result = insight.compute(inputs, settings)
    return replace(result, notes=(*result.notes, *said_of_withheld(inputs, settings)))
