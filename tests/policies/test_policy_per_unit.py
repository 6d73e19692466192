"""Per-unit tables: templates only, joined on their key, outputs bucketed, filtered or clamped."""

from dataclasses import replace

import pytest
from policy_room import (
    CLAIMS,
    FROM_SALES,
    WITH_CLAIMS,
    codes,
    compare,
    day,
    decided,
    measure,
    per_unit,
    plain,
    policy,
    question,
    ref,
    shape,
    text_of,
)

from cleanroom.names import ColumnName
from cleanroom.shape import (
    Case,
    CaseBranch,
    DateDiff,
    Dimension,
    Fn,
    Grain,
    Join,
    JoinKind,
    JoinPair,
    Literal,
    LiteralType,
    PerUnitFn,
    PerUnitOutput,
    Source,
    Truncated,
)
from policies.decision import Allowed
from policies.model import Mode

APPROVED = question(mode=Mode.TEMPLATES)


def output(name: str, fn: PerUnitFn, column: str | None, where: object = None) -> PerUnitOutput:
    """One output of a per-unit table."""
    inner = ref(0, column) if column else None
    return PerUnitOutput(name=ColumnName(name), fn=fn, column=inner, filter=where)  # type: ignore[arg-type]


CLAIM_COUNT = output("claims", PerUnitFn.COUNT, "claim_id")
SPENT = output("spent", PerUnitFn.SUM, "total_cost")
FIRST = output("first_claim", PerUnitFn.MIN, "claim_date")
ROWS = output("n", PerUnitFn.COUNT, None)


def folded(*outputs: PerUnitOutput, key: str = "unit_token") -> Source:
    """Claims, one row per unit, joined to sales."""
    return replace(WITH_CLAIMS, alias="u", per_unit=per_unit(key, *(outputs or (CLAIM_COUNT, SPENT, FIRST, ROWS))))


def two_or_more(column: str = "claims") -> Case:
    """`CASE WHEN u.claims >= 2 THEN '2+' ELSE '0-1' END`."""
    two = Literal(type=LiteralType.INTEGER, value=2)
    when = compare(plain(1, column), ">=", two)
    return Case(branches=(CaseBranch(when=when, then=text_of("2+")),), otherwise=text_of("0-1"))


def test_a_bucketed_count_per_unit_passes_in_an_approved_template() -> None:
    """Units by how many claims they had."""
    asked = shape(FROM_SALES, folded(), dimensions=[two_or_more()])
    assert codes(decided(asked, by=APPROVED)) == []
    assert codes(decided(asked)) == [("room", "CR-P115", "per_unit")]


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        (plain(1, "claims"), [("room", "CR-P115", "per_unit")]),
        (plain(1, "spent"), [("room", "CR-P115", "per_unit")]),
        (plain(1, "first_claim"), [("room", "CR-P115", "per_unit"), ("solstice", "CR-P109", "grain")]),
        (Truncated(grain=Grain.QUARTER, column=ref(1, "first_claim")), []),
        (Truncated(grain=Grain.MONTH, column=ref(1, "first_claim")), [("solstice", "CR-P109", "grain")]),
        (DateDiff(grain=Grain.QUARTER, start=ref(0, "sale_date"), end=ref(1, "first_claim")), []),
        (plain(1, "no_output"), [("room", "CR-Q201", "column_granted")]),
        (plain(1, "claim_id"), [("room", "CR-Q201", "column_granted")]),
        (two_or_more("spent"), []),
    ],
)
def test_outputs_are_dimensions_in_buckets_only(dimension: Dimension, expected: list[tuple[str, str, str]]) -> None:
    """A number per unit shown as it is would be a key; a date keeps its grain through MIN."""
    asked = shape(FROM_SALES, folded(), dimensions=[dimension])
    assert codes(decided(asked, by=APPROVED)) == expected


def test_an_outputs_date_is_filtered_by_whole_periods_only() -> None:
    """MIN(claim_date) shows a claim date, so the claim date's grain holds."""
    inside = shape(FROM_SALES, folded(), where=compare(plain(1, "first_claim"), ">=", day("2026-02-01")))
    whole = shape(FROM_SALES, folded(), where=compare(plain(1, "first_claim"), ">=", day("2026-04-01")))
    assert codes(decided(inside, by=APPROVED)) == [("solstice", "CR-P109", "grain")]
    assert codes(decided(whole, by=APPROVED)) == []


