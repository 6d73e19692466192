"""Lint: each contradiction, each vacuous grant, each impossible pair; and silence for good policies."""

import pytest
from policy_room import CLAIMS, SALES, TODAY, policy

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import PolicyRefused
from policies.lint import Severity, lint, require_saveable
from policies.model import DataPolicy


def found(*policies: DataPolicy, floor: int = 10) -> list[tuple[str, str]]:
    """(code, field) of every finding."""
    findings = lint(policies, contracts=shipped_contracts(), today=TODAY, floor=floor)
    return [(finding.code, finding.field) for finding in findings]


def sales(**changes: str) -> DataPolicy:
    """Harbor's sales with partners that exist in these tests' pairs."""
    return policy(SALES, **changes)


def test_the_designs_example_is_clean() -> None:
    """The policy of the documentation gives no finding."""
    assert found(sales()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"dataset": "loyalty"}, [("CR-P020", "dataset")]),
        (
            {"region": "", "sku": "{allow: [dimension]}\n  shoe_size: {allow: [dimension]}"},
            [("CR-P021", "columns.shoe_size")],
        ),
        ({"sku": "{allow: [dimension]}\n  serial: {allow: [count]}"}, [("CR-P021", "columns.serial")]),
        ({"privacy_unit": "person"}, [("CR-P022", "privacy_unit"), ("CR-P050", "privacy_unit")]),
        ({"privacy_unit": "store_id"}, [("CR-P022", "privacy_unit"), ("CR-P050", "privacy_unit")]),
        ({"buyer_token": "{allow: [dimension]}"}, [("CR-P023", "columns.buyer_token.allow")]),
        ({"buyer_token": "{allow: [filter]}"}, [("CR-P023", "columns.buyer_token.allow")]),
        ({"unit_token": "{allow: [dimension]}"}, [("CR-P024", "columns.unit_token.allow")]),
        ({"unit_token": "{allow: [filter]}"}, [("CR-P025", "columns.unit_token.allow")]),
        ({"minimum_units": "9"}, [("CR-P026", "minimum_units")]),
        ({"quantity": "{allow: [sum]}"}, [("CR-P027", "columns.quantity.between")]),
        ({"region": "{allow: [avg], between: [0, 1]}"}, [("CR-P028", "columns.region.allow")]),
        ({"region": "{allow: [dimension], grain: month}"}, [("CR-P029", "columns.region.grain")]),
        ({"with": "[]"}, [("CR-P030", "joins.with")]),
        ({"with": "[loyalty]"}, [("CR-P031", "joins.with")]),
        ({"with": "[products]"}, [("CR-P031", "joins.with")]),
        ({"expires": "2026-11-20"}, [("CR-P032", "expires")]),
        ({"receivers": "[harbor]"}, [("CR-P033", "receivers")]),
        ({"release": "{mechanism: perturb}"}, [("CR-P034", "release.mechanism")]),
    ],
)
def test_contradictions_are_errors(changes: dict[str, str], expected: list[tuple[str, str]]) -> None:
    """Each is refused at save time, at its place in the text."""
    findings = lint([sales(**changes)], contracts=shipped_contracts(), today=TODAY)
    assert [(f.code, f.field) for f in findings] == expected
    assert findings[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"queriers": "[]"}, [("CR-P040", "queriers")]),
        ({"purposes": "[]"}, [("CR-P041", "purposes")]),
        ({"queriers": "[solstice, alder]"}, [("CR-P042", "receivers")]),
        ({"net_amount": "{allow: [avg]}"}, [("CR-P044", "columns.net_amount.between")]),
        ({"quantity": "{allow: [sum], between: [5, 5]}"}, [("CR-P045", "columns.quantity.between")]),
        ({"sale_date": "{allow: [dimension]}"}, [("CR-P046", "columns.sale_date.grain")]),
        ({"contributors": "{minimum: 2, largest_share: 0.5}"}, [("CR-P047", "contributors.minimum")]),
        ({"contributors": "{minimum: 3}"}, [("CR-P048", "contributors.largest_share")]),
        ({"sku": "{allow: [filter]}\n  contributor: {allow: [dimension]}"}, [("CR-P049", "columns.contributor")]),
        ({"privacy_unit": "unit_token"}, [("CR-P050", "privacy_unit")]),
        ({"required": "false", "with": "[]"}, [("CR-P051", "joins")]),
    ],
)
def test_what_has_no_effect_or_less_than_it_seems_is_warned_of(
    changes: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    """Warnings are shown; they do not refuse."""
    findings = lint([sales(**changes)], contracts=shipped_contracts(), today=TODAY)
    assert [(f.code, f.field) for f in findings] == expected
    assert {f.severity for f in findings} == {Severity.WARNING}


def test_a_policy_without_measures_is_vacuous() -> None:
    """Every question needs a number."""
    silent = SALES.split("columns:\n")[0] + "columns: {region: {allow: [dimension]}}\n"
    assert found(policy(silent)) == [("CR-P043", "columns")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"privacy_unit": "unit_token"}, "privacy_unit"),
        ({"quantity": "{allow: [sum], between: [200, 300]}"}, "columns.quantity.between"),
        ({"with": "[returns]"}, "joins"),
    ],
)
def test_two_owners_of_one_dataset_that_no_question_satisfies(changes: dict[str, str], field: str) -> None:
    """FROM sales mixes them, so their contradictions are told."""
    assert ("CR-P060", field) in found(sales(), policy(SALES, member="alder", **changes))


