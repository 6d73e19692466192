"""The log is read by every member's auditor: nothing in it lets one guess another's question or answer."""

import json
from typing import Any

from tests.api.api_case import AD_HOC, Case, sales

_ASKED = {"sql": AD_HOC, "purpose": "warranty"}


def _facts(case: Case, user: str) -> dict[str, list[dict[str, Any]]]:
    told: dict[str, list[dict[str, Any]]] = {}
    for entry in case.client(user).get("/v1/log?limit=500").json()["items"]:
        if entry["noun"] in ("runs", "releases"):
            told.setdefault(entry["kind"], []).append(json.loads(entry["facts"]))
    return told


def test_digests_of_what_was_asked_and_answered_are_shown_to_nobody_else(case: Case) -> None:
    """INVARIANT I17: a digest of a table of two counts is those counts, for who can count to a thousand."""
    case.push(sales(12, 13))
    case.policy()
    case.run(_ASKED)
    (held,) = case.client("solstice-analyst").get("/v1/releases").json()["items"]
    for user in ("solstice-auditor", "harbor-auditor", "harbor-operator"):
        told = _facts(case, user)
        assert told["run.planned"][0]["reads"].startswith("harbor/sales@")
        assert told["release.stored"][0]["content"] == held["digest"]
    strange = _facts(case, "quayside-auditor")
    assert {kind: [facts for facts in found if facts] for kind, found in strange.items()} == {
        kind: [] for kind in strange
    }
    assert case.client("quayside-auditor").post("/v1/log/verify", json={}).status_code == 200
