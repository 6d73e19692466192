"""Columns as people print them -> the names the insights know: ``Qty`` is units, ``Hours`` a time, ``F/S`` an event.

A worked example from a book comes in its own words. A column that already has a known name keeps it; another takes the
first known name it is a spelling of, if no other column has that. What is not a spelling of anything stays as it is.
"""

import re
from collections.abc import Mapping

from queries.insights.model import Table

SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "sale_month": (
        "sold_in", "sold_month", "sales_month", "sale_period", "month_sold", "month_of_sale", "month",
        "sale_date", "sale_quarter", "ship_month", "shipped", "ship", "ship_period", "ship_date", "shipment_month",
        "month_shipped", "production_month", "produced", "build_month", "cohort", "in_service_month", "period", "sold", "sale",
    ),
    "claim_month": (
        "claimed_in", "month_of_claim", "claim_period", "claim_date", "claim_quarter", "claimed", "return_month",
        "returned_in", "return_period", "returned", "failure_month", "failed_in", "failure_period", "repair_month",
    ),
    "mis": ("months_in_service", "month_in_service", "age", "age_months", "months", "service_months", "tis",
            "time_in_service", "age_at_claim", "age_at_failure"),
    "units": (
        "units_sold", "sold_units", "quantity", "qty", "quantity_sold", "quantity_shipped", "qty_sold", "qty_shipped",
        "volume", "sales", "sales_volume", "number_sold", "number_shipped", "in_service", "number_in_service",
        "exposure", "units_at_risk", "at_risk", "n", "total", "trials", "population", "shipments", "shipped", "sold",
        "unit_months", "size", "sample_size", "number_tested",
    ),
    "claims": ("returns", "failures", "failed", "number_of_claims", "number_of_failures", "number_of_returns",
               "claim_count", "events", "repairs", "defects", "count", "returned", "number_returned"),
    "units_with_claim": ("units_claimed", "failed_units", "failed", "failures", "claims", "events", "defective",
                         "defects", "successes", "x", "cases", "deaths", "returned", "returns", "number_failed", "count"),
    "units_sold": ("units", "sold", "sales", "n", "total", "trials", "quantity", "qty", "population", "number_sold"),
    "units_registered": ("registered", "registrations", "successes", "x", "count", "number_registered"),
    "units_returned": ("returned", "returns", "successes", "x", "count", "number_returned"),
    "model": ("product", "product_model", "group", "item", "sku", "plant", "stratum", "age_group"),
    "time": (
        "age", "t", "ttf", "time_to_failure", "time_to_event", "failure_time", "failuretime", "life", "lifetime",
        "duration", "hours", "hour", "hrs", "khours", "thousands_of_hours", "cycles", "kilocycles", "kcycles",
        "thousands_of_cycles", "cycles_to_failure", "miles", "mileage", "kilometers", "kilometres", "km", "distance",
        "days", "weeks", "months", "years", "minutes", "millions_of_revolutions", "revolutions", "state_end_time",
        "end_time", "stop", "stop_time", "exit", "exit_time", "survival_time", "x", "test_time", "operating_hours",
        "load_cycles", "mis", "months_in_service",
    ),
    "event": ("status", "state", "f_s", "f_or_s", "s_f", "s_or_f", "state_f_or_s", "failed", "failure", "fail",
              "indicator", "event_observed", "observed", "delta", "d", "outcome", "mode", "failure_mode", "dead",
              "death", "relapse", "type", "code"),
    "censored": ("censor", "censoring", "cens", "is_censored", "censor_code", "suspended", "suspension",
                 "censoring_indicator", "censor_indicator", "right_censored"),
    "count": ("counts", "n", "number", "num", "no", "qty", "quantity", "frequency", "freq", "weight", "weights",
              "number_in_state", "units", "devices", "number_of_units", "multiplicity", "how_many",
              "failures", "deaths", "number_failed", "number_of_failures", "returns", "claims", "relapses"),
    "start": ("lower", "left", "low", "from", "begin", "last_inspected", "last_inspection", "interval_start", "lo",
              "lower_bound", "start_time", "lower_limit"),
    "end": ("upper", "right", "high", "to", "until", "interval_end", "hi", "upper_bound", "end_time", "state_end_time",
            "upper_limit", "inspection_time", "readout_time", "inspected_at", "readout"),
    "entry": ("entry_time", "truncation", "truncation_time", "left_truncation", "truncated_at", "delayed_entry",
              "entered", "left_truncated_at"),
    "failures": ("failed", "failure", "fail", "fails", "deaths", "died", "events", "returns", "claims", "defects",
                 "number_failed", "number_of_failures", "new_failures", "relapses"),
    "suspensions": ("suspended", "survivors", "survived", "surviving", "removed", "removals", "withdrawn",
                    "withdrawals", "running", "lost", "censored", "number_censored", "right_censored", "losses",
                    "number_suspended", "still_running", "unfailed", "censorings"),
    "who": ("retailer", "group", "population", "seller"),
    "sale_year": ("year",),
    "weight": ("weights", "standard", "standard_population", "standard_weight"),
    "group": ("arm", "treatment", "sample", "plant", "model", "product", "batch", "lot", "cohort"),
}  # fmt: skip
"""Known name -> how else people write it, the likeliest first."""


def spelled(table: Table, wanted: tuple[str, ...]) -> Table:
    """``table`` with columns renamed to those of ``wanted`` they are a spelling of."""
    written = [plain_name(name) for name in table.columns]
    names = list(table.columns)
    for name in wanted:
        if name in written and name not in names:
            names[written.index(name)] = name
    taken = {name for name in wanted if name in names}
    for name in (name for name in wanted if name not in taken):
        for spelling in SPELLINGS.get(name, ()):
            at = written.index(spelling) if spelling in written else None
            if at is not None and names[at] not in wanted:
                names[at] = name
                break
    return Table(columns=tuple(names), rows=table.rows)


def plain_name(name: str) -> str:
    """A header without unit, case and punctuation: ``Time to Failure (hr)`` is ``time_to_failure``."""
    bare = re.sub(r"[(\[].*?[)\]]", " ", name.strip().casefold()) if not name.strip().startswith("(") else name
    return re.sub(r"[^a-z0-9]+", "_", bare.casefold().replace("#", "number ")).strip("_")
