"""Every insight on the demo world: it runs, it recovers the generator's truth, and withheld numbers only widen it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from api.demo import world
from cleanroom.released import Reason, ReleasedTable, Withheld
from queries.insights import INSIGHTS, computed, find
from queries.insights.model import UNKNOWN_HIGH, Cell, Inputs, InsightResult, Settings, Table, number
from queries.insights.refused import InsightRefused
from queries.insights.withheld import largest_withheld
from tests.queries.insights.clear_room import clear_room, run_template

SETTINGS = Settings(as_of=world.DATA_DATE)


def inputs_of(name: str, **parameters: object) -> Inputs:
    return {template: run_template(template, **parameters) for template in find(name).templates}


def run(name: str, **parameters: object) -> InsightResult:
    return find(name).compute(inputs_of(name, **parameters), SETTINGS)


def cells(result: InsightResult, table: str, column: str) -> list[object]:
    shown = next(t for t in result.tables if t.name == table)
    at = [c.name for c in shown.columns].index(column)
    return [row[at] for row in shown.rows]


def one(sql: str) -> float:
    row = clear_room().cursor().execute(sql).fetchone()
    assert row is not None
    return float(row[0])


@pytest.mark.parametrize("name", [insight.name for insight in INSIGHTS])
def test_every_insight_runs_on_its_templates(name: str) -> None:
    """Each gives a headline, tables whose rows fit their columns, and charts of columns that exist."""
    result = run(name)
    assert result.headline
    for table in result.tables:
        assert all(len(row) == len(table.columns) for row in table.rows)
    for chart in result.charts:
        names = {c.name for t in result.tables if t.name == chart.table for c in t.columns}
        wanted = {chart.x.column, chart.y.column, chart.low, chart.high, chart.colour.column if chart.colour else None}
        assert wanted - {None} <= names


@pytest.mark.parametrize("name", [insight.name for insight in INSIGHTS])
def test_a_missing_column_is_named(name: str) -> None:
    """An input without the columns an insight needs is refused with a code, never guessed."""
    empty = {template: Table(columns=("nothing",), rows=((1,),)) for template in find(name).templates}
    with pytest.raises(InsightRefused, match=r"CR-B00[235]"):
        find(name).compute(empty, SETTINGS)


@pytest.mark.parametrize("name", [insight.name for insight in INSIGHTS])
def test_everything_withheld_is_refused_or_shown_as_ranges(name: str) -> None:
    """With every number withheld no insight shows a point estimate that was not released."""
    hidden = {
        template: Table(
            columns=table.columns,
            rows=tuple(
                tuple(Withheld(Reason.UNITS) if number(c) is not None and i else c for i, c in enumerate(row))
                for row in table.rows
            ),
        )
        for template, table in inputs_of(name).items()
    }
    outcome = _compute_or_refuse(name, hidden)
    assert outcome == "CR-B005" or (isinstance(outcome, InsightResult) and outcome.withheld > 0)


def _compute_or_refuse(name: str, inputs: Inputs) -> InsightResult | str:
    try:
        return find(name).compute(inputs, SETTINGS)
    except InsightRefused as refused:
        return refused.code


def test_names_are_unique_and_documented() -> None:
    """No two insights share a name, and each says formula, unit, denominator, exposure, censoring and suppression."""
    assert len({insight.name for insight in INSIGHTS}) == len(INSIGHTS) >= 24
    for insight in INSIGHTS:
        words = insight.explanation
        assert all((words.formula, words.unit, words.denominator, words.exposure, words.censoring, words.suppression))


def test_claim_incidence_equals_a_hand_written_query() -> None:
    """Units with a claim per 1,000 by model, against plain SQL."""
    by_hand = (
        clear_room()
        .cursor()
        .execute(
            "SELECT 1000.0 * count(DISTINCT serial) FILTER (serial IN (SELECT serial FROM claims)) / count(DISTINCT serial) FROM sales GROUP BY model ORDER BY model"
        )
    )
    assert cells(run("claim-incidence"), "shares", "share") == [
        pytest.approx(row[0], abs=1e-3) for row in by_hand.fetchall()
    ]


@pytest.mark.parametrize("model", [m for m in world.MODELS if m.name != world.BAD_LOT.model], ids=lambda m: m.name)
def test_life_fit_recovers_the_generators_weibull(model: world.Model) -> None:
    """Shape and scale lie within 99 % limits of the interval fit (quarters of three months; sales spread over a quarter)."""
    settings = replace(SETTINGS, treatment="interval", confidence=0.99)
    result = find("life-fit").compute(inputs_of("life-fit", model=model.name), settings)
    low, high = (
        dict(zip(cells(result, "parameters", "parameter"), cells(result, "parameters", side), strict=True))
        for side in ("low", "high")
    )
    assert low["shape"] * 0.8 < model.life.shape < high["shape"] * 1.2
    assert 3 * low["scale"] * 0.75 < model.life.scale < 3 * high["scale"] * 1.25


def test_the_bad_lot_alarms_and_good_models_do_not() -> None:
    """Sales of the quarters that hold the bad lot alarm; a model without one raises none."""
    result = run("early-failure", model=world.BAD_LOT.model)
    verdicts = dict(zip(cells(result, "signals", "sold_in"), cells(result, "signals", "verdict"), strict=True))
    assert verdicts["2025-Q2"] == "alarm"
    assert "alarm" not in cells(run("early-failure", model="DX-10"), "signals", "verdict")


def test_registration_coverage_lies_near_the_generators_share() -> None:
    """The mixed share over retailers is what the generator drew, within a few points (late registrations are missing)."""
    truth = sum(r.share * r.registration_share for r in world.RETAILERS)
    low, high = (
        cells(run("registration-coverage"), "shares", "low"),
        cells(run("registration-coverage"), "shares", "high"),
    )
    assert min(low) - 2 < 100 * truth < max(high) + 2


def test_missing_denominator_shows_the_published_example() -> None:
    """684 failed, 860 healthy known of 10,684 sold: 44.3 % seen, 6.4 % true."""
    table = Table(columns=("failed", "known_healthy", "sold"), rows=((684, 860, 10_684),))
    result = find("missing-denominator").compute({"file": table}, SETTINGS)
    assert result.headline == "the maker alone sees 44.3 % failing; with the units sold it is 6.4 %"


def test_warranty_cost_adds_up() -> None:
    """Cost per unit times units is the total cost of the claims on units sold."""
    expected = one(
        "SELECT sum(c.total_cost) / (SELECT count(DISTINCT serial) FROM sales) FROM sales s JOIN claims c USING (serial)"
    )
    assert f"{expected:.2f}" in run("warranty-cost").headline


def test_wide_and_long_nevada_files_agree() -> None:
    """The printed form and the long form of ReliaSoft's example give the published fit."""
    wide = Table(
        columns=("Ship", "Qty", "Jul", "Aug", "Sep"),
        rows=(("Jun", 100, 3, 3, 5), ("Jul", 140, None, 2, 4), ("Aug", 150, None, None, 4)),
    )
    long_rows = [(6, 100, 7, 3), (6, 100, 8, 3), (6, 100, 9, 5), (7, 140, 8, 2), (7, 140, 9, 4), (8, 150, 9, 4)]
    long = Table(columns=("sale_month", "units", "claim_month", "claims"), rows=tuple(long_rows))
    headlines = [find("life-fit").compute({"file": table}, Settings()).headline for table in (wide, long)]
    assert headlines == ["shape 2.4928, scale 6.6951 periods"] * 2


