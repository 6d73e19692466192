"""Published worked examples through `cleanroom insight run NAME --input FILE`, as their books lay them out.

Sources stand at each: the tables are typed from them, headers and all, and the numbers are the printed ones.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from api.cli.main import main

Run = Callable[..., Mapping[str, object]]
BALL_BEARINGS = [
    "17.88",
    "28.92",
    "33.00",
    "41.52",
    "42.12",
    "45.60",
    "48.80",
    "51.84",
    "51.96",
    "54.12",
    "55.56",
    "67.80",
    "68.64",
    "68.64",
    "68.88",
    "84.12",
    "93.12",
    "98.64",
    "105.12",
    "105.84",
    "127.92",
    "128.04",
    "173.40",
]
SHOCK_ABSORBERS = """Kilometers,Failure Mode
6700,Mode1
6950,Censored
7820,Censored
8790,Censored
9120,Mode2
9660,Censored
9820,Censored
11310,Censored
11690,Censored
11850,Censored
11880,Censored
12140,Censored
12200,Mode1
12870,Censored
13150,Mode2
13330,Censored
13470,Censored
14040,Censored
14300,Mode1
17520,Mode1
17540,Censored
17890,Censored
18450,Censored
18960,Censored
18980,Censored
19410,Censored
20100,Mode2
20100,Censored
20150,Censored
20320,Censored
20900,Mode2
22700,Mode1
23490,Censored
26510,Mode1
27410,Censored
27490,Mode1
27890,Censored
28100,Censored
"""
BEARING_CAGE = {
    50: 288, 150: 148, 250: 124, 350: 111, 450: 106, 550: 99, 650: 110, 750: 114, 850: 119, 950: 127, 1050: 123,
    1150: 93, 1250: 47, 1350: 41, 1450: 27, 1550: 11, 1650: 6, 1850: 1, 2050: 2,
}  # fmt: skip
SIX_MP = [
    "6",
    "6",
    "6",
    "6+",
    "7",
    "9+",
    "10",
    "10+",
    "11+",
    "13",
    "16",
    "17+",
    "19+",
    "20+",
    "22",
    "23",
    "25+",
    "32+",
    "32+",
    "34+",
    "35+",
]
PLACEBO = [
    "1",
    "1",
    "2",
    "2",
    "3",
    "4",
    "4",
    "5",
    "5",
    "8",
    "8",
    "8",
    "8",
    "11",
    "11",
    "12",
    "12",
    "15",
    "17",
    "22",
    "23",
]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs an insight on a text as its file, and reads its JSON."""

    def ran(insight: str, text: str, *options: str) -> Mapping[str, object]:
        (tmp_path / "example.csv").write_text(text, "utf-8")
        with pytest.raises(SystemExit, match="0"):
            main(["insight", "run", insight, "--input", str(tmp_path / "example.csv"), "--json", *options])
        found = json.loads(capsys.readouterr().out)["tables"]
        assert isinstance(found, dict)
        return found

    return ran


def rows(tables: Mapping[str, object], table: str, key: str) -> Mapping[object, Mapping[str, float]]:
    found = tables[table]
    assert isinstance(found, list)
    return {row[key]: row for row in found}


def weibull(tables: Mapping[str, object]) -> tuple[float, float]:
    found = rows(tables, "parameters", "parameter")
    return found["shape"]["estimate"], found["scale"]["estimate"]


def test_nist_weibull_with_suspensions(run: Run) -> None:
    """NIST/SEMATECH e-Handbook 8.4.1.2: ten of twenty failed by 500 h; shape 1.7208, scale 606.53, log likelihood -75.1."""
    hours = (54, 187, 216, 240, 244, 335, 361, 373, 375, 386)
    tables = run("life-fit", "Hours,Status,Count\n" + "".join(f"{h},F,1\n" for h in hours) + "500,S,10\n")
    shape, scale = weibull(tables)
    assert (round(shape, 4), round(scale, 2)) == (1.7208, 606.53)
    assert round(rows(tables, "parameters", "parameter")["log likelihood"]["estimate"], 1) == -75.1


def test_shock_absorbers(run: Run) -> None:
    """Meeker and Escobar (1998), table C.2 and 8.1: Weibull 3.16 and 27,719 km, B10 13,600; lognormal 10.14, 0.530."""
    tables = run("life-fit", SHOCK_ABSORBERS)
    shape, scale = weibull(tables)
    assert (round(shape, 2), round(scale)) == (3.16, 27719)
    lognormal = rows(tables, "distributions", "distribution")["lognormal"]
    assert (round(lognormal["location"], 2), round(lognormal["spread"], 3)) == (10.14, 0.530)


