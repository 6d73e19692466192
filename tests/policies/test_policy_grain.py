"""The grain rule: every operator, every literal position, every way to wrap a date."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_room import (
    CLAIMS,
    SALES,
    codes,
    compare,
    day,
    decided,
    measure,
    one_of,
    plain,
    policy,
    ref,
    shape,
    span,
    text_of,
)

from cleanroom.shape import (
    And,
    Case,
    CaseBranch,
    Coalesced,
    Compare,
    CompareOp,
    DateDiff,
    DatePart,
    Dimension,
    Fn,
    Grain,
    In,
    Literal,
    LiteralType,
    Not,
    Parameter,
    Predicate,
    Truncated,
)
from policies.decision import Refused
from policies.periods import first_day, last_day

SALE_DATE = plain(0, "sale_date")
REFUSED = [("harbor", "CR-P109", "grain")]


@pytest.mark.parametrize(
    ("dimension", "refused"),
    [
        (plain(0, "sale_date"), True),
        (Truncated(grain=Grain.DAY, column=ref(0, "sale_date")), True),
        (Truncated(grain=Grain.MONTH, column=ref(0, "sale_date")), False),
        (Truncated(grain=Grain.YEAR, column=ref(0, "sale_date")), False),
        (DatePart(part=Grain.DAY, column=ref(0, "sale_date")), True),
        (DatePart(part=Grain.MONTH, column=ref(0, "sale_date")), False),
        (DateDiff(grain=Grain.DAY, start=ref(0, "sale_date"), end=ref(0, "sale_date")), True),
        (DateDiff(grain=Grain.MONTH, start=ref(0, "sale_date"), end=ref(0, "sale_date")), False),
        (Coalesced(dimension=plain(0, "sale_date"), default=day("2026-01-01")), True),
    ],
)
def test_a_dimension_is_not_finer_than_its_grain(dimension: Dimension, refused: bool) -> None:
    """Plain dates under grain month are refused, months and coarser pass, in SELECT and in WHERE."""
    assert codes(decided(shape(dimensions=[dimension]))) == (REFUSED if refused else [])


def test_months_in_service_are_not_finer_than_the_coarser_of_both_grains() -> None:
    """Sales by month, claims by quarter: months between them would tell the claim's month."""
    months = DateDiff(grain=Grain.MONTH, start=ref(0, "sale_date"), end=ref(1, "claim_date"))
    quarters = DateDiff(grain=Grain.QUARTER, start=ref(0, "sale_date"), end=ref(1, "claim_date"))
    assert codes(decided(shape(dimensions=[months]))) == [("solstice", "CR-P109", "grain")]
    assert codes(decided(shape(dimensions=[quarters]))) == []


def test_days_between_two_dates_are_refused_even_without_a_grain() -> None:
    """A difference in days of ungrained dates is a key for rare values."""
    days = DateDiff(grain=Grain.DAY, start=ref(0, "sale_date"), end=ref(1, "closed_date"))
    held = (policy(sale_date="{allow: [dimension], grain: day}"), policy(CLAIMS))
    assert codes(decided(shape(dimensions=[days]), *held)) == REFUSED


@pytest.mark.parametrize(
    ("op", "literal", "rewrite"),
    [
        (">=", "2026-03-01", None),
        (">=", "2026-03-15", "s.sale_date >= DATE '2026-03-01'"),
        (">=", "2026-03-31", "s.sale_date >= DATE '2026-03-01'"),
        ("<", "2026-03-01", None),
        ("<", "2026-03-02", "s.sale_date <= DATE '2026-03-31'"),
        ("<", "2026-03-31", "s.sale_date <= DATE '2026-03-31'"),
        ("<=", "2026-03-31", None),
        ("<=", "2026-03-30", "s.sale_date <= DATE '2026-03-31'"),
        ("<=", "2026-03-01", "s.sale_date <= DATE '2026-03-31'"),
        ("<=", "2024-02-29", None),
        ("<=", "2024-02-28", "s.sale_date <= DATE '2024-02-29'"),
        (">", "2026-12-31", None),
        (">", "2026-12-30", "s.sale_date >= DATE '2026-12-01'"),
        ("=", "2026-03-01", "date_trunc('month', s.sale_date) = DATE '2026-03-01'"),
        ("<>", "2026-03-09", "date_trunc('month', s.sale_date) <> DATE '2026-03-01'"),
    ],
)
def test_literals_snap_to_whole_months(op: str, literal: str, rewrite: str | None) -> None:
    """Only a comparison that selects whole months passes; any other comes back with the legal one."""
    decision = decided(shape(where=compare(SALE_DATE, op, day(literal))))
    if rewrite is None:
        assert codes(decision) == []
    else:
        assert isinstance(decision, Refused)
        assert [(v.code, v.rewrite) for v in decision.violations] == [("CR-P109", rewrite)]


