"""Every insight on the demo world: it runs, it recovers the generator's truth, and withheld numbers only widen it."""

from dataclasses import replace
from datetime import date

import pytest

from api.demo import world
from cleanroom.released import Reason, ReleasedTable, Withheld
from queries.insights import INSIGHTS, computed, find
from queries.insights.model import Inputs, InsightResult, Settings, Table, number
from queries.insights.refused import InsightRefused
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
    """Its buyers buy at random: with and without contact the matched shares' limits overlap."""
    result = run("repurchase")
    low, high = cells(result, "matched", "low"), cells(result, "matched", "high")
    assert low[0] < high[1]
    assert low[1] < high[0]


def test_matching_takes_a_mix_away() -> None:
    """Served owners bought the model that sells again more often; within a model contact makes no difference."""
    rows = ((0, "A", 900, 90), (0, "B", 100, 50), (1, "A", 100, 10), (1, "B", 900, 450))
    table = Table(columns=("contacts", "model", "owners", "owners_again"), rows=rows)
    result = find("repurchase").compute({"repurchase": table}, SETTINGS)
    assert cells(result, "matched", "share") == [30.0, 30.0]


def test_served_value_is_matched_by_hand() -> None:
    """Within a model served owners spend 5 more; the unmatched means would say 245 more."""
    rows = ((0, "A", 900, 100), (0, "B", 100, 400), (1, "A", 100, 105), (1, "B", 900, 405))
    table = Table(columns=("contacts", "model", "owners", "net_amount"), rows=rows)
    result = find("served-value").compute({"served-value": table}, SETTINGS)
    assert "+5.00 per purchase" in result.headline
