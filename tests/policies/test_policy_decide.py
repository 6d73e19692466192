"""decide(): names that do not exist, most restrictive wins, all violations at once, errors refuse."""

from dataclasses import replace
from decimal import Decimal

import pytest
from policy_room import (
    CLAIMS,
    FROM_SALES,
    WITH_CLAIMS,
    codes,
    decided,
    joined,
    measure,
    plain,
    policy,
    question,
    shape,
)

from cleanroom.contracts import shipped_contracts
from cleanroom.names import MemberName
from cleanroom.plan import Contributors, Mechanism, Obligations, SourceObligations
from cleanroom.shape import Fn, QueryShape
from policies import decide as decide_module
from policies.decide import decide
from policies.decision import Allowed, Refused
from policies.model import DataPolicy
from policies.rules.rule import Rule
from policies.visible import visible_contracts


def test_an_ordinary_question_is_allowed_with_everything_it_must_keep_to() -> None:
    """The obligations of both owners, each source with its own."""
    sales, claims = policy(), policy(CLAIMS)
    asked = shape(
        dimensions=[plain(0, "region")],
        measures=[measure(Fn.COUNT_DISTINCT, 0, "unit_token"), measure(Fn.SUM, 1, "total_cost")],
    )
    assert decided(asked) == Allowed(
        obligations=Obligations(
            sources=(
                SourceObligations(
                    dataset="sales",
                    members=("harbor",),
                    privacy_unit="buyer_token",
                    minimum_units=25,
                    contributors=Contributors(minimum=3, largest_share=Decimal("0.7")),
                    clamps={},
                    zeros=True,
                    policies=(sales.digest,),
                ),
                SourceObligations(
                    dataset="claims",
                    members=("solstice",),
                    privacy_unit="owner_token",
                    minimum_units=10,
                    contributors=None,
                    clamps={"total_cost": (Decimal(0), Decimal(5000))},
                    zeros=True,
                    policies=(claims.digest,),
                ),
            ),
            receivers=("harbor", "solstice"),
            mechanism=Mechanism.SUPPRESS,
        )
    )


def test_two_owners_of_one_dataset_merge_to_the_stricter_of_each_value() -> None:
    """I10: larger minimum, smaller share, narrower clamp, fewer receivers, stricter mechanism, zeros suppressed."""
    alder = policy(
        member="alder",
        minimum_units="40",
        receivers="[solstice]",
        contributors="{minimum: 2, largest_share: 0.5}",
        quantity="{allow: [sum], between: [1, 200]}",
        zeros="suppress",
        release="{mechanism: round, base: 5}",
    )
    harbor = policy()
    decision = decided(shape(measures=[measure(Fn.SUM, 0, "quantity")]), alder, policy(CLAIMS), harbor)
    assert isinstance(decision, Allowed)
    assert decision.obligations.sources[0] == SourceObligations(
        dataset="sales",
        members=("alder", "harbor"),
        privacy_unit="buyer_token",
        minimum_units=40,
        contributors=Contributors(minimum=3, largest_share=Decimal("0.5")),
        clamps={"quantity": (Decimal(1), Decimal(100))},
        zeros=False,
        policies=tuple(sorted((alder.digest, harbor.digest))),
    )
    assert (
        decision.obligations.receivers,
        decision.obligations.mechanism,
        decision.obligations.rounding_base,
    ) == (("solstice",), Mechanism.ROUND, 5)


def test_the_rooms_floor_raises_a_lower_minimum() -> None:
    """A policy signed under an older floor is held to the room's."""
    decision = decided(shape(), by=question(floor=30))
    assert isinstance(decision, Allowed)
    assert [source.minimum_units for source in decision.obligations.sources] == [30, 30]


def test_a_member_that_does_not_admit_the_querier_is_not_part_of_from() -> None:
    """FROM sales means the rows of those members whose policy admits querier and purpose."""
    alder = policy(member="alder", queriers="[nobody]", mode="templates")
    decision = decided(shape(), alder, policy(), policy(CLAIMS))
    assert isinstance(decision, Allowed)
    assert decision.obligations.sources[0].members == ("harbor",)


def test_a_member_with_two_texts_is_admitted_only_if_both_admit() -> None:
    """Most restrictive wins among one member's own texts too."""
    other = policy(version="2", purposes="[service]")
    assert codes(decided(shape(), policy(), other, policy(CLAIMS))) == [("room", "CR-Q200", "queriers")]


@pytest.mark.parametrize(
    "changes", [{"queriers": "[]"}, {"queriers": "[alder]"}, {"purposes": "[service]"}, {"purposes": "[]"}]
)
def test_a_dataset_that_admits_nobody_reads_as_one_that_does_not_exist(changes: dict[str, str]) -> None:
    """I17: the whole refusal is equal to that of a room without the policy."""
    asked = shape(dimensions=[plain(0, "region"), plain(1, "no_such_column")])
    hidden = decided(asked, policy(**changes), policy(CLAIMS))
    absent = decided(asked, policy(CLAIMS))
    assert hidden == absent
    assert codes(hidden) == [("room", "CR-Q200", "queriers")]