def test_in_is_rewritten_to_its_months() -> None:
    """Each day of an IN list is a cut."""
    decision = decided(shape(where=one_of(SALE_DATE, day("2026-03-01"), day("2026-03-09"), day("2026-05-02"))))
    assert isinstance(decision, Refused)
    assert [v.rewrite for v in decision.violations] == [
        "date_trunc('month', s.sale_date) IN (DATE '2026-03-01', DATE '2026-05-01')"
    ]


def test_between_is_rewritten_as_a_whole() -> None:
    """BETWEEN arrives as two comparisons at one place: the rewrite replaces both, also where one half is fine."""
    both = And(terms=(compare(SALE_DATE, ">=", day("2026-01-01")), compare(SALE_DATE, "<=", day("2026-03-15"))))
    decision = decided(shape(where=both))
    assert isinstance(decision, Refused)
    assert [v.rewrite for v in decision.violations] == ["s.sale_date BETWEEN DATE '2026-01-01' AND DATE '2026-03-31'"]


def test_a_negated_list_or_between_shows_no_rewrite() -> None:
    """`NOT IN` and `NOT BETWEEN` may hold their NOT: a rewrite without it would say the opposite."""
    listed = Not(term=one_of(SALE_DATE, day("2026-03-09")))
    both = And(terms=(compare(SALE_DATE, ">=", day("2026-01-01")), compare(SALE_DATE, "<=", day("2026-03-15"))))
    for negated in (listed, Not(term=both)):
        decision = decided(shape(where=negated))
        assert isinstance(decision, Refused)
        assert [(v.code, v.rewrite) for v in decision.violations] == [("CR-P109", None)]


CUT = compare(SALE_DATE, ">=", day("2026-03-15"))


@pytest.mark.parametrize(
    "predicate",
    [
        CUT,
        Not(term=CUT),
        And(terms=(CUT, CUT)),
        compare(Coalesced(dimension=SALE_DATE, default=day("2026-01-01")), "<", day("2026-03-02")),
        compare(Case(branches=(CaseBranch(when=CUT, then=text_of("a")),), otherwise=text_of("b")), "=", text_of("a")),
        Compare(op=CompareOp.EQ, left=SALE_DATE, right=Parameter(name="on", type=LiteralType.DATE)),
        Compare(op=CompareOp.GE, left=SALE_DATE, right=Parameter(name="on", type=LiteralType.TEXT)),
        Compare(op=CompareOp.GE, left=SALE_DATE, right=Literal(type=LiteralType.TEXT, value="2026-03-01")),
        Compare(op=CompareOp.GE, left=SALE_DATE, right=Literal(type=LiteralType.DATE, value=None)),
    ],
)
def test_no_wrapping_hides_a_cut(predicate: Predicate) -> None:
    """NOT, AND, CASE, coalesce, FILTER: the cut is the same, and so is the refusal."""
    assert codes(decided(shape(where=predicate)))[:1] == REFUSED
    assert codes(decided(shape(measures=[measure(Fn.COUNT, 0, "sale_id", predicate)])))[:1] == REFUSED
    in_case = Case(branches=(CaseBranch(when=predicate, then=text_of("a")),), otherwise=None)
    assert codes(decided(shape(dimensions=[in_case])))[:1] == REFUSED


def test_a_parameter_waits_for_its_value() -> None:
    """A template's parameter passes at check; with its value the question is decided again."""
    open_question = Compare(op=CompareOp.GE, left=SALE_DATE, right=Parameter(name="from", type=LiteralType.DATE))
    assert codes(decided(shape(where=open_question))) == []


def test_a_comparison_without_a_place_in_the_text_shows_no_rewrite() -> None:
    """I15: a value that came as a parameter is not repeated."""
    placeless = Compare(op=CompareOp.GE, left=SALE_DATE, right=replace(day("2026-03-15"), span=None), span=span(0))
    decision = decided(shape(where=placeless))
    assert isinstance(decision, Refused)
    assert decision.violations[0].rewrite is None
    assert "2026-03" not in repr(decision)