def test_inner_filters_are_checked_like_outer_ones() -> None:
    """WHERE and FILTER inside a per-unit table need the same grants and grains."""
    cut = compare(plain(0, "claim_date"), ">=", day("2026-02-01"))
    ungranted = compare(plain(0, "claim_id"), "=", text_of("C1"))
    inside = folded(output("claims", PerUnitFn.COUNT, "claim_id", ungranted))
    table = replace(inside, per_unit=replace(inside.per_unit, where=cut))  # type: ignore[type-var]
    assert codes(decided(shape(FROM_SALES, table), by=APPROVED)) == [
        ("solstice", "CR-P108", "filter"),
        ("solstice", "CR-P109", "grain"),
    ]


def test_a_summed_output_is_clamped_by_the_column_it_is_made_of() -> None:
    """`between` of the counted or summed column bounds what one unit contributes."""
    asked = shape(FROM_SALES, folded(), measures=[measure(Fn.SUM, 1, "claims"), measure(Fn.AVG, 1, "spent")])
    decision = decided(asked, by=APPROVED)
    assert isinstance(decision, Allowed)
    assert dict(decision.obligations.sources[1].clamps) == {
        "claims": (0, 20),
        "spent": (0, 5000),
        "total_cost": (0, 5000),
    }


@pytest.mark.parametrize(
    ("fn", "column", "code"),
    [
        (Fn.SUM, "n", "CR-P111"),
        (Fn.COUNT_DISTINCT, "claims", "CR-P115"),
        (Fn.SUM, "first_claim", "CR-P115"),
    ],
)
def test_outputs_that_nothing_bounds_are_not_summed(fn: Fn, column: str, code: str) -> None:
    """COUNT(*) per unit has no column to bound it; extremes and distinct values are not measures."""
    found = codes(decided(shape(FROM_SALES, folded(), measures=[measure(fn, 1, column)]), by=APPROVED))
    assert code in [item[1] for item in found]


def test_outputs_may_be_counted() -> None:
    """COUNT(u.first_claim) counts units that had one."""
    asked = shape(FROM_SALES, folded(), measures=[measure(Fn.COUNT, 1, "first_claim")])
    assert codes(decided(asked, by=APPROVED)) == []


def test_a_per_unit_table_is_joined_on_its_key_and_grouped_by_a_granted_one() -> None:
    """A key that is no join column, or a table joined on an output, is refused."""
    by_model = codes(decided(shape(FROM_SALES, folded(key="model")), by=APPROVED))
    assert ("solstice", "CR-P115", "per_unit") in by_model or ("room", "CR-Q201", "column_granted") in by_model
    pairs = (JoinPair(left=ref(0, "unit_token"), right=ref(1, "claims")),)
    on_output = replace(folded(), join=Join(kind=JoinKind.LEFT, pairs=pairs))
    assert ("room", "CR-P115", "per_unit") in codes(decided(shape(FROM_SALES, on_output), by=APPROVED))


@pytest.mark.parametrize(
    "outputs",
    [
        (output("total_cost", PerUnitFn.COUNT, "claim_id"),),
        (CLAIM_COUNT, output("claims", PerUnitFn.SUM, "total_cost")),
        (output("unit_token", PerUnitFn.COUNT, "claim_id"),),
    ],
)
def test_an_output_does_not_borrow_another_columns_name(outputs: tuple[PerUnitOutput, ...]) -> None:
    """Bounds are found by name: a count named total_cost would take its bounds."""
    found = codes(decided(shape(FROM_SALES, folded(*outputs)), by=APPROVED))
    assert found == [("room", "CR-P115", "per_unit")]


def test_extremes_need_the_column_granted_and_never_a_token() -> None:
    """MIN(unit_token) would pick out one unit."""
    for column in ("unit_token", "owner_token"):
        found = codes(decided(shape(FROM_SALES, folded(output("x", PerUnitFn.MIN, column))), by=APPROVED))
        assert found == [("solstice", "CR-P115", "per_unit")]
    cost = codes(decided(shape(FROM_SALES, folded(output("x", PerUnitFn.MAX, "total_cost"))), by=APPROVED))
    assert cost == [("solstice", "CR-P115", "per_unit")]


def test_inner_measures_need_their_grants() -> None:
    """SUM and COUNT inside need what they need outside."""
    bare = policy(CLAIMS, total_cost="{allow: [avg], between: [0, 10]}", claim_id="{allow: [count_distinct]}")
    found = codes(decided(shape(FROM_SALES, folded()), policy(), bare, by=APPROVED))
    assert found == [("solstice", "CR-P110", "measure")] * 3
