"""Signatures carried to where they were not given: another text, version, kind, room or author; and two persons in name only."""

import secrets
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from api.principal import local_operator
from api.usecases.people import add_user, issue_key, revoke_user, set_roles
from cleanroom.approvals import APPROVAL_DOMAIN, ApprovedText, approval_statement
from cleanroom.crypto import MemberKeys
from cleanroom.names import Digest
from cleanroom.state import UserRole
from tests.api.api_case import AD_HOC, SALES_POLICY, TEMPLATE, Case, sales

_AD_HOC = {"sql": AD_HOC, "purpose": "warranty"}
_ASKED = {"template": "sales-by-region@1", "parameters": {"channel": "store"}}
STEWARDS = ("harbor-steward", "noa")


def _submitted(case: Case, member: str = "solstice", change: tuple[str, str] = ("", "")) -> dict[str, str]:
    made = case.client(f"{member}-analyst").post("/v1/queries", json={"text": TEMPLATE.replace(*change)})
    assert made.status_code == 201, made.text
    return dict(made.json())


def _approve(case: Case, name: str, signature: str, user: str = "harbor-steward") -> dict[str, object]:
    return dict(case.client(user).post(f"/v1/queries/{name}/approve", json={"signature": signature}).json())


def _tamper(case: Case, *statements: str) -> None:
    with case.room.state.read() as tx:
        engine = tx.connection.engine
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_signature_counts_for_one_text_one_version_one_kind_and_one_room(case: Case) -> None:
    """INVARIANT I9: each of them is refused, and nothing can be asked."""
    case.push(sales(12, 3))
    case.policy(mode="templates")
    first = _submitted(case)["digest"]
    second = _submitted(case, change=("version: 1\ntitle", "version: 2\ntitle"))["digest"]
    other = approval_statement(room="elsewhere", text=ApprovedText.TEMPLATE, digest=Digest(first))
    signatures = (
        case.signature("harbor", ApprovedText.TEMPLATE, second),
        case.signature("harbor", ApprovedText.POLICY, first),
        case.keys["harbor"].signing.sign(APPROVAL_DOMAIN, other).to_text(),
        case.signature("solstice", ApprovedText.TEMPLATE, first),
        "",
    )
    assert {_approve(case, "sales-by-region/1", one)["code"] for one in signatures} == {"CR-K011"}
    assert case.run(_ASKED)["state"] == "REFUSED"


@pytest.mark.parametrize(
    "changes",
    [
        ["UPDATE approvals SET template_digest = (SELECT digest FROM templates WHERE version = 2)"],
        [
            "UPDATE templates SET digest = 'sha256:' || version",
            "UPDATE templates SET digest = (SELECT template_digest FROM approvals) WHERE version = 2",
        ],
        [
            "UPDATE templates SET text = (SELECT text FROM templates WHERE version = 1) WHERE version = 2",
            "UPDATE templates SET status = 'active'",
        ],
        ["UPDATE approvals SET owner = 'quayside'"],
    ],
    ids=["the approval moved", "the digest changed", "the text changed", "another owner's"],
)
def test_an_approval_moved_in_the_database_admits_nothing_else(case: Case, changes: list[str]) -> None:
    """Version 1 is approved; whoever writes to the database does not make version 2 run by it."""
    case.push(sales(12, 3))
    case.policy(mode="templates")
    signature = case.signature("harbor", ApprovedText.TEMPLATE, _submitted(case)["digest"])
    _submitted(case, change=("version: 1\ntitle", "version: 2\ntitle"))
    assert _approve(case, "sales-by-region/1", signature)["status"] == "active"
    _tamper(case, *changes)
    assert case.run({**_ASKED, "template": "sales-by-region@2"})["state"] != "SUCCESS"


def test_an_answer_is_opened_under_its_own_name_and_for_its_own_receivers(case: Case) -> None:
    """Rows of the state are changed: another release's content, a receiver more. Neither shows a number."""
    case.push(sales(12, 13))
    case.policy()
    one = case.run(_AD_HOC)["release_id"]
    two = case.run({**_AD_HOC, "sql": AD_HOC.replace("region", "channel")})["release_id"]
    _tamper(case, """UPDATE releases SET receivers = '["harbor", "quayside", "solstice"]'""")
    outsider = case.client("quayside-analyst")
    for place in (one, f"{one}?format=csv", f"{one}?format=pdf"):
        told = outsider.get(f"/v1/releases/{place}")
        assert (told.status_code, told.json()) == (404, outsider.get("/v1/releases/none").json())
    _tamper(case, f"UPDATE releases SET table_blob = (SELECT table_blob FROM releases WHERE release_id = '{two}')")
    answer = case.client("solstice-analyst").get(f"/v1/releases/{one}")
    assert (answer.status_code, "rows" in answer.json()) == (500, False)


