"""Each rule on hand-made shapes: what passes and who refuses what."""

import pytest
from policy_room import (
    CLAIMS,
    FROM_SALES,
    SALES,
    codes,
    compare,
    decided,
    is_null,
    joined,
    measure,
    plain,
    policy,
    question,
    shape,
    text_of,
)

from cleanroom.shape import (
    Case,
    CaseBranch,
    Coalesced,
    Dimension,
    Fn,
    Not,
    Or,
    Predicate,
)
from policies.decision import Refused
from policies.model import DataPolicy, Mode

REGISTRATIONS = (
    CLAIMS.replace("dataset: claims", "dataset: registrations")
    .replace("claim_id", "registration_id")
    .replace("claim_date", "registered_date")
    .replace("closed_date:", "purchase_date:")
    .replace("outcome", "channel")
    .replace("  total_cost:  {allow: [sum, avg], between: [0, 5000]}\n", "  gtin: {allow: [dimension]}\n")
)


def bucketed(when: Predicate) -> Case:
    """``CASE WHEN when THEN 'yes' ELSE 'no' END``."""
    return Case(branches=(CaseBranch(when=when, then=text_of("yes")),), otherwise=text_of("no"))


def test_mode_ad_hoc_is_refused_where_the_owner_wants_templates() -> None:
    """Only that owner speaks, and an approved template passes."""
    templates = policy(mode="templates")
    assert codes(decided(shape(), templates, policy(CLAIMS))) == [("harbor", "CR-P101", "mode")]
    assert codes(decided(shape(), templates, policy(CLAIMS), by=question(mode=Mode.TEMPLATES))) == []


@pytest.mark.parametrize(("last_day", "refused"), [("2026-11-21", False), ("2026-11-20", True)])
def test_a_policy_answers_up_to_and_on_its_last_day(last_day: str, refused: bool) -> None:
    """Expires is the last day that it holds."""
    found = codes(decided(shape(), policy(expires=last_day), policy(CLAIMS)))
    assert found == ([("harbor", "CR-P102", "expiry")] if refused else [])


def test_required_joins_need_another_members_data() -> None:
    """Alone, and with only its owner's own data, a dataset that requires joins is refused."""
    alone = shape(FROM_SALES)
    assert codes(decided(alone)) == [("harbor", "CR-P103", "join_required")]
    own_claims = policy(CLAIMS, member="harbor")
    assert codes(decided(shape(), policy(), own_claims)) == [("harbor", "CR-P103", "join_required")] * 2
    assert codes(decided(alone, policy(required="false"))) == []


def test_a_join_needs_one_pair_granted_on_both_sides() -> None:
    """A join on dimensions alone, or on a column one side does not grant, is refused with the legal pairs."""
    on_model = decided(shape(FROM_SALES, joined("claims", ("model", "model"))))
    assert codes(on_model) == [("harbor", "CR-P104", "join_columns"), ("solstice", "CR-P104", "join_columns")]
    assert isinstance(on_model, Refused)
    assert on_model.violations[0].help == ("join on `s.buyer_token = c.owner_token` or `s.unit_token = c.unit_token`")
    narrow = policy(CLAIMS, joins="{required: true, columns: [owner_token], with: [sales]}")
    assert codes(decided(shape(), policy(), narrow)) == [("solstice", "CR-P104", "join_columns")]
    assert codes(decided(shape(FROM_SALES, joined("claims", ("unit_token", "unit_token"), ("model", "model"))))) == []


def test_datasets_meet_only_where_both_owners_say_so() -> None:
    """A pair that one side does not name is refused by that side."""
    closed = policy(CLAIMS, joins="{required: true, columns: [unit_token], with: [registrations]}")
    assert codes(decided(shape(), policy(), closed)) == [("solstice", "CR-P105", "join_with")]