def test_bearing_cages(run: Run) -> None:
    """Abernethy et al. (1983), Meeker and Escobar (1998) section 8.4: six failures among 1,703; 2.035, 11,792 h, B10 3,903 h."""
    text = "hours,failures,suspensions\n" + "".join(f"{h},1,0\n" for h in (230, 334, 423, 990, 1009, 1510))
    tables = run("life-fit", text + "".join(f"{hours},0,{count}\n" for hours, count in BEARING_CAGE.items()))
    shape, scale = weibull(tables)
    assert (round(shape, 3), round(scale)) == (2.035, 11792)
    assert round(rows(tables, "parameters", "parameter")["B10 life"]["estimate"]) == 3903


def test_ball_bearings(run: Run) -> None:
    """Lieblein and Zelen (1956), Lawless (1982): 23 complete lifetimes; shape 2.10, scale 81.9 million revolutions."""
    tables = run("life-fit", "Millions of revolutions\n" + "\n".join(BALL_BEARINGS) + "\n")
    shape, scale = weibull(tables)
    assert (round(shape, 2), round(scale, 1)) == (2.10, 81.9)
    lognormal = rows(tables, "distributions", "distribution")["lognormal"]
    assert (round(lognormal["location"], 2), round(lognormal["log_likelihood"], 1)) == (4.15, -113.1)


def test_reliasofts_six_units_by_likelihood_and_by_ranks(run: Run) -> None:
    """ReliaSoft, Life Data Analysis Reference: MLE 1.933 and 73.526; on ranks 1.4301 and 76.32, rho 0.9956; on ages 1.4428."""
    tables = run("life-fit", "Time to failure (hr)\n93\n34\n16\n120\n53\n75\n")
    shape, scale = weibull(tables)
    assert (round(shape, 3), round(scale, 3)) == (1.933, 73.526)
    lines = rows(tables, "rank_regression", "method")
    on_rank = lines["regression on rank (Y on X)"]
    assert (round(on_rank["shape"], 3), round(on_rank["scale"], 2)) == (1.430, 76.32)
    assert round(on_rank["correlation"], 4) == 0.9956


def test_heat_exchangers_in_intervals(run: Run) -> None:
    """Meeker and Escobar (1998), section 1.2.4: three plants' tubes, read once a year. The share failed by the likelihood

    without a distribution is 4/300 + ... = .0133, .0384, .0582 (table 3.3); the fitted curve passes within its limits.
    """
    text = "lower,upper,cracked\n0,1,4\n1,2,5\n2,3,2\n1,,99\n2,,95\n3,,95\n".replace("cracked", "count")
    tables = run("life-fit", text)
    curve = rows(tables, "unreliability", "age")
    for age, share in ((1.0, 1.33), (2.0, 3.84), (3.0, 5.82)):
        assert curve[age]["low"] < share < curve[age]["high"]
    assert curve[3.0]["failed"] == pytest.approx(5.82, abs=0.6)


def test_remission_times_under_6_mp(run: Run) -> None:
    """Freireich et al. (1963), in Kalbfleisch and Prentice, and as R's survfit prints it (limits on log S)."""
    tables = run("survival", "weeks\n" + "\n".join(SIX_MP) + "\n", "--limits", "log")
    found = rows(tables, "survival", "age")
    printed = {
        6: (21, 3, 85.7, 7.64, 72.0, 100.0), 7: (17, 1, 80.7, 8.69, 65.3, 99.6), 10: (15, 1, 75.3, 9.63, 58.6, 96.8),
        13: (12, 1, 69.0, 10.68, 51.0, 93.5), 16: (11, 1, 62.7, 11.41, 43.9, 89.6), 22: (7, 1, 53.8, 12.82, 33.7, 85.8),
        23: (6, 1, 44.8, 13.46, 24.9, 80.7),
    }  # fmt: skip
    for age, (at_risk, failed, survival, error, low, high) in printed.items():
        row = found[age]
        assert (row["at_risk"], row["failed"]) == (at_risk, failed)
        assert row["survival"] == pytest.approx(survival, abs=0.05)
        assert row["standard_error"] == pytest.approx(error, abs=0.006)
        assert (row["survival_low"], row["survival_high"]) == pytest.approx((low, high), abs=0.06)
    assert rows(tables, "quantiles", "quantile")["median"]["age"] == 23


