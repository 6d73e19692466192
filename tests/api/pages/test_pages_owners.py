"""Repurchase and later revenue in a room: the maker asks of its own contacts and the retailers' buyers, and is answered."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime

import pytest
from api_case import CLAIMS, Case, token
from fastapi.testclient import TestClient
from small_room import SALES, library, upload

from api.usecases.insights import ask_insight, get_insight
from api.usecases.policies import approve_policy, submit_policy
from api.usecases.templates import approve_template, submit_template
from api.worker import work_off
from cleanroom.approvals import ApprovedText
from cleanroom.contracts import shipped_contracts
from cleanroom.names import DatasetName

Browse = Callable[[Case, str], TestClient]
TICKETS = shipped_contracts()[DatasetName("service_tickets")]
TEMPLATES = ("repurchase", "served-value", "served-cost")
PARAMETERS = {"brand": "Solstice", "from": "2025-01-01", "landmark": "2025-10-01", "to": "2026-03-31"}
OWNERS = range(200)
"""Each has one unit. Half were in contact, two in five of those twice; three in five of the others bought again."""

_POLICY = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: {member}
dataset: {dataset}
version: 1
privacy_unit: {unit}
minimum_units: 12
queriers: [solstice]
receivers: [solstice]
purposes: [service]
mode: templates
joins: {{required: true, columns: [unit_token, {unit}], with: [sales, claims, service_tickets]}}
columns:
{columns}
release: {{mechanism: suppress}}
zeros: suppress
expires: 2030-12-31
"""
_SHOWN, _MONTHS = "{allow: [dimension, filter]}", "{allow: [dimension, filter], grain: month}"
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "sales": {
        "sale_id": "{allow: [count]}",
        "sale_date": _MONTHS,
        "model": _SHOWN,
        "brand": _SHOWN,
        "unit_token": "{allow: [count_distinct]}",
        "buyer_token": "{allow: [count_distinct]}",
        "net_amount": "{allow: [avg], between: [0, 2000]}",
    },
    "service_tickets": {"ticket_id": "{allow: [count]}", "created": _MONTHS},
    "claims": {"claim_date": _MONTHS, "total_cost": "{allow: [sum], between: [0, 2000]}"},
}


def contacts(owner: int) -> int:
    return 0 if owner % 2 else 2 if owner % 5 < 2 else 1


def bought_again(owner: int) -> bool:
    return owner % 10 < 6 if owner % 2 else owner % 4 == 0


def _sale(number: int, owner: int, sold: date, amount: int) -> dict[str, object]:
    return {
        "sale_id": f"S{number}",
        "sale_date": sold,
        "region": "north",
        "channel": "store",
        "model": "DX-10",
        "brand": "Solstice",
        "unit_token": token(number),
        "buyer_token": token(100_000 + owner),
        "quantity": 1,
        "net_amount": amount,
    }


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """Two retailers' sales, the maker's tickets and claims, approved templates, and the questions asked."""
    case = Case.make(tmp_path_factory.mktemp("owners"))
    for member, dataset in (
        ("harbor", "sales"),
        ("quayside", "sales"),
        ("solstice", "service_tickets"),
        ("solstice", "claims"),
    ):
        columns = "\n".join(f"  {name}: {grant}" for name, grant in _COLUMNS[dataset].items())
        unit = "buyer_token" if dataset == "sales" else "owner_token"
        text = _POLICY.format(member=member, dataset=dataset, unit=unit, columns=columns)
        who = case.who(f"{member}-steward")
        view = submit_policy(case.room, who, text)
        approve_policy(case.room, who, view.policy_id, case.signature(member, ApprovedText.POLICY, view.digest))
    for at, retailer in enumerate(("harbor", "quayside")):
        owners = [n for n in OWNERS if (n // 2) % 2 == at]
        later = [_sale(5000 + n, n, date(2025, 11, 5), 300) for n in owners if bought_again(n)]
        upload(case, retailer, SALES, [*(_sale(n, n, date(2025, 1 + n % 6, 5), 500) for n in owners), *later])
    tickets = [(n, m) for n in OWNERS for m in range(contacts(n))]
    upload(case, "solstice", TICKETS, [_ticket(n, m) for n, m in tickets])
    upload(case, "solstice", CLAIMS, [_claim(n) for n in OWNERS if n % 3 == 0])
    analyst = case.who("solstice-analyst")
    for name in TEMPLATES:
        submitted = submit_template(case.room, analyst, library(name))
        for owner in submitted.waiting_for:
            signature = case.signature(owner, ApprovedText.TEMPLATE, submitted.digest)
            approve_template(case.room, case.who(f"{owner}-steward"), submitted.template_id, signature)
    for name in ("repurchase", "served-value"):
        ask_insight(case.room, analyst, name, PARAMETERS)
    work_off(case.room)
    yield case
    case.room.close()


def _ticket(owner: int, number: int) -> dict[str, object]:
    return {
        "ticket_id": f"K{owner}-{number}",
        "created": datetime(2025, 8, 3, tzinfo=UTC),
        "unit_token": token(owner),
        "owner_token": token(100_000 + owner),
    }


def _claim(owner: int) -> dict[str, object]:
    return {
        "claim_id": f"C{owner}",
        "claim_date": date(2025, 8, 1),
        "model": "DX-10",
        "outcome": "repair",
        "unit_token": token(owner),
        "owner_token": token(100_000 + owner),
        "total_cost": 60,
    }


def test_the_maker_learns_whether_the_served_buy_again(room: Case) -> None:
    """Every number is released, and what is computed is what a hand count gives."""
    view = get_insight(room.room, room.who("solstice-analyst"), "repurchase")
    assert view.answer is not None
    result = view.answer.result
    assert result is not None, view.answer.refusal
    served = [n for n in OWNERS if contacts(n)]
    others = [n for n in OWNERS if not contacts(n)]
    twice = [n for n in OWNERS if contacts(n) == 2]
    share = [100 * sum(map(bought_again, group)) / len(group) for group in (served, others, twice)]
    shown = {row[:2]: row[4] for row in result.tables[0].rows}
    assert shown["any contact", "with contact"] == pytest.approx(share[0], abs=1e-3)
    assert shown["any contact", "without, same mix"] == pytest.approx(share[1], abs=1e-3)
    assert shown["two or more contacts", "with contact"] == pytest.approx(share[2], abs=1e-3)
    assert result.withheld == 0


def test_later_revenue_and_cost_per_unit(room: Case) -> None:
    """300 for each owner who bought again, 60 for each claim, over the units of each group."""
    view = get_insight(room.room, room.who("solstice-analyst"), "served-value")
    assert view.answer is not None
    result = view.answer.result
    assert result is not None, view.answer.refusal
    groups = [[n for n in OWNERS if bool(contacts(n)) == is_served] for is_served in (True, False)]
    revenue = [300 * sum(map(bought_again, group)) / len(group) for group in groups]
    cost = [60 * sum(n % 3 == 0 for n in group) / len(group) for group in groups]
    assert [row[3] for row in result.tables[0].rows] == pytest.approx(revenue, abs=0.01)
    assert [row[4] for row in result.tables[0].rows] == pytest.approx(cost, abs=0.01)
    assert result.withheld == 0


def test_their_pages_show_it(room: Case, browse: Browse) -> None:
    """Headline, the note on what matching cannot do, and the sources."""
    page = browse(room, "solstice-analyst").get("/insights/repurchase").text
    assert "on the same mix: " in page
    assert "may differ in other ways" in page
    assert "Mantel and Haenszel 1959" in page
