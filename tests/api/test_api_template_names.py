"""Template names are each member's own: a name that is taken by a template one may not see is free."""

from cleanroom.approvals import ApprovedText
from tests.api.api_case import TEMPLATE, Case, sales

_ASKED = {"template": "sales-by-region@1", "parameters": {"channel": "store"}}


def _submitted(case: Case, member: str, text: str = TEMPLATE) -> dict[str, object]:
    answer = case.client(f"{member}-analyst").post("/v1/queries", json={"text": text})
    return {**answer.json(), "http": answer.status_code}


def test_a_name_and_a_text_that_others_use_answer_like_new_ones(case: Case) -> None:
    """INVARIANT I17: quayside tries the maker's template's name, and its very text, and learns nothing of it."""
    case.policy(mode="templates")
    assert _submitted(case, "solstice")["http"] == 201
    hidden = case.client("quayside-analyst")
    assert hidden.get("/v1/queries/sales-by-region/1").json() == hidden.get("/v1/queries/nothing/1").json()
    same = _submitted(case, "quayside")
    fresh = _submitted(case, "quayside", TEMPLATE.replace("sales-by-region", "another-name"))
    told = {"digest", "submitted_at", "text", "name", "template_id"}
    assert {k: v for k, v in same.items() if k not in told} == {k: v for k, v in fresh.items() if k not in told}
    assert same["approvals"] == []


def test_one_s_own_name_is_taken_once(case: Case) -> None:
    """The same name and version again is a conflict, as before."""
    case.policy(mode="templates")
    _submitted(case, "solstice")
    assert _submitted(case, "solstice")["code"] == "CR-L004"


def test_an_owner_sees_both_under_names_that_lead_to_them_and_approves_each(case: Case) -> None:
    """An approval of one member's text is none of the other's, though the texts are the same."""
    case.push(sales(12, 3))
    case.policy(mode="templates")
    digest = _submitted(case, "solstice")["digest"]
    assert _submitted(case, "harbor")["digest"] == digest
    steward = case.client("harbor-steward")
    listed = {view["name"]: view["member"] for view in steward.get("/v1/queries").json()}
    assert listed == {"sales-by-region": "harbor", "solstice.sales-by-region": "solstice"}
    signature = {"signature": case.signature("harbor", ApprovedText.TEMPLATE, str(digest))}
    assert steward.post("/v1/queries/sales-by-region/1/approve", json=signature).status_code == 200
    assert case.run(_ASKED)["state"] == "REFUSED"
    approved = steward.post("/v1/queries/solstice.sales-by-region/1/approve", json=signature).json()
    assert (approved["member"], approved["status"]) == ("solstice", "active")
    ended = case.run(_ASKED)
    assert ended["state"] == "SUCCESS"
    assert steward.get(f"/v1/releases/{ended['release_id']}").status_code == 200


def test_a_name_that_does_not_fit_beside_its_author_s_is_refused(case: Case) -> None:
    """Kept names hold the author's, so both together are bounded."""
    case.policy(mode="templates")
    long = TEMPLATE.replace("sales-by-region", "s" * 60)
    assert _submitted(case, "solstice", long)["code"] == "CR-A121"