def test_remission_times_under_placebo(run: Run) -> None:
    """The other arm of the same trial: nobody censored, median 8 weeks."""
    tables = run("survival", "time,censored\n" + "".join(f"{t},0\n" for t in PLACEBO))
    assert rows(tables, "quantiles", "quantile")["median"]["age"] == 8
    assert rows(tables, "survival", "age")[8]["survival"] == pytest.approx(100 * 8 / 21, abs=1e-3)


@pytest.mark.parametrize(
    ("x", "n", "wilson", "exact"),
    [
        (81, 263, (25.53, 36.62), (25.27, 36.76)),
        (15, 148, (6.24, 16.05), (5.78, 16.17)),
        (0, 20, (0.0, 16.11), (0.0, 16.84)),
        (1, 29, (0.61, 17.18), (0.09, 17.76)),
    ],
)
def test_newcombes_table_of_shares(
    run: Run, x: int, n: int, wilson: tuple[float, float], exact: tuple[float, float]
) -> None:
    """Newcombe, Stat. Med. 17 (1998) 857, table I: methods 3 (Wilson) and 5 (Clopper and Pearson)."""
    text = f"x,n\n{x},{n}\n"
    for options, printed in (((), wilson), (("--limits", "clopper-pearson"), exact)):
        (row,) = rows(run("return-rate", text, *options), "shares", "high").values()
        assert (row["low"], row["high"]) == pytest.approx(printed, abs=0.0051)


def test_directly_standardised_rates_of_births(run: Run) -> None:
    """Fay and Feuer (1997) on Selvin's Down-syndrome births (R's epitools): 92.3 per 100,000, at least 80.4."""
    cases = (107, 141, 60, 40, 39, 25)
    births = (230061, 329449, 114920, 39487, 14208, 3052)
    standard = (319933, 931318, 786511, 488235, 237863, 61313)
    text = "who,age_group,units,cases,standard\n"
    for who in ("first born", "all"):
        for age, (d, n, w) in enumerate(zip(cases, births, standard, strict=True)):
            text += f"{who},{age},{n},{d},{w}\n"
    row = rows(run("retailer-effect", text), "effect", "who")["first born"]
    assert [round(100 * row[name], 1) for name in ("per_1000", "low")] == [92.3, 80.4]


def test_a_matched_difference_of_eight_centres(run: Run) -> None:
    """Agresti, Categorical Data Analysis (2013), 226 and 231: 13.0 points, standard error 5.0, by Mantel and Haenszel."""
    centres = ((11, 36, 10, 37), (16, 20, 22, 32), (14, 19, 7, 19), (2, 16, 1, 17), (6, 17, 0, 12), (1, 11, 0, 10))
    text = "model,owners,owners_again,contacted,contacted_again\n"
    for number, (a, m, b, n) in enumerate((*centres, (1, 5, 1, 9), (4, 6, 6, 7))):
        text += f"{number},{m + n},{a + b},{m},{a}\n"
    row = rows(run("repurchase", text), "differences", "compared")["any contact"]
    assert row["difference"] == pytest.approx(13.0, abs=0.05)
    assert (row["high"] - row["low"]) / (2 * 1.96) == pytest.approx(5.0, abs=0.05)


def test_a_matched_ratio_of_women_and_men(run: Run) -> None:
    """SAS/STAT, PROC FREQ, migraine: the drug helps 2.1636 (1.2336 to 3.7948) times as often as placebo."""
    text = "who,model,units,units_with_claim\nActive,F,27,16\nPlacebo,F,25,5\nActive,M,28,12\nPlacebo,M,26,7\n"
    (row,) = rows(run("retailer-effect", text), "ratio", "ratio").values()
    assert [row[name] for name in ("ratio", "low", "high")] == [2.164, 1.234, 3.795]


def test_insulating_fluid_at_36_kv(run: Run) -> None:
    """Nelson (1982), table 2.2 of Lawless: fifteen breakdowns in minutes; shape 0.889, scale 4.29."""
    minutes = [
        ".35",
        ".59",
        ".96",
        ".99",
        "1.69",
        "1.97",
        "2.07",
        "2.58",
        "2.71",
        "2.90",
        "3.67",
        "3.99",
        "5.35",
        "13.77",
        "25.50",
    ]
    shape, scale = weibull(run("life-fit", "Minutes\n" + "\n".join(minutes) + "\n"))
    assert (round(shape, 3), round(scale, 2)) == (0.889, 4.29)