def test_a_withheld_cell_turns_estimates_into_ranges() -> None:
    """One withheld cell of the chart leaves no point estimate, and the range holds the true one."""
    table = Table(
        columns=("Ship", "Qty", "Jul", "Aug", "Sep"),
        rows=(("Jun", 100, Withheld(Reason.UNITS), 3, 5), ("Jul", 140, None, 2, 4), ("Aug", 150, None, None, 4)),
    )
    result = find("life-fit").compute({"file": table}, Settings(withheld_high=9))
    assert cells(result, "parameters", "estimate")[:2] == [None, None]
    assert result.withheld > 0


QUARTERS = Table(columns=("sale_month", "units"), rows=(("2025-01-01", 200), ("2025-04-01", 150)))


def claims_by_quarter(**dropped: int) -> Table:
    """Two sale quarters; the second's claims are not listed, for the reasons given."""
    return Table(
        columns=("sale_month", "claim_month", "claims"),
        rows=(("2025-01-01", "2025-01-01", 40), ("2025-01-01", "2025-04-01", 30)),
        dropped={Reason(reason): count for reason, count in dropped.items()},
    )


@pytest.mark.parametrize(("dropped", "most"), [({"units": 1}, 24), ({"contributors": 1}, 150), ({"dominance": 1}, 150)])
def test_a_row_left_out_for_its_members_may_be_large(dropped: dict[str, int], most: int) -> None:
    """Only too few units bound what is not listed; else the units sold do."""
    result = find("claims-per-1000").compute(
        {"units-by-quarter": QUARTERS, "first-claims-by-quarter": claims_by_quarter(**dropped)},
        Settings(as_of=date(2025, 6, 30)),
    )
    assert cells(result, "per_1000", "claims_high")[0] == 40 + most