def test_two_owners_that_never_meet_are_not_compared() -> None:
    """No common querier, no pair."""
    other = policy(SALES, member="alder", queriers="[birch]", receivers="[birch]", privacy_unit="unit_token")
    assert [code for code, _ in found(sales(), other)] == ["CR-P050"]


def test_partners_name_each_other_share_an_audience_and_a_join_column() -> None:
    """A pair of datasets that one or both sides want, and no question can join."""
    assert found(sales(), policy(CLAIMS)) == [("CR-P046", "columns.closed_date.grain")]
    deaf = policy(CLAIMS.replace("with: [sales]", "with: [registrations]"))
    assert ("CR-P061", "joins.with") in found(sales(), deaf)
    assert ("CR-P062", "queriers") in found(sales(), policy(CLAIMS, purposes="[recall]"))
    units_only = policy(SALES.replace("columns: [unit_token, buyer_token]", "columns: [unit_token]"))
    people_only = policy(CLAIMS.replace("columns: [unit_token, owner_token]", "columns: [owner_token]"))
    assert ("CR-P063", "joins.columns") in found(units_only, people_only)


def test_a_finding_reads_like_a_refusal() -> None:
    """The same shape on every surface."""
    (finding,) = lint([sales(minimum_units="9")], contracts=shipped_contracts(), today=TODAY)
    violation = finding.violation
    assert (violation.code, violation.rule, violation.owner, violation.message, violation.help) == (
        "CR-P026", "policy_lint", "harbor", "`minimum_units`: under the room's floor of 10 for people", "write 10 or more",
    )  # fmt: skip


def test_the_order_of_the_policies_does_not_matter() -> None:
    """One set of texts, one list of findings."""
    held = [
        sales(minimum_units="9"),
        policy(CLAIMS, queriers="[]"),
        policy(SALES, member="alder", sku="{allow: [sum]}"),
    ]
    assert found(*held) == found(*reversed(held))


def test_saving_refuses_all_errors_at_once_and_hands_back_the_warnings() -> None:
    """What the API and the CLI call before a text is kept."""
    with pytest.raises(PolicyRefused, match="CR-P026") as caught:
        require_saveable(
            [sales(minimum_units="9", quantity="{allow: [sum]}")], contracts=shipped_contracts(), today=TODAY
        )
    assert [violation.code for violation in caught.value.violations] == ["CR-P026", "CR-P027"]
    (warned,) = require_saveable([sales(purposes="[]")], contracts=shipped_contracts(), today=TODAY)
    assert warned.code == "CR-P041"
