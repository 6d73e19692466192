"""The merge is a meet-semilattice, and adding a policy never allows more (I10)."""

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_room import CLAIMS, SALES, codes, compare, day, decided, measure, plain, policy, shape

from cleanroom.plan import Contributors, Mechanism
from cleanroom.shape import Fn, Grain, QueryShape
from policies.decision import Allowed
from policies.merge import GRAINS, MECHANISMS, Terms, meet, terms_of
from policies.model import ColumnGrant, DataPolicy, Mode, Permission

_NAMES = st.sets(st.sampled_from(["a", "b", "c"]))
_BOUNDS = st.none() | st.tuples(st.integers(-5, 5), st.integers(-5, 5)).map(
    lambda t: (Decimal(min(t)), Decimal(max(t)))
)
_GRANTS = st.builds(
    ColumnGrant,
    allow=st.frozensets(st.sampled_from(list(Permission))),
    grain=st.none() | st.sampled_from(GRAINS),
    between=_BOUNDS,
)
_TERMS = st.builds(
    Terms,
    members=_NAMES.map(frozenset),
    policies=_NAMES.map(frozenset),
    privacy_units=_NAMES.map(frozenset),
    minimum_units=st.integers(1, 50),
    receivers=_NAMES.map(frozenset),
    purposes=_NAMES.map(frozenset),
    queriers=_NAMES.map(frozenset),
    mode=st.sampled_from(list(Mode)),
    join_required=st.booleans(),
    join_columns=_NAMES.map(frozenset),
    join_with=_NAMES.map(frozenset),
    columns=st.dictionaries(st.sampled_from(["x", "y", "z"]), _GRANTS),
    contributors=st.none()
    | st.builds(
        Contributors,
        minimum=st.integers(2, 5),
        largest_share=st.sampled_from([Decimal("0.5"), Decimal("0.7"), Decimal(1)]),
    ),
    mechanism=st.sampled_from(MECHANISMS),
    base=st.none() | st.integers(2, 30),
    zeros=st.booleans(),
    expires=st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 9)),
)


@settings(deadline=None, max_examples=150)
@given(one=_TERMS, other=_TERMS, third=_TERMS)
def test_the_meet_is_commutative_associative_and_idempotent(one: Terms, other: Terms, third: Terms) -> None:
    """The order in which policies are met, and meeting one twice, changes nothing."""
    assert meet(one, other) == meet(other, one)
    assert meet(meet(one, other), third) == meet(one, meet(other, third))
    assert meet(one, one) == one


@settings(deadline=None, max_examples=150)
@given(one=_TERMS, other=_TERMS)
def test_the_meet_is_below_both_sides(one: Terms, other: Terms) -> None:
    """Meeting again with either side changes nothing: the meet already holds all that each asks."""
    both = meet(one, other)
    assert meet(both, one) == both
    assert meet(both, other) == both


_PLACES = ["region", "sku", "model", "sale_date", "sale_id", "quantity", "net_amount"]


@st.composite
def _policies(draw: st.DrawFn) -> DataPolicy:
    """A sales policy of some member, with random grants, thresholds and joins."""
    grants = {}
    for name in _PLACES:
        allow = draw(st.lists(st.sampled_from([str(p) for p in Permission]), unique=True, min_size=1))
        if draw(st.booleans()) or name == "sale_id":
            grain = draw(st.sampled_from(["", ", grain: month", ", grain: quarter"])) if name == "sale_date" else ""
            between = (
                draw(st.sampled_from(["", ", between: [0, 10]", ", between: [5, 20]"])) if name == "quantity" else ""
            )
            grants[name] = f"{{allow: [{', '.join(allow)}]{grain}{between}}}"
    columns = (
        "{" + ", ".join(f"{name}: {text}" for name, text in grants.items()) + ", unit_token: {allow: [count_distinct]}}"
    )
    head = SALES.split("columns:\n")[0]
    return policy(
        head + f"columns: {columns}\nzeros: release\n",
        member=draw(st.sampled_from(["alder", "birch", "cedar"])),
        minimum_units=str(draw(st.integers(10, 60))),
        mode=draw(st.sampled_from(["ad_hoc", "templates"])),
        receivers=draw(st.sampled_from(["[solstice]", "[solstice, harbor]", "[harbor]"])),
        required=draw(st.sampled_from(["true", "false"])),
    )


_ASKED = st.sampled_from(
    [
        shape(dimensions=[plain(0, "region")]),
        shape(where=compare(plain(0, "sale_date"), ">=", day("2026-03-01"))),
        shape(measures=[measure(Fn.SUM, 0, "quantity")]),
        shape(measures=[measure(Fn.AVG, 0, "net_amount"), measure(Fn.COUNT_STAR)], dimensions=[plain(0, "sku")]),
    ]
)


@settings(deadline=None, max_examples=100)
@given(asked=_ASKED, held=st.lists(_policies(), min_size=1, max_size=3), added=_policies())
def test_adding_a_policy_never_allows_more(asked: QueryShape, held: list[DataPolicy], added: DataPolicy) -> None:
    """Whatever was refused stays refused by the same owners; whatever stays allowed asks for at least as much."""
    before = decided(asked, *held, policy(CLAIMS))
    after = decided(asked, *held, added, policy(CLAIMS))
    if codes(before):
        assert codes(after) != []
    if isinstance(after, Allowed):
        assert isinstance(before, Allowed)
        one, other = before.obligations.sources[0], after.obligations.sources[0]
        assert other.minimum_units >= one.minimum_units
        assert set(after.obligations.receivers) <= set(before.obligations.receivers)
        for column, (low, high) in one.clamps.items():
            assert low <= other.clamps[column][0] <= other.clamps[column][1] <= high
        assert set(one.policies) <= set(other.policies)


def test_terms_of_a_policy_hold_it_to_the_floor() -> None:
    """The room's floor is one more policy."""
    assert terms_of(policy(), floor=40).minimum_units == 40
    assert terms_of(policy(), floor=10).minimum_units == 25


def test_the_orders_are_those_of_the_vocabulary() -> None:
    """A grain or mechanism that is added must be ranked."""
    assert set(GRAINS) == set(Grain)
    assert set(MECHANISMS) == set(Mechanism)