@pytest.mark.parametrize("reason", [Reason.CONTRIBUTORS, Reason.DOMINANCE, Reason.LEDGER, Reason.DERIVED])
def test_a_number_withheld_for_another_reason_than_few_units_is_not_bounded(reason: Reason) -> None:
    """A share goes up to its whole, a rate has no upper limit, and the notes say why."""
    table = Table(
        columns=("model", "units", "units_with_claim", "claims"),
        rows=(("A", 1000, Withheld(reason), Withheld(reason)),),
    )
    incidence = computed(find("claim-incidence"), {"claims-by-model": table}, SETTINGS)
    assert (cells(incidence, "shares", "low"), cells(incidence, "shares", "high")) == ([0.0], [1000.0])
    assert any("says nothing about size" in note for note in incidence.notes)
    frequency = computed(find("claim-frequency"), {"claims-by-model": table}, SETTINGS)
    assert cells(frequency, "rates", "high") == [None]
    assert frequency.headline == "at least 0.00 claims per 1,000 units sold"


def test_an_older_release_that_does_not_say_why_bounds_nothing() -> None:
    """Rows left out without a reason may be of any size."""
    release = ReleasedTable(
        columns=(), rows=(), withheld={}, rows_dropped=2, contributors={}, policies=(), snapshots={}, receivers=()
    )
    assert Table.of(release).unlisted_high(Settings()) > 10**9
    assert Table.of(replace(release, dropped={Reason.UNITS: 2})).unlisted_high(Settings(withheld_high=9)) == 9


def test_just_missed_recovers_the_rate_by_days() -> None:
    """From months alone: the share of failures 0 to 60 days after expiry, counted by day in the clear rows, is inside."""
    days = "date_diff('day', s.sale_date, c.claim_date) - 12 * 30.4375"
    truth = 100 * one(
        f"SELECT count(*) FILTER ({days} > 0) / count(*) FROM sales s JOIN claims c USING (serial) "
        f"WHERE abs({days}) <= 60.875 AND s.sale_date <= '{world.SOLD_LONG_AGO}'"
    )
    result = run("just-missed")
    point, low, high = (cells(result, "rate", column)[0] for column in ("share", "low", "high"))
    assert low < truth < high
    assert abs(truth - point) < 4
    assert cells(result, "rate", "low")[1] < truth < cells(result, "rate", "high")[1]


def test_just_missed_by_hand() -> None:
    """4, 10, 20, 30, 8 around month 12: (10 + 30 + 4) / (10 + 30 + 4 + 10 + 10 + 2); a file may leave out the side."""
    table = Table(columns=("mis", "claims"), rows=((10, 4), (11, 10), (12, 20), (13, 30), (14, 8)))
    result = find("just-missed").compute({"failures-around-expiry": table}, Settings(warranty_months=12))
    assert cells(result, "rate", "share")[0] == round(100 * 44 / 66, 2)
    assert cells(result, "rate", "low")[1] == round(100 * 30 / (30 + 34), 2)
    assert cells(result, "rate", "high")[1] == round(100 * 58 / 68, 2)


def test_a_withheld_month_makes_just_missed_a_range() -> None:
    """The range holds what every value of the month would give."""
    rows = ((11, "before", 50), (12, "at", 40), (13, "after", Withheld(Reason.UNITS)))
    table = Table(columns=("mis", "side", "claims"), rows=rows)
    result = find("just-missed").compute({"failures-around-expiry": table}, Settings(withheld_high=9))
    assert cells(result, "rate", "share")[0] is None
    for hidden in (0, 5, 9):
        assert cells(result, "rate", "low")[0] < 100 * (20 + hidden) / (90 + hidden) < cells(result, "rate", "high")[0]