@pytest.mark.parametrize(
    "text",
    [
        "Ship,Qty,Jul,Aug,Sep\nJun,100,3,3,5\nJul,140,-,2,4\nAug,150,-,-,4\n",
        "Shipped,Quantity,MIS 1,MIS 2,MIS 3\nJun,100,3,3,5\nJul,140,2,4,\nAug,150,4,,\n",
        "Period,Sales,1,2,3\n1,100,3,3,5\n2,140,2,4,\n3,150,4,,\n",
        (
            "ship month;qty;return month;returns\nJun 2010;100;Jul 2010;3\nJun 2010;100;Aug 2010;3\nJun 2010;100;Sep 2010;5\n"
            "Jul 2010;140;Aug 2010;2\nJul 2010;140;Sep 2010;4\nAug 2010;150;Sep 2010;4\n"
        ),
        (
            "sold in,units sold,age,failures\n2010-06,100,1,3\n2010-06,100,2,3\n2010-06,100,3,5\n2010-07,140,1,2\n2010-07,140,2,4\n"
            "2010-08,150,1,4\n"
        ),
        "age,failed,suspended\n1,9,146\n2,7,134\n3,5,89\n",
        "State,Time,Number in State\nF,1,9\nS,1,146\nF,2,7\nS,2,134\nF,3,5\nS,3,89\n",
    ],
    ids=["calendar", "ages", "triangle", "long-by-month", "long-by-age", "counts", "states"],
)
def test_reliasofts_nevada_example_in_every_layout(run: Run, text: str) -> None:
    """ReliaSoft's Nevada chart: ships 100/140/150; shape 2.4928, scale 6.6951, however it is written down."""
    shape, scale = weibull(run("life-fit", text))
    assert (round(shape, 4), round(scale, 4)) == (2.4928, 6.6951)


def test_left_truncated_lives(run: Run) -> None:
    """Units watched from an age on say nothing before it: with a constant hazard, deaths over time watched (by hand)."""
    tables = run("life-fit", "entry,time,event\n2,5,1\n0,4,1\n3,9,0\n1,7,1\n", "--treatment", "auto")
    exponential = rows(tables, "distributions", "distribution")["exponential"]
    assert exponential["mean"] == pytest.approx((3 + 4 + 6 + 6) / 3, rel=1e-5)
    at_risk = rows(run("survival", "entry,time,event\n2,5,1\n0,4,1\n3,9,0\n1,7,1\n"), "survival", "age")
    assert {age: row["at_risk"] for age, row in at_risk.items()} == {4: 4, 5: 3, 7: 2}


def test_a_garwood_interval_of_claims(run: Run) -> None:
    """Garwood (1936), in Pearson and Hartley's table 40: ten events, 4.795 to 18.390."""
    row = rows(run("claim-frequency", "units,claims\n1000,10\n"), "rates", "per_1000")[10.0]
    assert (round(row["low"], 3), round(row["high"], 3)) == (4.795, 18.390)


BAD = {
    "nothing known": "colour,shape\nred,round\nblue,square\n",
    "no header": "54,1\n187,1\n216,0\n",
    "a word for a number": "time,event\n54,1\nlater,0\n",
    "an unknown state": "time,event\n54,2\n187,1\n",
    "more failures than sold": "Ship,Qty,Jul,Aug\nJun,2,3,3\nJul,4,,2\n",
    "an interval backwards": "start,end,count\n5,3,1\n2,9,2\n",
    "a negative age": "time,event\n-4,1\n5,1\n",
    "failures at age 0": "time,event\n0,1\n5,1\n",
    "nobody failed": "time,event\n4,0\n5,0\n",
    "one line": "time,event\n",
}


@pytest.mark.parametrize("case", list(BAD))
@pytest.mark.parametrize(
    "insight", ["life-fit", "survival", "nevada-chart", "claims-per-1000", "claim-incidence", "registration-lag"]
)
def test_a_wrong_file_is_told_apart_from_a_defect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], insight: str, case: str
) -> None:
    """Exit 2 or 3 with a code and what is expected; or an answer, where the file is enough for this insight."""
    (tmp_path / "wrong.csv").write_text(BAD[case], "utf-8")
    with pytest.raises(SystemExit, match=r"^[023]$") as ended:
        main(["insight", "run", insight, "--input", str(tmp_path / "wrong.csv"), "--json"])
    told = capsys.readouterr()
    if ended.value.code:
        assert "CR-B00" in told.out + told.err
