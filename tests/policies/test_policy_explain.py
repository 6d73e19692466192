"""explain and diff: what a steward reads before signing."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from policy_room import CLAIMS, policy, question

from cleanroom.contracts import shipped_contracts
from cleanroom.names import DatasetName, MemberName
from cleanroom.plan import Contributors, Mechanism
from cleanroom.shape import Grain
from policies.diff import Effect, Weight, diff
from policies.explain import SeenColumn, SeenMeasure, explain
from policies.model import ColumnGrant, DataPolicy, JoinPolicy, Mode, Permission, ReleasePolicy
from queries.check import check

CONTRACTS = shipped_contracts()
SALES_CONTRACT = CONTRACTS[DatasetName("sales")]


def test_the_finest_table_is_told_as_data() -> None:
    """Dimensions with their grain, filters, measures with their bounds, and what is never visible."""
    seen = explain([policy()], contract=SALES_CONTRACT)
    assert (
        seen.dimensions
        == seen.filters
        == (
            SeenColumn(column="model", grain=None),
            SeenColumn(column="region", grain=None),
            SeenColumn(column="sale_date", grain=Grain.MONTH),
            SeenColumn(column="sku", grain=None),
        )
    )
    assert seen.measures == (
        SeenMeasure(fn=Permission.COUNT_DISTINCT, column="buyer_token", between=None),
        SeenMeasure(fn=Permission.AVG, column="net_amount", between=(Decimal(0), Decimal(10000))),
        SeenMeasure(fn=Permission.SUM, column="quantity", between=(Decimal(0), Decimal(100))),
        SeenMeasure(fn=Permission.AVG, column="quantity", between=(Decimal(0), Decimal(100))),
        SeenMeasure(fn=Permission.COUNT, column="sale_id", between=None),
        SeenMeasure(fn=Permission.COUNT_DISTINCT, column="sale_id", between=None),
        SeenMeasure(fn=Permission.COUNT_DISTINCT, column="unit_token", between=None),
    )
    assert "store_id" in seen.hidden


def test_the_finest_table_is_told_in_words() -> None:
    """A privacy officer reads this, not YAML."""
    assert explain([policy()], contract=SALES_CONTRACT).sentences[:4] == (
        "solstice may ask about harbor's `sales` by any question, for service and warranty",
        (
            "only together with another member's data: joined with `claims`, `registrations`, `service_tickets` on "
            "`buyer_token`, `unit_token`"
        ),
        "numbers may be split by `model`, `region`, `sale_date by month`, `sku`",
        "rows may be chosen by `model`, `region`, `sale_date by month`, `sku`",
    )


def test_the_finest_question_passes_the_check_and_nothing_finer_does() -> None:
    """The SQL of the explanation is allowed; each date in it without its grain is not."""
    held = [policy(**{"with": "[claims]"}, required="true"), policy(CLAIMS)]
    seen = explain(held[:1], contract=SALES_CONTRACT)
    sql = seen.sql
    assert check(sql, contracts=CONTRACTS, policies=held, question=question()).violations == ()
    finer = sql.replace("date_trunc('month', s.sale_date)", "s.sale_date")
    assert not check(finer, contracts=CONTRACTS, policies=held, question=question()).allowed


def test_a_closed_policy_shows_nothing() -> None:
    """Without querier, purpose or receiver there is no table."""
    for changes in ({"queriers": "[]"}, {"purposes": "[]"}, {"receivers": "[harbor]"}):
        seen = explain([policy(**changes)], contract=SALES_CONTRACT)
        assert (seen.queriers, seen.sql) == ((), "")
        assert seen.sentences[0].startswith("nobody can see anything of harbor's `sales`")


def test_several_owners_show_what_all_of_them_grant() -> None:
    """The coarser grain, the larger minimum, the shared columns."""
    alder = policy(member="alder", minimum_units="60", sku="", sale_date="{allow: [dimension], grain: quarter}")
    seen = explain([policy(), alder], contract=SALES_CONTRACT)
    assert (seen.members, seen.minimum_units) == (("alder", "harbor"), 60)
    assert SeenColumn(column="sale_date", grain=Grain.QUARTER) in seen.dimensions
    assert "sku" in seen.hidden


def test_a_diff_of_equal_texts_is_empty() -> None:
    """The version number alone changes nothing."""
    assert diff(policy(), policy(version="2")) == ()


def test_a_diff_says_what_loosens_first() -> None:
    """Loosening before tightening, heavy before light, a sentence each."""
    new = policy(
        version="2",
        minimum_units="20",
        queriers="[solstice, alder]",
        sale_date="{allow: [dimension, filter], grain: quarter}",
        zeros="suppress",
        region="",
        sku="{allow: [dimension, filter, count]}",
        expires="2028-12-31",
    )
    assert [(change.effect, change.weight, change.sentence) for change in diff(policy(), new)] == [
        (Effect.LOOSENS, Weight.HIGH, "`sku` is now granted for count"),
        (Effect.LOOSENS, Weight.HIGH, "a number needs 20 units, where it needed 25"),
        (Effect.LOOSENS, Weight.HIGH, "`alder` may now ask"),
        (Effect.LOOSENS, Weight.MEDIUM, "the policy now holds until 2028-12-31"),
        (Effect.TIGHTENS, Weight.HIGH, "`sale_date` is seen by quarter, where it was month"),
        (Effect.TIGHTENS, Weight.MEDIUM, "`region` no longer exists for queriers"),
        (Effect.TIGHTENS, Weight.LOW, "empty numbers are now withheld"),
    ]


def test_a_diff_and_its_reverse_say_opposite_effects() -> None:
    """Whatever loosens one way tightens the other."""
    one, other = policy(), policy(version="2", minimum_units="40", mode="templates", contributors="", net_amount="")
    opposite = {Effect.LOOSENS: Effect.TIGHTENS, Effect.TIGHTENS: Effect.LOOSENS, Effect.CHANGES: Effect.CHANGES}
    forward = sorted((change.field, change.effect) for change in diff(one, other))
    backward = sorted((change.field, opposite[change.effect]) for change in diff(other, one))
    assert forward == backward


_CHANGED: dict[str, object] = {
    "privacy_unit": "unit_token",
    "minimum_units": 26,
    "queriers": (),
    "receivers": (),
    "purposes": (),
    "mode": Mode.TEMPLATES,
    "joins": JoinPolicy(required=False, columns=(), with_=()),
    "columns": {},
    "contributors": Contributors(minimum=4, largest_share=Decimal("0.6")),
    "release": ReleasePolicy(mechanism=Mechanism.ROUND, base=5),
    "zeros": False,
    "expires": date(2027, 1, 1),
    "two_person": ("ed25519-v1:one", "ed25519-v1:two"),
}


@pytest.mark.parametrize(
    "name", [f.name for f in fields(DataPolicy) if f.name not in ("member", "dataset", "version", "digest")]
)
def test_no_field_of_a_policy_escapes_the_diff(name: str) -> None:
    """A field that is added to the policy and not compared fails here."""
    assert diff(policy(), replace(policy(), **{name: _CHANGED[name]})) != ()


def test_every_part_of_a_grant_is_compared() -> None:
    """Permissions, grain and bounds."""
    old = policy()
    for grant in (
        ColumnGrant(allow=frozenset({Permission.AVG}), between=(Decimal(0), Decimal(100))),
        ColumnGrant(allow=frozenset({Permission.SUM, Permission.AVG}), between=(Decimal(0), Decimal(101))),
        ColumnGrant(allow=frozenset({Permission.SUM, Permission.AVG}), between=None),
        ColumnGrant(
            allow=frozenset({Permission.SUM, Permission.AVG}), between=(Decimal(0), Decimal(100)), grain=Grain.DAY
        ),
    ):
        assert len(diff(old, replace(old, columns={**old.columns, "quantity": grant}))) == 1  # type: ignore[dict-item]


def test_policies_of_different_owners_are_not_compared() -> None:
    """A diff is between versions."""
    with pytest.raises(ValueError, match="two versions"):
        diff(policy(), policy(member=MemberName("alder")))
