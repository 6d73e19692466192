"""Members, people, keys, sessions: what proves who somebody is, and what ends it."""

import secrets

import pytest
from api_case import Case

from api.limits import RateLimiter
from cleanroom.approvals import KEYS_DOMAIN, keys_statement
from cleanroom.crypto import MemberKeys

_OURS = {"Sec-Fetch-Site": "same-origin"}
_PASSWORD = {"user": "ada", "password": "correct horse battery"}


def _with_password(case: Case) -> None:
    new = {"name": "ada", "member": "harbor", "roles": ["steward"], "password": _PASSWORD["password"]}
    assert case.client("harbor-operator").post("/v1/users", json=new).status_code == 201


def test_a_key_is_shown_once_and_kept_as_a_hash(case: Case) -> None:
    """256 bits behind a prefix scanners know; no listing, log or database page holds it."""
    client = case.client("harbor-operator")
    issued = client.post("/v1/users/harbor-analyst/keys", json={}).json()
    assert issued["clear"].startswith("crk_")
    assert len(issued["clear"]) == 47
    assert issued["clear"] not in client.get("/v1/users/harbor-analyst/keys").text
    assert issued["clear"] not in client.get("/v1/log?limit=500").text
    files = [f.read_bytes() for f in case.folder.rglob("*") if f.is_file()]
    assert not any(issued["clear"].encode() in content for content in files)


def test_a_narrower_key_does_less_and_a_wider_one_is_not_made(case: Case) -> None:
    """Scopes only ever take away."""
    operator = case.client("harbor-operator")
    operator.put("/v1/users/harbor-analyst/roles", json={"roles": ["analyst", "steward"]})
    narrow = operator.post("/v1/users/harbor-analyst/keys", json={"scopes": ["analyst"]}).json()["clear"]
    case.tokens["narrow"] = narrow
    assert case.client("narrow").get("/v1/me").json()["roles"] == ["analyst"]
    refused = operator.post("/v1/users/harbor-analyst/keys", json={"scopes": ["operator"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "CR-A039")
    widened = case.client("narrow").post("/v1/users/harbor-analyst/keys", json={"scopes": ["steward"]})
    assert (widened.status_code, widened.json()["code"]) == (422, "CR-A039")


@pytest.mark.parametrize("how", ["key", "user", "member", "expiry"])
def test_what_ends_a_key_ends_it_at_once(case: Case, how: str) -> None:
    """Revoked, its person revoked, its member removed, or run out."""
    operator = case.client("solstice-operator")
    issued = operator.post("/v1/users/harbor-analyst/keys", json={"ttl_days": 1}).json()
    case.tokens["ended"] = issued["clear"]
    client = case.client("ended")
    assert client.get("/v1/me").status_code == 200
    match how:
        case "key":
            assert operator.delete(f"/v1/keys/{issued['key_id']}").status_code == 204
        case "user":
            assert operator.delete("/v1/users/harbor-analyst").status_code == 204
        case "member":
            assert operator.delete("/v1/members/harbor").status_code == 204
        case _:
            case.clock.at = case.clock.at.replace(year=2027)
    assert client.get("/v1/me").json()["code"] == "CR-A001"


def test_a_password_opens_a_session_that_scripts_and_other_sites_cannot_use(case: Case) -> None:
    """HttpOnly, SameSite=Strict; unsafe methods only from our own origin."""
    _with_password(case)
    client = case.client()
    opened = client.post("/v1/sessions", json=_PASSWORD, headers=_OURS)
    assert opened.status_code == 204
    cookie = opened.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/v1/me").json()["user"] == "ada"
    foreign = client.post("/v1/policies", json={"text": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.json()["code"] == "CR-A005"
    forged = client.post("/v1/policies", json={"text": "x"}, headers={"Origin": "https://elsewhere.example"})
    assert forged.json()["code"] == "CR-A005"
    bare = client.post("/v1/policies", json={"text": "x"})
    assert bare.json()["code"] == "CR-A005"
    assert client.delete("/v1/sessions", headers={"Origin": "http://testserver"}).status_code == 204
    assert client.get("/v1/me").status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"user": "ada", "password": "wrong"}, {"user": "nobody", "password": "correct horse battery"}]
)
def test_a_wrong_name_reads_like_a_wrong_password(case: Case, wrong: dict[str, str]) -> None:
    """INVARIANT I17: one answer for both."""
    _with_password(case)
    answer = case.client().post("/v1/sessions", json=wrong, headers=_OURS)
    assert (answer.status_code, answer.json()) == (
        401,
        {
            "type": "urn:cleanroom:error:CR-A004",
            "title": "the name or the password is wrong",
            "status": 401,
            "code": "CR-A004",
            "help": "",
            "retryable": False,
        },
    )


def test_passwords_cannot_be_tried_at_will(case: Case) -> None:
    """The eleventh attempt in a minute is not looked at."""
    client = case.client(limiter=RateLimiter(sign_ins="3/minute"))
    wrong = {"user": "ada", "password": "x"}
    codes = [client.post("/v1/sessions", json=wrong, headers=_OURS).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]


def test_requests_are_limited_per_person(case: Case) -> None:
    """429 with a Retry-After, for the one who asks too much only."""
    limiter = RateLimiter(requests="2/minute")
    client = case.client("harbor-analyst", limiter=limiter)
    assert [client.get("/v1/me").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/v1/me").headers["Retry-After"] == "5"
    assert case.client("quayside-analyst", limiter=limiter).get("/v1/me").status_code == 200


def test_guessed_keys_are_limited_by_address(case: Case) -> None:
    """Credentials that do not count may not be tried without end."""
    client = case.client(limiter=RateLimiter(failed="3/minute"))
    codes = [client.get("/v1/me", headers={"Authorization": "Bearer crk_no"}).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]


def test_new_member_keys_need_the_present_key_s_signature(case: Case) -> None:
    """A stolen API key alone puts nobody else's signing key in place."""
    client = case.client("harbor-steward")
    new = MemberKeys.generate(secrets.token_bytes).public.to_text()
    assert client.put("/v1/members/self/keys", json={"public_keys": new}).json()["code"] == "CR-A038"
    statement = keys_statement(room="pier", member="harbor", public_keys=new)
    theirs = case.keys["quayside"].signing.sign(KEYS_DOMAIN, statement).to_text()
    assert (
        client.put("/v1/members/self/keys", json={"public_keys": new, "signature": theirs}).json()["code"] == "CR-K011"
    )
    ours = case.keys["harbor"].signing.sign(KEYS_DOMAIN, statement).to_text()
    done = client.put("/v1/members/self/keys", json={"public_keys": new, "signature": ours})
    assert (done.status_code, done.json()["public_keys"]) == (200, new)


def test_other_members_people_are_not_listed(case: Case) -> None:
    """A person sees their own member's people; an operator all."""
    ours = case.client("harbor-analyst").get("/v1/users").json()
    assert {user["member"] for user in ours} == {"harbor"}
    everybody = case.client("harbor-operator").get("/v1/users").json()
    assert {user["member"] for user in everybody} == {"harbor", "quayside", "solstice"}