def test_a_chain_does_not_bring_together_what_its_owner_keeps_apart() -> None:
    """Sales may meet registrations only: claims tied to registrations are refused by the owner of sales."""
    apart = policy(**{"with": "[registrations]"})
    solstice = "{required: true, columns: [unit_token], with: [sales, claims, registrations]}"
    chain = shape(
        FROM_SALES,
        joined("registrations", ("unit_token", "unit_token")),
        joined("claims", ("unit_token", "unit_token"), left=1, index=2),
    )
    held = (policy(REGISTRATIONS, joins=solstice), policy(CLAIMS, joins=solstice))
    assert codes(decided(chain, apart, *held)) == [("harbor", "CR-P105", "join_with")]
    assert codes(decided(chain, policy(), *held)) == []


def test_one_owners_datasets_need_each_others_leave_only_where_tied() -> None:
    """Claims and registrations of one member both tied to sales need not name each other."""
    star = shape(
        FROM_SALES,
        joined("registrations", ("unit_token", "unit_token")),
        joined("claims", ("unit_token", "unit_token"), index=2),
    )
    assert codes(decided(star, policy(), policy(REGISTRATIONS), policy(CLAIMS))) == []


@pytest.mark.parametrize(
    ("pair", "owners"),
    [
        (("unit_token", "owner_token"), ["room"]),
        (("buyer_token", "owner_token"), []),
        (("model", "outcome"), ["room"]),
        (("region", "model"), ["room"]),
        (("model", "model"), []),
        (("unit_token", "model"), ["room"]),
        (("sale_id", "claim_id"), ["room"]),
        (("quantity", "total_cost"), ["room"]),
        (("sale_date", "claim_date"), ["room"]),
        (("sale_date", "closed_date"), ["room"]),
    ],
)
def test_both_sides_of_an_equality_mean_the_same(pair: tuple[str, str], owners: list[str]) -> None:
    """Beside the granted pair, only tokens of one derivation and dimensions of one name are equated."""
    found = codes(decided(shape(FROM_SALES, joined("claims", ("unit_token", "unit_token"), pair))))
    assert found == [(owner, "CR-P106", "join_meaning") for owner in owners]


def test_a_further_equality_needs_both_columns_granted_as_dimension() -> None:
    """A column that may be filtered or counted only is not equated."""
    asked = shape(FROM_SALES, joined("claims", ("unit_token", "unit_token"), ("model", "model")))
    found = codes(decided(asked, policy(model="{allow: [filter]}"), policy(CLAIMS)))
    assert found == [("harbor", "CR-P106", "join_meaning")]


def test_an_equality_of_dates_does_not_look_inside_a_grain() -> None:
    """Exact dates of two datasets are equal on a day, which a month grain hides."""
    returns = SALES.replace("dataset: sales", "dataset: returns").replace("member: harbor", "member: alder")
    held = [policy(text, **{"with": "[sales, returns]"}) for text in (SALES, returns)]
    asked = shape(FROM_SALES, joined("returns", ("unit_token", "unit_token"), ("sale_date", "sale_date")))
    assert codes(decided(asked, *held)) == [("alder", "CR-P106", "join_meaning"), ("harbor", "CR-P106", "join_meaning")]


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        (plain(0, "region"), []),
        (plain(0, "net_amount"), [("harbor", "CR-P107", "dimension")]),
        (plain(1, "claim_id"), [("solstice", "CR-P107", "dimension")]),
        (Coalesced(dimension=plain(0, "sale_id"), default=text_of("none")), [("harbor", "CR-P107", "dimension")]),
        (bucketed(compare(plain(0, "region"), "=", text_of("north"))), []),
        (bucketed(compare(plain(0, "sale_id"), "=", text_of("S1"))), [("harbor", "CR-P108", "filter")]),
        (plain(0, "buyer_token"), [("harbor", "CR-P107", "dimension"), ("harbor", "CR-P113", "privacy_unit")]),
        (plain(1, "unit_token"), [("room", "CR-P114", "tokens"), ("solstice", "CR-P107", "dimension")]),
    ],
)
def test_dimensions_are_granted_as_such(dimension: Dimension, expected: list[tuple[str, str, str]]) -> None:
    """The owner of each column that is not granted as dimension refuses."""
    assert codes(decided(shape(dimensions=[dimension]))) == expected


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (compare(plain(0, "sku"), "=", text_of("A")), []),
        (is_null(plain(1, "outcome")), []),
        (is_null(plain(1, "claim_id")), [("solstice", "CR-P108", "filter")]),
        (is_null(plain(1, "unit_token")), [("room", "CR-P114", "tokens"), ("solstice", "CR-P108", "filter")]),
        (
            Not(term=Or(terms=(is_null(plain(0, "sku")), is_null(plain(0, "quantity"))))),
            [("harbor", "CR-P108", "filter")],
        ),
        (
            compare(bucketed(is_null(plain(0, "net_amount"))), "=", text_of("yes")),
            [("harbor", "CR-P108", "filter")],
        ),
    ],
)
def test_filters_are_granted_as_such_wherever_they_stand(
    predicate: Predicate, expected: list[tuple[str, str, str]]
) -> None:
    """In WHERE, inside CASE, and in FILTER alike."""
    assert codes(decided(shape(where=predicate))) == expected
    assert codes(decided(shape(measures=[measure(Fn.COUNT, 1, "claim_id", predicate)]))) == expected
    assert codes(decided(shape(dimensions=[bucketed(predicate)]))) == expected