def test_comparing_a_truncated_date_needs_no_snapping() -> None:
    """`date_trunc('month', d)` is a month whatever it is compared with."""
    left = Truncated(grain=Grain.MONTH, column=ref(0, "sale_date"))
    assert codes(decided(shape(where=compare(left, "=", day("2026-03-01"))))) == []
    finer = Truncated(grain=Grain.DAY, column=ref(0, "sale_date"))
    assert codes(decided(shape(where=compare(finer, "=", day("2026-03-01"))))) == REFUSED


def test_the_strictest_owner_sets_the_rewrite() -> None:
    """Each owner refuses in its own grain; the rewrite satisfies both."""
    alder = policy(member="alder", sale_date="{allow: [dimension, filter], grain: quarter}")
    decision = decided(shape(where=compare(SALE_DATE, ">=", day("2026-02-15"))), policy(), alder, policy(CLAIMS))
    assert isinstance(decision, Refused)
    assert [(v.owner, v.rewrite) for v in decision.violations] == [
        ("alder", "s.sale_date >= DATE '2026-01-01'"),
        ("harbor", "s.sale_date >= DATE '2026-01-01'"),
    ]


@pytest.mark.parametrize(
    ("op", "literal", "rewrite"),
    [
        (">=", "2026-03-01", None),
        ("<", "2026-04-01", None),
        ("<=", "2026-03-31", "s.sold_at < DATE '2026-04-01'"),
        (">", "2026-03-31", "s.sold_at >= DATE '2026-03-01'"),
        ("<=", "2026-04-01", "s.sold_at < DATE '2026-05-01'"),
    ],
)
def test_a_moment_is_cut_by_the_midnight_before_its_last_day(op: str, literal: str, rewrite: str | None) -> None:
    """`sold_at <= DATE '2026-03-31'` leaves the 31st out, all but its midnight: only `<` takes a whole month in."""
    moments = policy(
        SALES.replace("  sale_date: ", "  sold_at: {allow: [dimension, filter], grain: month}\n  sale_date: ")
    )
    decision = decided(shape(where=compare(plain(0, "sold_at"), op, day(literal))), moments, policy(CLAIMS))
    if rewrite is None:
        assert codes(decision) == []
    else:
        assert isinstance(decision, Refused)
        assert [v.rewrite for v in decision.violations] == [rewrite]


@settings(deadline=None, max_examples=150)
@given(
    grain=st.sampled_from(list(Grain)),
    op=st.sampled_from(list(CompareOp)),
    literal=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
)
def test_a_comparison_passes_exactly_when_it_selects_whole_periods(grain: Grain, op: CompareOp, literal: date) -> None:
    """The rule agrees with the definition: no period holds both a selected and an unselected day."""
    selects = {
        CompareOp.EQ: lambda d: d == literal,
        CompareOp.NE: lambda d: d != literal,
        CompareOp.LT: lambda d: d < literal,
        CompareOp.LE: lambda d: d <= literal,
        CompareOp.GT: lambda d: d > literal,
        CompareOp.GE: lambda d: d >= literal,
    }[op]
    start, end = first_day(literal, grain), last_day(literal, grain)
    around = [start - timedelta(days=1), end + timedelta(days=1)]
    periods = [[start + timedelta(days=n) for n in range((end - start).days + 1)], *([d] for d in around)]
    whole = all(len({selects(d) for d in period}) == 1 for period in periods)
    held = (policy(sale_date=f"{{allow: [dimension, filter], grain: {grain}}}"), policy(CLAIMS))
    asked = Compare(op=op, left=SALE_DATE, right=Literal(type=LiteralType.DATE, value=literal))
    assert (codes(decided(shape(where=asked), *held)) == []) is whole


@settings(deadline=None, max_examples=150)
@given(literal=st.dates(date(1990, 1, 1), date(2040, 12, 31)), op=st.sampled_from([">=", ">", "<", "<="]))
def test_every_rewrite_of_a_comparison_passes(literal: date, op: str) -> None:
    """What a refusal proposes is legal."""
    decision = decided(shape(where=compare(SALE_DATE, op, day(literal.isoformat()))))
    if isinstance(decision, Refused):
        text = decision.violations[0].rewrite or ""
        _, new_op, _, quoted = text.split(" ")
        assert codes(decided(shape(where=compare(SALE_DATE, new_op, day(quoted.strip("'")))))) == []


def test_in_under_grain_day_passes() -> None:
    """Grain day hides nothing of a date."""
    held = (policy(sale_date="{allow: [dimension, filter], grain: day}"), policy(CLAIMS))
    listed = In(left=SALE_DATE, options=(day("2026-03-09"),))
    assert codes(decided(shape(where=listed, dimensions=[SALE_DATE]), *held)) == []
