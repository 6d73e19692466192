"""The demo members' data policies, as the YAML their stewards would keep in git."""

from collections.abc import Mapping
from decimal import Decimal

import yaml

from api.demo import world
from api.demo.files import MAKER_DATASETS, RETAILER_DATASETS

_EVERYBODY = [world.MAKER, *(retailer.name for retailer in world.RETAILERS)]
_PURPOSES = ["warranty", "service", "recall", "benchmark"]
_SHOWN: Mapping[str, object] = {"allow": ["dimension", "filter"]}
_DATE: Mapping[str, object] = {"allow": ["dimension", "filter"], "grain": "month"}
_DISTINCT: Mapping[str, object] = {"allow": ["count_distinct"]}
_ID: Mapping[str, object] = {"allow": ["count", "count_distinct"]}


MINIMUM = 15
"""The largest of the minima below."""

LARGEST_SHARE = Decimal("0.8")
"""What one retailer may bring to a number of several."""


def _money(high: int) -> Mapping[str, object]:
    return {"allow": ["sum", "avg"], "between": [0, high]}


_COLUMNS: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "sales": {
        "sale_id": _ID,
        "region": _SHOWN,
        "channel": _SHOWN,
        "sale_date": _DATE,
        "model": _SHOWN,
        "brand": _SHOWN,
        "care_plan": _SHOWN,
        "contributor": _SHOWN,
        "unit_token": _DISTINCT,
        "buyer_token": _DISTINCT,
        "quantity": {"allow": ["sum"], "between": [-10, 10]},
        "net_amount": {"allow": ["avg"], "between": [0, 2000]},
    },
    "returns": {
        "return_id": _ID,
        "return_date": _DATE,
        "return_reason": _SHOWN,
        "model": _SHOWN,
        "unit_token": _DISTINCT,
    },
    "care_plans": {
        "plan_id": _ID,
        "plan_sku": _SHOWN,
        "sold_date": _DATE,
        "term_months": _SHOWN,
        "model": _SHOWN,
        "unit_token": _DISTINCT,
    },
    "surveys": {
        "survey_id": _ID,
        "sent": _DATE,
        "about": _SHOWN,
        "kind": _SHOWN,
        "touchpoint": _SHOWN,
        "model": _SHOWN,
        "score": {"allow": ["avg"], "between": [0, 10]},
        "unit_token": _DISTINCT,
    },
    "products": {"model": _SHOWN, "gpc_brick": _SHOWN, "gtin": {"allow": ["count"]}},
    "registrations": {
        "registration_id": _ID,
        "registered_date": _DATE,
        "channel": _SHOWN,
        "model": _SHOWN,
        "region": _SHOWN,
        "consent_service": _SHOWN,
        "unit_token": _DISTINCT,
        "owner_token": _DISTINCT,
    },
    "claims": {
        "claim_id": _ID,
        "claim_date": _DATE,
        "model": _SHOWN,
        "region": _SHOWN,
        "symptom": _SHOWN,
        "fault": _SHOWN,
        "outcome": _SHOWN,
        "coverage": _SHOWN,
        "no_fault_found": _SHOWN,
        "total_cost": _money(2000),
        "parts_cost": _money(1000),
        "labour_cost": _money(1000),
        "freight_cost": _money(200),
        "unit_token": _DISTINCT,
        "owner_token": _DISTINCT,
    },
    "service_tickets": {
        "ticket_id": _ID,
        "created": _DATE,
        "channel": _SHOWN,
        "asked_party": _SHOWN,
        "referred_to": _SHOWN,
        "topic": _SHOWN,
        "priority": _SHOWN,
        "first_contact_fix": _SHOWN,
        "response_hours": _money(500),
        "resolution_hours": _money(2000),
        "csat": {"allow": ["avg"], "between": [1, 5]},
        "unit_token": _DISTINCT,
        "owner_token": _DISTINCT,
    },
    "repairs": {
        "repair_id": _ID,
        "repair_date": _DATE,
        "model": _SHOWN,
        "repair_status": _SHOWN,
        "turnaround_days": {"allow": ["dimension", "filter", "avg"], "between": [0, 365]},
        "unit_token": _DISTINCT,
    },
    "parts_orders": {
        "order_id": _ID,
        "ordered": _DATE,
        "model": _SHOWN,
        "backorder_days": {"allow": ["filter", "avg"], "between": [0, 365]},
        "unit_token": _DISTINCT,
    },
}
_UNITS = {
    "sales": "buyer_token",
    "returns": "buyer_token",
    "care_plans": "buyer_token",
    "parts_orders": "unit_token",
    "products": "gtin",
}


def policy_texts(member: str) -> tuple[str, ...]:
    """The texts of one member's policies, one per dataset it holds."""
    held = MAKER_DATASETS if member == world.MAKER else RETAILER_DATASETS
    return tuple(_text(member, dataset) for dataset in held if dataset != "products")


def _text(member: str, dataset: str) -> str:
    is_retailer = member != world.MAKER
    tokens = [name for name in _COLUMNS[dataset] if name.endswith("_token")]
    document: dict[str, object] = {
        "apiVersion": "cleanroom/v1",
        "kind": "DataPolicy",
        "member": member,
        "dataset": dataset,
        "version": 1,
        "privacy_unit": _UNITS.get(dataset, "owner_token"),
        "minimum_units": MINIMUM if dataset == "sales" else 10,
        "queriers": _EVERYBODY,
        "receivers": _EVERYBODY,
        "purposes": _PURPOSES,
        "mode": "ad_hoc" if dataset in ("sales", "claims", "registrations") else "templates",
        "joins": {
            "required": dataset == "sales",
            "columns": tokens,
            # Sales beside sales: whether a buyer bought again.
            "with": sorted((set(MAKER_DATASETS) | set(RETAILER_DATASETS)) - ({dataset, "products"} - {"sales"})),
        },
        "columns": {name: dict(grant) for name, grant in _COLUMNS[dataset].items()},
        "release": {"mechanism": "suppress"},
        "zeros": "release",
        "expires": "2030-12-31",
    }
    if is_retailer:
        document["contributors"] = {"minimum": 3, "largest_share": float(LARGEST_SHARE)}
    return yaml.dump(document, Dumper=_Plain, sort_keys=False)


class _Plain(yaml.SafeDumper):
    """Writes everything out: a policy may hold no anchors."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True