@pytest.mark.parametrize(
    ("fn", "source", "column", "refused_by"),
    [
        (Fn.COUNT_STAR, 0, None, []),
        (Fn.COUNT, 0, "sale_id", []),
        (Fn.COUNT, 0, "region", ["harbor"]),
        (Fn.COUNT_DISTINCT, 0, "unit_token", []),
        (Fn.COUNT_DISTINCT, 0, "region", ["harbor"]),
        (Fn.COUNT_DISTINCT, 1, "claim_id", ["solstice"]),
        (Fn.SUM, 0, "quantity", []),
        (Fn.SUM, 0, "net_amount", ["harbor"]),
        (Fn.AVG, 0, "net_amount", []),
        (Fn.AVG, 0, "region", ["harbor"]),
    ],
)
def test_measures_are_granted_per_column_and_function(
    fn: Fn, source: int, column: str | None, refused_by: list[str]
) -> None:
    """A column that may be averaged is not thereby summed."""
    found = codes(decided(shape(measures=[measure(fn, source, column)])))
    assert found == [(owner, "CR-P110", "measure") for owner in refused_by]


def test_counting_rows_needs_some_column_granted_for_count() -> None:
    """COUNT(*) is granted through the first source."""
    silent = policy(sale_id="{allow: [count_distinct]}")
    assert codes(decided(shape(measures=[measure(Fn.COUNT_STAR)]), silent, policy(CLAIMS))) == [
        ("harbor", "CR-P110", "measure")
    ]


def test_a_sum_needs_bounds_from_every_owner_and_bounds_that_meet() -> None:
    """A missing `between` is refused in its owner's name, disjoint ones in the room's."""
    asked = shape(measures=[measure(Fn.SUM, 0, "quantity")])
    unbounded = policy(member="alder", quantity="{allow: [sum]}")
    assert codes(decided(asked, policy(), unbounded, policy(CLAIMS))) == [("alder", "CR-P111", "clamp")]
    elsewhere = policy(member="alder", quantity="{allow: [sum], between: [200, 300]}")
    assert codes(decided(asked, policy(), elsewhere, policy(CLAIMS))) == [("room", "CR-P111", "clamp")]


def test_the_querier_must_be_a_receiver_of_every_owner() -> None:
    """No owner's answer reaches a member that the owner does not name."""
    assert codes(decided(shape(), policy(receivers="[harbor]"), policy(CLAIMS, receivers="[]"))) == [
        ("harbor", "CR-P112", "receivers"),
        ("solstice", "CR-P112", "receivers"),
    ]


def test_owners_that_protect_different_units_cannot_be_mixed() -> None:
    """Units of two kinds cannot be counted together."""
    alder = policy(member="alder", privacy_unit="unit_token")
    assert codes(decided(shape(), policy(), alder, policy(CLAIMS))) == [("room", "CR-P113", "privacy_unit")]


