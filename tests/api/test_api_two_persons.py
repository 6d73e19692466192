"""Policies and approvals that need two persons: who counts, who does not, and that nobody alone takes the rule away."""

import secrets
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import text

from api.usecases.people import add_user, issue_key
from api.usecases.run_story import execute_run, tools_for
from cleanroom.approvals import APPROVAL_DOMAIN, ApprovedText, approval_statement
from cleanroom.crypto import MemberKeys
from cleanroom.names import Digest, PolicyId
from cleanroom.state import RunState, UserRole
from tests.api.api_case import AD_HOC, SALES_POLICY, TEMPLATE, Case, sales

_ASKED = {"sql": AD_HOC, "purpose": "warranty"}
_OPERATOR_ROLES = [UserRole.STEWARD]


@dataclass
class Pair:
    """Harbor's two stewards, each with a key of their own."""

    case: Case
    keys: dict[str, MemberKeys]

    @classmethod
    def of(cls, case: Case) -> "Pair":
        """``harbor-steward`` and ``noa``."""
        from api.principal import local_operator

        add_user(case.room, local_operator(), "noa", member="harbor", roles=_OPERATOR_ROLES)
        case.tokens["noa"] = issue_key(case.room, local_operator(), "noa").clear
        return cls(
            case=case, keys={name: MemberKeys.generate(secrets.token_bytes) for name in ("harbor-steward", "noa")}
        )

    def policy(self, *, version: int = 1, mode: str = "ad_hoc", two: bool = True) -> str:
        """Submit a version; its digest."""
        policy = SALES_POLICY.format(version=version, mode=mode)
        if two:
            policy += "two_person:\n" + "".join(
                f"  - {keys.signing.verify_key.to_text()}\n" for keys in self.keys.values()
            )
        made = self.case.client("harbor-steward").post("/v1/policies", json={"text": policy})
        assert made.status_code == 201, made.text
        return str(made.json()["digest"])

    def sign(
        self, place: str, digest: str, user: str, *, key: str | None = None, kind: ApprovedText = ApprovedText.POLICY
    ) -> dict[str, object]:
        """``user`` signs with the key of ``key`` (their own)."""
        statement = approval_statement(room=self.case.room.name, text=kind, digest=Digest(digest))
        signature = self.keys[key or user].signing.sign(APPROVAL_DOMAIN, statement).to_text()
        answer = self.case.client(user).post(f"/v1/{place}/approve", json={"signature": signature})
        return dict(answer.json()) | {"http": answer.status_code}

    def in_force(self, *, version: int = 1, mode: str = "ad_hoc") -> None:
        """A two-person version that both signed."""
        digest = self.policy(version=version, mode=mode)
        self.sign(f"policies/harbor/sales/{version}", digest, "harbor-steward")
        assert self.sign(f"policies/harbor/sales/{version}", digest, "noa")["status"] == "active"


@pytest.fixture
def pair(case: Case) -> Pair:
    """Two stewards of harbor in a room of their own."""
    return Pair.of(case)


def _first(pair: Pair) -> str:
    digest = pair.policy()
    done = pair.sign("policies/harbor/sales/1", digest, "harbor-steward")
    assert (done["status"], done["signatures_missing"], done["signers"]) == ("submitted", 1, ["harbor-steward"])
    return digest


def test_the_second_signature_makes_it_active(pair: Pair) -> None:
    """One signature answers nothing; two of two persons do."""
    case = pair.case
    case.push(sales(12, 3))
    digest = _first(pair)
    assert case.run(_ASKED)["state"] == "REFUSED"
    done = pair.sign("policies/harbor/sales/1", digest, "noa")
    assert (done["status"], done["signatures_missing"], done["signers"]) == ("active", 0, ["harbor-steward", "noa"])
    assert case.run(_ASKED)["state"] == "SUCCESS"


@pytest.mark.parametrize(("user", "key"), [("harbor-steward", "noa"), ("noa", "harbor-steward")])
def test_neither_the_same_person_nor_the_same_key_counts_twice(pair: Pair, user: str, key: str) -> None:
    """Whoever signed cannot sign again with another key, nor may another sign with the key that signed."""
    digest = _first(pair)
    assert pair.sign("policies/harbor/sales/1", digest, user, key=key)["code"] == "CR-A120"
    assert pair.case.client("noa").get("/v1/policies/harbor/sales/1").json()["status"] == "submitted"


def test_a_key_that_is_not_named_does_not_sign(pair: Pair) -> None:
    """Also not the member's own key, which is enough where one signature is."""
    digest = _first(pair)
    signature = pair.case.signature("harbor", ApprovedText.POLICY, digest)
    answer = pair.case.client("noa").post("/v1/policies/harbor/sales/1/approve", json={"signature": signature})
    assert answer.json()["code"] == "CR-K011"