def test_an_ungranted_column_reads_as_one_that_does_not_exist() -> None:
    """I17: equal up to the name asked for, and no rule adds a word."""
    hidden = decided(shape(dimensions=[plain(0, "store_id")], measures=[measure(Fn.SUM, 0, "net_amount")]))
    absent = decided(shape(dimensions=[plain(0, "nonsense")], measures=[measure(Fn.SUM, 0, "net_amount")]))
    assert isinstance(hidden, Refused)
    assert isinstance(absent, Refused)
    (one,), (other,) = hidden.violations, absent.violations
    assert replace(one, message=one.message.replace("store_id", "nonsense")) == other
    assert (one.code, one.message) == ("CR-Q201", "no column `store_id` that you may use in `sales`")


def test_a_column_that_one_of_two_owners_withholds_does_not_exist() -> None:
    """A column not named by every owner is not there, whoever else grants it."""
    alder = policy(member="alder", region="")
    decision = decided(shape(dimensions=[plain(0, "region")]), policy(), alder, policy(CLAIMS))
    assert codes(decision) == [("room", "CR-Q201", "column_granted")]


def test_visible_contracts_hold_granted_columns_and_nothing_else() -> None:
    """What the binder sees: columns of the policy and its join columns, no identifiers, no other dataset."""
    seen = visible_contracts(shipped_contracts(), [policy()], question())
    assert {name: sorted(contract.by_name) for name, contract in seen.items()} == {
        "sales": sorted(
            ["sku", "model", "region", "sale_date", "sale_id", "unit_token", "buyer_token", "quantity", "net_amount"]
        )
    }


def test_all_violations_of_all_owners_come_back_together_and_in_one_order() -> None:
    """One pass tells everything that is wrong, whatever the order of the policies."""
    alder = policy(member="alder", mode="templates", expires="2026-01-01")
    asked = shape(dimensions=[plain(0, "sale_date")], measures=[measure(Fn.SUM, 0, "net_amount")])
    held = [alder, policy(), policy(CLAIMS)]
    forward, backward = decided(asked, *held), decided(asked, *reversed(held))
    assert forward == backward
    assert codes(forward) == [
        ("alder", "CR-P101", "mode"),
        ("alder", "CR-P102", "expiry"),
        ("alder", "CR-P109", "grain"),
        ("alder", "CR-P110", "measure"),
        ("harbor", "CR-P109", "grain"),
        ("harbor", "CR-P110", "measure"),
    ]


def test_an_error_inside_a_rule_refuses_without_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    """I9: an exception while checking means refuse, and says nothing of what it met."""

    def broken(case: object) -> object:
        raise RuntimeError("cell value 4711")

    rules = (Rule(name="broken", code="CR-P198", check=broken),)  # type: ignore[arg-type]
    monkeypatch.setattr(decide_module, "RULES", rules)
    decision = decided(shape())
    assert codes(decision) == [("room", "CR-P199", "error")]
    assert "4711" not in repr(decision)


def test_no_rules_at_all_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """I9: nothing evaluated means refuse."""
    monkeypatch.setattr(decide_module, "RULES", ())
    assert codes(decided(shape())) == [("room", "CR-P199", "error")]


@pytest.mark.parametrize(
    "broken",
    [
        replace(shape(), sources=()),
        shape(dimensions=[plain(7, "region")]),
        shape(dimensions=[plain(-1, "region")]),
        replace(shape(), where="sku = 1"),
        replace(shape(), dimensions=("region",)),
    ],
)
def test_a_malformed_shape_refuses(broken: QueryShape) -> None:
    """A shape that the grammar cannot make is refused, not trusted."""
    assert codes(decided(broken)) == [("room", "CR-P199", "error")]


def test_a_dataset_without_contract_does_not_exist() -> None:
    """A policy alone does not make a dataset."""
    asked = shape()
    held: list[DataPolicy] = [policy(), policy(CLAIMS)]
    decision = decide(asked, contracts={}, policies=held, question=question())
    assert codes(decision) == [("room", "CR-Q200", "queriers")] * 2


def test_receivers_are_those_that_every_owner_names() -> None:
    """An answer goes only where all owners let it go."""
    decision = decided(shape(), policy(receivers="[solstice, harbor, alder]"), policy(CLAIMS))
    assert isinstance(decision, Allowed)
    assert decision.obligations.receivers == ("harbor", "solstice")


def test_the_same_dataset_twice_is_two_sources_with_their_own_obligations() -> None:
    """A self join needs the dataset among its own partners."""
    pair = joined("sales", ("buyer_token", "buyer_token"))
    assert ("harbor", "CR-P105", "join_with") in codes(decided(shape(FROM_SALES, pair)))


def test_a_question_by_an_owner_passes_its_own_policy_like_any_other() -> None:
    """Harbor is not among its own queriers, so its sales do not exist for it either."""
    decision = decided(shape(FROM_SALES, WITH_CLAIMS), by=question(querier=MemberName("harbor")))
    assert codes(decision) == [("room", "CR-Q200", "queriers")]


def test_help_names_no_partner_that_the_querier_may_not_use() -> None:
    """I17: harbor also names service_tickets as partner, which admit nobody here; the help does not say so."""
    decision = decided(shape(FROM_SALES), policy(), policy(CLAIMS))
    assert isinstance(decision, Refused)
    (violation,) = decision.violations
    assert violation.help.startswith("join one of `claims` on `buyer_token`, `unit_token`;")