def test_a_privacy_unit_that_is_no_column_refuses() -> None:
    """Nobody would be counted, so nothing is released."""
    assert codes(decided(shape(), policy(privacy_unit="person"), policy(CLAIMS))) == [
        ("harbor", "CR-P113", "privacy_unit")
    ]


def test_a_granted_privacy_unit_is_still_neither_dimension_nor_filter() -> None:
    """A policy written against its own interest is held to it."""
    loose = policy(buyer_token="{allow: [dimension, filter]}", unit_token="{allow: [dimension, filter]}")
    asked = shape(dimensions=[plain(0, "buyer_token")], where=is_null(plain(0, "unit_token")))
    assert codes(decided(asked, loose, policy(CLAIMS))) == [
        ("harbor", "CR-P113", "privacy_unit"),
        ("room", "CR-P114", "tokens"),
    ]


def test_contributor_exists_only_where_every_owner_grants_it() -> None:
    """One owner's grant does not name another."""
    granting = SALES.replace("columns:\n  sku:", "columns:\n  contributor: {allow: [dimension, filter]}\n  sku:")
    asked = shape(dimensions=[plain(0, "contributor")])
    assert codes(decided(asked, policy(granting), policy(CLAIMS))) == []
    alder = policy(member="alder")
    assert codes(decided(asked, policy(granting), alder, policy(CLAIMS))) == [("room", "CR-Q201", "column_granted")]


def test_contributors_are_not_counted_per_cell() -> None:
    """COUNT(DISTINCT contributor) would tell which members share a customer."""
    granting = SALES.replace("columns:\n  sku:", "columns:\n  contributor: {allow: [count_distinct]}\n  sku:")
    asked = shape(measures=[measure(Fn.COUNT_DISTINCT, 0, "contributor")])
    assert codes(decided(asked, policy(granting), policy(CLAIMS))) == [("room", "CR-P116", "contributor")]


@pytest.mark.parametrize("release", ["{mechanism: perturb}", "{mechanism: differential_privacy, epsilon: 1.0}"])
def test_noise_that_the_room_cannot_add_is_not_left_out(release: str) -> None:
    """A policy that asks for noise gets noise or nothing."""
    assert codes(decided(shape(), policy(release=release), policy(CLAIMS))) == [("harbor", "CR-P117", "mechanism")]


def test_rounding_bases_meet_in_their_least_common_multiple() -> None:
    """Bases with no reasonable common multiple are refused for both."""
    prime, other = (policy(text, release=f"{{mechanism: round, base: {base}}}") for text, base in
                    ((SALES, 999_983), (CLAIMS.replace("zeros:", "release: x\nzeros:"), 7)))  # fmt: skip
    assert codes(decided(shape(), prime, other)) == [("room", "CR-P117", "mechanism")]


def test_products_about_no_one_need_no_floor() -> None:
    """The floor protects people; a catalogue has none."""
    products = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: solstice
dataset: products
version: 1
privacy_unit: gtin
minimum_units: 1
queriers: [solstice]
receivers: [solstice, harbor]
purposes: [warranty]
mode: ad_hoc
joins: {required: false, columns: [gtin], with: [sales]}
columns:
  gpc_brick: {allow: [dimension]}
  gtin: {allow: [count]}
"""
    sales = policy(
        SALES.replace("  sku: ", "  gtin: {allow: [dimension]}\n  sku: ").replace("buyer_token]", "buyer_token, gtin]"),
        **{"with": "[products]"},
    )
    asked = shape(FROM_SALES, joined("products", ("gtin", "gtin")), dimensions=[plain(1, "gpc_brick")])
    assert codes(decided(asked, sales, policy(products))) == []


def test_every_owner_of_every_source_is_asked() -> None:
    """Three owners offended by one question are three violations (I9)."""
    alder = policy(member="alder", mode="templates")
    held: tuple[DataPolicy, ...] = (policy(mode="templates"), alder, policy(CLAIMS, mode="templates"))
    assert codes(decided(shape(), *held)) == [
        ("alder", "CR-P101", "mode"),
        ("harbor", "CR-P101", "mode"),
        ("solstice", "CR-P101", "mode"),
    ]