def test_contact_changes_nothing_about_buying_again_in_the_demo_world() -> None:
    """Its buyers buy at random: no difference lies within the limits."""
    result = run("repurchase")
    assert cells(result, "differences", "compared") == ["any contact", "one contact", "two or more contacts"]
    low, high = cells(result, "differences", "low"), cells(result, "differences", "high")
    assert low[0] < 0 < high[0]


OWNERS = (
    "model",
    "owners",
    "owners_again",
    "contacted",
    "contacted_again",
    "contacted_twice",
    "contacted_twice_again",
)


def repurchased(*rows: tuple[Cell, ...]) -> InsightResult:
    return find("repurchase").compute({"repurchase": Table(columns=OWNERS, rows=rows)}, Settings(withheld_high=9))


def test_matching_takes_a_mix_away() -> None:
    """Served owners bought the model that sells again more often; within a model contact makes no difference."""
    result = repurchased(("A", 1000, 100, 100, 10, 20, 2), ("B", 1000, 500, 900, 450, 100, 50))
    assert cells(result, "matched", "share")[:2] == [30.0, 30.0]
    assert cells(result, "differences", "difference") == [0.0, 0.0, 0.0]


def test_one_contact_is_what_two_leave() -> None:
    """100 contacted of whom 40 bought again, 30 twice of whom 15: once 25 of 70, others 60 of 200."""
    result = repurchased(("A", 300, 100, 100, 40, 30, 15))
    assert cells(result, "matched", "share") == [40.0, 30.0, round(100 * 25 / 70, 3), 30.0, 50.0, 30.0]


def test_a_number_withheld_for_few_units_makes_the_difference_a_range() -> None:
    """0 to 9 of 50 contacted bought again, so 40 to 31 of the 100 others: every difference lies between the limits."""
    small = Withheld(Reason.UNITS)
    result = repurchased(("A", 150, 40, 50, small, small, small))
    assert cells(result, "differences", "difference") == [None]
    low, high = cells(result, "differences", "low")[0], cells(result, "differences", "high")[0]
    for hidden in range(10):
        assert low < 100 * (hidden / 50 - (40 - hidden) / 100) < high
    assert low > -100 * (0.40 + 0.15)


def test_a_number_withheld_for_another_reason_leaves_its_stratum_out() -> None:
    """The ledger's mark says nothing about size: the other model alone is compared, and stays exact."""
    hidden = Withheld(Reason.LEDGER)
    result = repurchased(("A", 150, 40, 50, hidden, 20, 8), ("B", 300, 100, 100, 40, 30, 15))
    assert cells(result, "matched", "strata") == [1] * 6
    assert cells(result, "matched", "share")[:2] == [40.0, 30.0]


def test_owners_without_contact_that_are_not_there_are_no_group() -> None:
    """Where all were contacted nobody is left to compare with."""
    with pytest.raises(InsightRefused, match="with and without contacts"):
        repurchased(("A", 100, 40, 100, 40, 30, 15))


BOUGHT = (
    "model",
    "units",
    "purchases",
    "net_amount",
    "units_contacted",
    "purchases_contacted",
    "net_amount_contacted",
)
COST = Table(
    columns=("sale_year", "units", "total_cost", "units_contacted", "total_cost_contacted"),
    rows=((2025, 300, 5000, 100, 4000),),
)


def served(*rows: tuple[Cell, ...]) -> InsightResult:
    return find("served-value").compute(
        {"served-value": Table(columns=BOUGHT, rows=rows), "served-cost": COST}, SETTINGS
    )


def test_served_value_is_matched_by_hand() -> None:
    """A: 20 x 100 / 100 = 20 with, (80 x 100 - 2000) / 300 = 20 without; B: 30 and 20. Weights 75 each: 5 more on average.

    Two differences of 0 and 10 have a standard error of 5, and t at 97.5 % on one degree of freedom is 12.706.
    """
    result = served(("A", 400, 80, 100, 100, 20, 100), ("B", 400, 90, 100, 100, 30, 100))
    assert cells(result, "groups", "later") == [25.0, 20.0]
    ends = [cells(result, "difference", column)[0] for column in ("difference", "low", "high")]
    assert ends == pytest.approx([5.0, 5 - 5 * 12.7062, 5 + 5 * 12.7062], abs=0.01)
    assert cells(result, "groups", "cost") == [40.0, 5.0]