@dataclass
class Two:
    """Harbor's two stewards with a key each."""

    case: Case
    keys: dict[str, MemberKeys]

    def policy(self, version: int, minimum: int = 10) -> str:
        """Submit a version that two persons must sign; its digest."""
        policy = SALES_POLICY.format(version=version, mode="ad_hoc").replace("units: 10", f"units: {minimum}")
        policy += "two_person:\n" + "".join(f"  - {key.signing.verify_key.to_text()}\n" for key in self.keys.values())
        made = self.case.client(STEWARDS[0]).post("/v1/policies", json={"text": policy})
        assert made.status_code == 201, made.text
        return str(made.json()["digest"])

    def sign(self, version: int, digest: str, user: str) -> dict[str, object]:
        """``user`` signs with the key of their own."""
        statement = approval_statement(room=self.case.room.name, text=ApprovedText.POLICY, digest=Digest(digest))
        signature = self.keys[user].signing.sign(APPROVAL_DOMAIN, statement).to_text()
        place = f"/v1/policies/harbor/sales/{version}/approve"
        return dict(self.case.client(user).post(place, json={"signature": signature}).json())


@pytest.fixture
def two(case: Case) -> Two:
    """``harbor-steward`` and ``noa``."""
    add_user(case.room, local_operator(), "noa", member="harbor", roles=[UserRole.STEWARD])
    case.tokens["noa"] = issue_key(case.room, local_operator(), "noa").clear
    return Two(case=case, keys={user: MemberKeys.generate(secrets.token_bytes) for user in STEWARDS})


@pytest.mark.parametrize("how", ["revoked", "no steward any more"])
def test_the_signature_of_somebody_who_left_is_not_the_first_of_two(two: Two, how: str) -> None:
    """A person signs, is taken out, and the text then waits for two again."""
    digest = two.policy(1)
    two.sign(1, digest, "noa")
    if how == "revoked":
        revoke_user(two.case.room, local_operator(), "noa")
    else:
        set_roles(two.case.room, local_operator(), "noa", [UserRole.ANALYST])
    after = two.sign(1, digest, "harbor-steward")
    assert (after["status"], after["signatures_missing"], after["signers"]) == ("submitted", 1, ["harbor-steward"])


def test_an_older_text_that_one_signed_long_ago_is_not_brought_into_force_by_the_other(two: Two) -> None:
    """Version 1 has one signature when the stricter version 2 is signed by both: it never becomes active."""
    loose = two.policy(1)
    two.sign(1, loose, "noa")
    strict = two.policy(2, minimum=25)
    two.sign(2, strict, "noa")
    assert two.sign(2, strict, "harbor-steward")["status"] == "active"
    assert two.sign(1, loose, "harbor-steward")["code"] == "CR-A123"
    two.case.client("noa").post("/v1/policies/harbor/sales/2/withdraw")
    assert two.sign(1, loose, "harbor-steward")["code"] == "CR-A123"


def test_another_member_s_template_of_the_same_name_is_not_approved_in_its_place(case: Case) -> None:
    """Both are seen by an owner; the name alone leads to neither, with or without a version."""
    case.policy(mode="templates")
    signature = case.signature("harbor", ApprovedText.TEMPLATE, _submitted(case)["digest"])
    steward = case.client("harbor-steward")
    assert [view["name"] for view in steward.get("/v1/queries").json()] == ["sales-by-region"]
    _submitted(case, "quayside", ("COUNT(s.sale_id)", "COUNT(DISTINCT s.sale_id)"))
    names = {view["name"]: view["member"] for view in steward.get("/v1/queries").json()}
    assert names == {"quayside.sales-by-region": "quayside", "solstice.sales-by-region": "solstice"}
    assert _approve(case, "sales-by-region/1", signature)["code"] == "CR-A122"
    assert _approve(case, "quayside.sales-by-region/1", signature)["code"] == "CR-K011"
    assert _approve(case, "solstice.sales-by-region/1", signature)["status"] == "active"