@pytest.mark.parametrize("change", ["second signature", "second person", "one line"])
def test_a_stored_signature_that_was_changed_counts_no_more(pair: Pair, change: str) -> None:
    """INVARIANT I9: the room's database is changed between approval and run; the policy is then nobody's."""
    case = pair.case
    case.push(sales(12, 3))
    pair.in_force()
    with case.room.state.read() as tx:
        first, second = str(tx.policies.get(PolicyId("harbor/sales/1")).signature).splitlines()
    user, signature = second.split(" ")
    forged = {
        "second signature": f"{first}\n{user} {signature[:-6]}AAAA==",
        "second person": f"{first}\n{first.split(' ')[0]} {signature}",
        "one line": first,
    }[change]
    _tamper(case, "UPDATE policies SET signature = :value", forged)
    assert case.run(_ASKED)["state"] == "REFUSED"


def test_two_copies_of_one_signature_are_one(pair: Pair) -> None:
    """An operator who copies the first steward's signature under another name makes no second person."""
    case = pair.case
    case.push(sales(12, 3))
    pair.in_force()
    with case.room.state.read() as tx:
        first = str(tx.policies.get(PolicyId("harbor/sales/1")).signature).splitlines()[0]
    _tamper(case, "UPDATE policies SET signature = :value", f"{first}\nnoa {first.split(' ')[1]}")
    assert case.run(_ASKED)["state"] == "REFUSED"


def test_nobody_alone_takes_the_rule_away(pair: Pair) -> None:
    """A version without the rule needs two of the keys before it, also after one steward withdrew that."""
    case = pair.case
    pair.in_force()
    for version, withdrawn in ((2, False), (3, True), (4, True)):
        if withdrawn:
            case.client("noa").post(f"/v1/policies/harbor/sales/{1 if version == 3 else 3}/withdraw")
        digest = pair.policy(version=version, two=False)
        place = f"policies/harbor/sales/{version}"
        alone = case.signature("harbor", ApprovedText.POLICY, digest)
        assert case.client("noa").post(f"/v1/{place}/approve", json={"signature": alone}).json()["code"] == "CR-K011"
        assert pair.sign(place, digest, "noa")["status"] == "submitted"
    assert pair.sign("policies/harbor/sales/4", digest, "harbor-steward")["status"] == "active"


def test_an_approval_of_a_template_needs_both_too(pair: Pair) -> None:
    """And one steward alone takes it back at once: a run under way then releases nothing."""
    case = pair.case
    case.push(sales(12, 3))
    pair.in_force(mode="templates")
    made = case.client("solstice-analyst").post("/v1/queries", json={"text": TEMPLATE}).json()
    asked = {"template": "sales-by-region@1", "parameters": {"channel": "store"}}
    place = "queries/sales-by-region/1"
    first = pair.sign(place, made["digest"], "harbor-steward", kind=ApprovedText.TEMPLATE)
    assert (first["status"], first["waiting_for"]) == ("submitted", ["harbor"])
    assert case.run(asked)["state"] == "REFUSED"
    again = pair.sign(place, made["digest"], "harbor-steward", key="noa", kind=ApprovedText.TEMPLATE)
    assert again["code"] == "CR-A120"
    assert pair.sign(place, made["digest"], "noa", kind=ApprovedText.TEMPLATE)["status"] == "active"
    run = case.client("solstice-analyst").post("/v1/runs", json=asked).json()["run_id"]

    def withdraw(reached: str) -> None:
        if reached == "released":
            assert case.client("noa").post(f"/v1/{place}/withdraw").json()["waiting_for"] == ["harbor"]

    assert execute_run(case.room, run, replace(tools_for(case.room), checkpoint=withdraw)) is RunState.REFUSED
    assert case.client("solstice-analyst").get("/v1/releases").json()["items"] == []


def test_a_second_signature_of_an_approval_that_was_changed_counts_no_more(pair: Pair) -> None:
    """INVARIANT I9: approvals are verified at each run, both signatures of them."""
    case = pair.case
    case.push(sales(12, 3))
    pair.in_force(mode="templates")
    digest = case.client("solstice-analyst").post("/v1/queries", json={"text": TEMPLATE}).json()["digest"]
    for user in ("harbor-steward", "noa"):
        pair.sign("queries/sales-by-region/1", digest, user, kind=ApprovedText.TEMPLATE)
    with case.room.state.read() as tx:
        stored = tx.templates.approvals(tx.templates.all()[0].digest)[0].signature
    _tamper(case, "UPDATE approvals SET signature = :value", stored.splitlines()[1])
    asked = {"template": "sales-by-region@1", "parameters": {"channel": "store"}}
    ended = case.run(asked)
    assert (ended["state"], ended["problem"]["violations"][0]["code"]) == ("REFUSED", "CR-A051")  # type: ignore[index]


def _tamper(case: Case, statement: str, value: str) -> None:
    """Write to the state as somebody with the database would, past the log."""
    with case.room.state.read() as tx:
        engine = tx.connection.engine
    with engine.begin() as connection:
        connection.execute(text(statement), {"value": value})