def test_served_value_leaves_out_what_is_withheld() -> None:
    """A stratum with a withheld number is on neither side; one stratum alone has no limits."""
    hidden = Withheld(Reason.UNITS)
    result = served(("A", 400, 80, 100, 100, hidden, hidden), ("B", 400, 90, 100, 100, 30, 100))
    assert [cells(result, "difference", column)[0] for column in ("strata", "difference", "low")] == [1, 10.0, None]
    assert result.withheld == 2


def test_a_retailers_effect_has_limits_and_leaves_out_what_says_nothing() -> None:
    """The migraine example of SAS/STAT, twice: with a third stratum that the ledger withheld it says the same."""
    columns = ("who", "model", "sale_year", "units", "units_with_claim")
    rows = (("us", "F", 1, 27, 16), ("others", "F", 1, 25, 5), ("us", "M", 1, 28, 12), ("others", "M", 1, 26, 7))
    more = (("us", "X", 1, 90, Withheld(Reason.LEDGER)), ("others", "X", 1, 90, 4))
    for given in (rows, (*rows, *more)):
        result = find("retailer-effect").compute({"claims-us-and-others": Table(columns=columns, rows=given)}, SETTINGS)
        assert result.headline == "our units claim 2.16 (1.23 to 3.79) times as often as the others', on the same mix"


def test_no_fault_found_is_shown_by_symptom_and_by_channel() -> None:
    """Both tables and both charts are there, under names of their own, and sum to the same."""
    result = run("no-fault-found")
    assert [table.name for table in result.tables] == ["shares", "by_channel"] == [c.table for c in result.charts]
    assert sum(cells(result, "shares", "claims")) == sum(cells(result, "by_channel", "claims"))


def test_what_is_said_of_an_insight_is_one_list() -> None:
    """Documents and the page of insights read the same rows; without sources there is no row of them."""
    words = find("funnel").explanation
    assert [name for name, _ in words.rows] == [
        "Formula", "Unit", "Denominator", "Exposure", "Censoring", "Suppression",
    ]  # fmt: skip
    assert find("repurchase").explanation.rows[-1][0] == "Sources"


def test_a_month_that_a_release_does_not_list_may_hold_a_few() -> None:
    """How many rows are missing for few units is not told, so a missing month is 0 to 9 there; in a plain file it is 0."""
    rows = ((11, "before", 50), (12, "at", 40))
    plain = Table(columns=("mis", "side", "claims"), rows=rows)
    settings = Settings(withheld_high=9)
    exact = find("just-missed").compute({"failures-around-expiry": plain}, settings)
    assert cells(exact, "rate", "share")[0] == round(100 * 20 / 90, 2)
    released = computed(find("just-missed"), {"failures-around-expiry": replace(plain, is_release=True)}, settings)
    assert cells(released, "rate", "share")[0] is None
    assert cells(released, "rate", "high")[0] > 100 * (20 + 9) / 99
    assert any("how many they are is not told" in note for note in released.notes)


def test_too_few_others_say_nothing_about_size() -> None:
    """Where a receiver's own units do not count towards the minimum, a withheld number goes up to its whole."""
    table = Table(
        columns=("model", "units", "units_with_claim", "claims"), rows=(("A", 1000, Withheld(Reason.UNITS), 3),)
    )
    found = computed(find("claim-incidence"), {"claims-by-model": table}, Settings(withheld_high=UNKNOWN_HIGH))
    assert (cells(found, "shares", "low"), cells(found, "shares", "high")) == ([0.0], [1000.0])
    assert any("may be of any size" in note for note in found.notes)


@pytest.mark.parametrize(
    ("minimum", "share", "largest"),
    [(15, None, 14), (15, "0.8", 70), (25, "0.7", 80), (25, "1", UNKNOWN_HIGH)],
)
def test_what_a_receiver_brings_itself_widens_what_a_withheld_count_may_be(
    minimum: int, share: str | None, largest: int
) -> None:
    """Fourteen of others, at least a fifth of all: seventy at most; where one may bring all, nothing is known."""
    assert largest_withheld(minimum, None if share is None else Decimal(share)) == largest
