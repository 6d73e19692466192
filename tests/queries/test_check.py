"""The compile story: one decision per text, whatever the text."""

import json
from datetime import date

import pytest

from benchmarks.check_speed import POLICIES, QUESTION
from cleanroom.contracts import shipped_contracts
from cleanroom.errors import UsageProblem
from cleanroom.names import MemberName
from policies.load import load_policy
from policies.model import Mode
from queries.check import CheckResult, check, check_many, question_for
from queries.public import check_json, check_line

_POLICIES = tuple(load_policy(text.encode(), place="p.yaml") for text in POLICIES)
_ASKED = question_for(_POLICIES, today=date(2026, 1, 1), mode=Mode.AD_HOC)


def _check(text: str) -> CheckResult:
    return check(text, contracts=shipped_contracts(), policies=_POLICIES, question=_ASKED)


def test_an_allowed_question_shows_what_it_reads_and_must_keep_to() -> None:
    """The public JSON of design 5, whole."""
    shown = check_json(_check("SELECT s.region, COUNT(s.sale_id) AS n FROM sales s GROUP BY ALL"))
    assert shown["decision"] == "allowed"
    assert shown["violations"] == []
    assert shown["reads"] == {"sales": {"columns": ["buyer_token", "region", "sale_id"], "members": ["harbor"]}}
    assert shown["obligations"]["receivers"] == ["harbor", "solstice"]
    assert shown["obligations"]["sources"][0]["minimum_units"] == 25
    assert "SELECT" in shown["sql"]


def test_a_refusal_names_code_rule_owner_place_and_help() -> None:
    """Design 3, Refusals."""
    shown = check_json(_check("SELECT s.regoin, COUNT(s.sale_id) AS n FROM sales s GROUP BY ALL"))
    assert shown == {
        "decision": "refused",
        "violations": [
            {
                "code": "CR-Q201",
                "rule": "column_granted",
                "owner": "room",
                "message": "no column `regoin` that you may use in `sales`",
                "help": "did you mean `region`? `cleanroom policy check --explain` lists the columns a policy grants",
                "span": {"start": 7, "end": 15, "line": 1, "column": 8},
                "rewrite": "s.region",
                "retryable": False,
            }
        ],
        "obligations": {},
        "sql": "",
        "reads": {},
    }


@pytest.mark.parametrize("existing", ["promo_id", "net_amount", "serial", "buyer_email", "contributor"])
@pytest.mark.parametrize("query", ["SELECT COUNT({}) AS n FROM sales", "SELECT COUNT(s.{}) AS n FROM sales s JOIN claims c USING (unit_token)",
                                   "SELECT COUNT({}) AS n FROM sales s JOIN claims c USING (unit_token)"])  # fmt: skip
def test_a_column_not_granted_reads_like_one_that_does_not_exist(existing: str, query: str) -> None:
    """INVARIANT I17: byte for byte the same, but for the name asked for and where the text ends."""
    missing = "q" * len(existing)
    assert check_line(_check(query.format(existing))).replace(existing, missing) == check_line(
        _check(query.format(missing))
    )


@pytest.mark.parametrize("existing", ["returns", "registrations", "surveys"])
def test_a_dataset_nobody_shares_reads_like_one_that_does_not_exist(existing: str) -> None:
    """INVARIANT I17, for FROM."""
    missing = "q" * len(existing)
    text = "SELECT COUNT(*) AS n FROM {}"
    assert check_line(_check(text.format(existing))).replace(existing, missing) == check_line(
        _check(text.format(missing))
    )


def test_many_texts_are_checked_in_order() -> None:
    """`--batch`: one decision per line."""
    texts = [("a", QUESTION), ("b", "SELECT *"), ("c", "\x00"), ("d", "")]
    lines = [
        json.loads(check_line(result, identity))
        for identity, result in check_many(texts, contracts=shipped_contracts(), policies=_POLICIES, question=_ASKED)
    ]
    assert [(line["id"], line["decision"]) for line in lines] == [
        ("a", "allowed"), ("b", "refused"), ("c", "refused"), ("d", "refused"),
    ]  # fmt: skip


def test_no_policies_means_refused() -> None:
    """INVARIANT I9: empty means refuse."""
    result = check("SELECT COUNT(*) FROM sales", contracts=shipped_contracts(), policies=(), question=_ASKED)
    assert [one.code for one in result.violations] == ["CR-Q200"]


def test_the_circumstances_follow_from_the_policies_where_they_can() -> None:
    """One querier and one shared purpose need not be given; anything else is asked."""
    assert (_ASKED.querier, _ASKED.purpose) == ("solstice", "warranty")
    with pytest.raises(UsageProblem, match="CR-Q195"):
        question_for((), today=date(2026, 1, 1), mode=Mode.AD_HOC)
    with pytest.raises(UsageProblem, match="CR-Q196"):
        question_for(_POLICIES, today=date(2026, 1, 1), mode=Mode.AD_HOC, querier=MemberName("nobody"))
