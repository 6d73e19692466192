"""Where a policy and a template stand, as of now; and that signatures are verified at each run."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from cleanroom.approvals import ApprovedText
from tests.api.api_case import AD_HOC, TEMPLATE, Case, sales

_ASKED = {"sql": AD_HOC, "purpose": "warranty"}


def test_every_word_of_a_policys_life(case: Case) -> None:
    """Submitted, active, superseded, withdrawn; an active one past its last day is expired, and answers nothing."""
    case.push(sales(12, 3))
    case.policy(version=1)
    case.policy(version=2)
    client = case.client("harbor-steward")

    def words() -> list[str]:
        return [view["status"] for view in client.get("/v1/policies").json()]

    assert words() == ["superseded", "active"]
    case.clock.at += timedelta(days=365 * 10)
    assert words() == ["superseded", "expired"]
    ended = case.run(_ASKED)
    assert (ended["state"], ended["problem"]["violations"][0]["code"]) == ("REFUSED", "CR-P102")  # type: ignore[index]
    client.post("/v1/policies/harbor/sales/2/withdraw")
    assert words() == ["superseded", "withdrawn"]


def test_a_template_stands_where_its_approvals_and_policies_do(case: Case) -> None:
    """Submitted until approved, submitted again when its owner's policy is, expired with the policy it reads under."""
    case.policy(mode="templates")
    client = case.client("solstice-analyst")
    digest = client.post("/v1/queries", json={"text": TEMPLATE}).json()["digest"]

    def word() -> str:
        return str(client.get("/v1/queries/sales-by-region/1").json()["status"])

    assert word() == "submitted"
    signature = case.signature("harbor", ApprovedText.TEMPLATE, digest)
    case.client("harbor-steward").post("/v1/queries/sales-by-region/1/approve", json={"signature": signature})
    assert word() == "active"
    case.clock.at += timedelta(days=365 * 10)
    assert word() == "expired"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE policies SET text = replace(text, 'minimum_units: 10', 'minimum_units: 2')",
        "UPDATE policies SET text = replace(text, 'queriers: [solstice]', 'queriers: [solstice, quayside]')",
        "UPDATE policies SET signature = substr(signature, 1, 60)",
        "UPDATE policies SET signature = NULL",
        "UPDATE policies SET version = 7, signature = ''",
    ],
)
def test_what_was_changed_in_the_database_since_the_approval_answers_nothing(case: Case, change: str) -> None:
    """INVARIANT I9: the text that is there and the signature that is there must fit, at every run."""
    case.push(sales(12, 3))
    case.policy()
    assert case.run(_ASKED)["state"] == "SUCCESS"
    with case.room.state.read() as tx:
        engine = tx.connection.engine
    with engine.begin() as connection:
        connection.execute(text(change))
    assert case.run({**_ASKED, "sql": AD_HOC + " LIMIT 5"})["state"] == "REFUSED"
