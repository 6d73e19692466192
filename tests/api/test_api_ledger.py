"""The ledger as a room uses it: what left before counts, whoever of the member asked, also after a restart."""

import pytest
from api_case import AD_HOC, SALES_POLICY, Case, sale, sales

from cleanroom.approvals import ApprovedText

_TOTAL = "SELECT COUNT(sale_id) AS sold FROM sales"
_NORTH = "SELECT COUNT(sale_id) AS sold FROM sales WHERE region = 'north'"


def _answer(case: Case, sql: str, user: str = "solstice-analyst") -> object:
    run = case.run({"sql": sql, "purpose": "warranty"}, user)
    assert run["state"] == "SUCCESS", run
    rows = case.client(user).get(f"/v1/releases/{run['release_id']}").json()["rows"]
    return [row["sold"] for row in rows]


@pytest.mark.parametrize(("first", "second"), [(_TOTAL, _NORTH), (_NORTH, _TOTAL)])
@pytest.mark.parametrize("restart", [False, True])
def test_no_small_group_is_left_between_two_answers(case: Case, first: str, second: str, *, restart: bool) -> None:
    """INVARIANT I13: 15 in all, 12 in the north; whichever comes second is withheld, because 3 would be told."""
    case.policy()
    case.push(sales(12, 3))
    assert _answer(case, first) == [15 if first == _TOTAL else 12]
    if restart:
        case.reopened()
    assert _answer(case, second) == [{"withheld": "ledger"}]


def test_two_users_of_a_member_share_what_it_holds(case: Case) -> None:
    """Users of one member collude: the second one's question meets the first one's answer."""
    case.policy()
    case.push(sales(12, 3))
    operator = case.client("harbor-operator")
    operator.post("/v1/users", json={"name": "second", "member": "solstice", "roles": ["analyst"]})
    case.tokens["second"] = operator.post("/v1/users/second/keys", json={}).json()["clear"]
    assert _answer(case, _TOTAL) == [15]
    assert _answer(case, _NORTH, "second") == [{"withheld": "ledger"}]


def test_new_data_that_adds_a_few_people_does_not_tell_them_apart(case: Case) -> None:
    """Renewed: the same box a day later, three people more, is not given exactly: the earlier number is, with its date."""
    case.policy()
    case.push(sales(12, 0))
    assert _answer(case, AD_HOC) == [12]
    case.push(sales(15, 0)[12:])
    assert _answer(case, AD_HOC) == [12]
    newest = case.client("solstice-analyst").get("/v1/releases").json()["items"][0]
    again = case.client("solstice-analyst").get(f"/v1/releases/{newest['release_id']}").json()
    assert (again["earlier_rows"], again["withheld"]) == ([{"row": 0, "data_date": "2026-01-12"}], {})
    # Another question about the same people has no earlier answer to stand in.
    assert _answer(case, _TOTAL) == [{"withheld": "ledger"}]
    holds = case.client("solstice-steward").get("/v1/ledger").json()
    assert holds["by_dataset"] == {"sales": 1}


def test_after_a_contributor_left_nothing_new_is_told_where_it_cannot_be_checked(case: Case) -> None:
    """The sum of two retailers is out; one is removed; the other's numbers alone would tell the removed one's."""
    case.policy()
    text = SALES_POLICY.format(version=1, mode="ad_hoc").replace("member: harbor", "member: quayside")
    steward = case.client("quayside-steward")
    made = steward.post(
        "/v1/policies", json={"text": text.replace("[solstice, harbor]", "[solstice, quayside]")}
    ).json()
    signature = {"signature": case.signature("quayside", ApprovedText.POLICY, made["digest"])}
    assert steward.post("/v1/policies/quayside/sales/1/approve", json=signature).status_code == 200
    case.push(sales(12, 0))
    case.push([sale(5000 + n) for n in range(12)], member="quayside")
    assert _answer(case, AD_HOC) == [24]
    assert case.client("harbor-operator").delete("/v1/members/quayside").status_code == 204
    run = case.run({"sql": AD_HOC, "purpose": "warranty"})
    assert (run["state"], run["problem"]["code"]) == ("REFUSED", "CR-L015")


def test_what_a_member_holds_is_not_another_s_business(case: Case) -> None:
    """Counts of one's own member only."""
    case.policy()
    case.push(sales(12, 3))
    _answer(case, _TOTAL)
    assert case.client("quayside-analyst").get("/v1/ledger").json()["entries"] == 0
    assert case.client("solstice-analyst").get("/v1/ledger").json()["entries"] == 1
