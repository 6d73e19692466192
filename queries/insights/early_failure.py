"""Early-failure signal: each sale cohort's failures against what the others lead us to expect, with a stated false-alarm rate."""

from cleanroom.names import DatasetName
from queries.insights.model import (
    Cell,
    ChartSpec,
    Encoding,
    Explanation,
    Inputs,
    Insight,
    InsightResult,
    Settings,
    ShownColumn,
    ShownTable,
)
from queries.insights.nevada_inputs import TEMPLATES, nevada_chart, period_name
from queries.insights.refused import InsightRefused
from queries.statistics.counts import Count, total
from queries.statistics.nevada import Nevada, NevadaRow, by_age, first_age
from queries.statistics.sequential import Look, Signal, watch


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Per sale cohort: observed and expected failures, evidence, and whether it alarms.

    Expected failures come from the hazard by age of all other cohorts (midpoints where counts are withheld). Each cohort
    is tested at ``alpha`` shared equally among the cohorts, so the chance of any false alarm in the table is at most
    ``alpha`` if the expectation is right.
    """
    chart, kind = nevada_chart(inputs, settings, insight="early-failure")
    if len(chart.rows) < 2:
        raise InsightRefused("CR-B005", "at least two sale cohorts are needed", place="early-failure")
    share = settings.alpha / len(chart.rows)
    rows: list[tuple[Cell, ...]] = []
    alarms: list[str] = []
    for row in chart.rows:
        looks = _looks(chart, row)
        if not looks:
            continue
        signal = watch(looks, alpha=share)[-1]
        name = period_name(row.period, kind)
        rows.append(_shown(name, row, looks[-1], signal))
        if signal.alarm:
            alarms.append(name)
    if not rows:
        raise InsightRefused("CR-B005", "no cohort has been observed beyond its sale period", place="early-failure")
    table = ShownTable(
        name="signals", title="Observed against expected failures by sale cohort", columns=_COLUMNS, rows=tuple(rows)
    )
    headline = (
        f"sales of {', '.join(alarms)} fail more than the others"
        if alarms
        else "no sale cohort fails more than the others"
    )
    spec = ChartSpec(
        title="Observed over expected failures",
        table="signals",
        mark="bar",
        x=Encoding(column="sold_in", kind="ordinal"),
        y=Encoding(column="ratio", kind="quantitative"),
        description=headline,
    )
    notes = (
        f"Over all cohorts and all looks the chance of a false alarm is at most {settings.alpha:.2%}, if the expectation is right.",
        "A withheld count enters an alarm with its lowest value; `possible` says that its highest would alarm.",
    )
    hidden = sum(not c.is_exact for row in chart.rows for c in row.claims.values())
    return InsightResult(headline=headline, tables=(table,), charts=(spec,), notes=notes, withheld=hidden)


def _looks(chart: Nevada, row: NevadaRow) -> list[Look]:
    others = Nevada(rows=tuple(r for r in chart.rows if r is not row), last=chart.last)
    hazard = {r.age: r.failed.middle / r.at_risk.middle for r in by_age(others) if r.at_risk.middle > 0}
    looks: list[Look] = []
    observed, expected, running = Count.exact(0), 0.0, float(row.sold)
    for age in range(first_age(chart), chart.last - row.period + 1):
        if age not in hazard:
            break
        expected += running * hazard[age]
        running -= running * hazard[age]
        observed = total((observed, row.claims.get(row.period + age, Count.exact(0))))
        looks.append(Look(period=row.period + age, observed=observed, expected=expected))
    return looks


def _shown(name: str, row: NevadaRow, look: Look, signal: Signal) -> tuple[Cell, ...]:
    exact = look.observed.is_exact
    ratio = round(look.observed.low / look.expected, 3) if exact and look.expected > 0 else None
    verdict = "alarm" if signal.alarm else "possible" if signal.possible else "as expected"
    return (
        name,
        row.sold,
        look.observed.low,
        look.observed.high,
        round(look.expected, 2),
        ratio,
        round(min(signal.evidence, 1e12), 3),
        verdict,
    )


_COLUMNS = (
    ShownColumn(name="sold_in", title="Sold in"),
    ShownColumn(name="units", title="Units sold", unit="units"),
    ShownColumn(name="observed_low", title="Failures at least", unit="units"),
    ShownColumn(name="observed_high", title="Failures at most", unit="units"),
    ShownColumn(name="expected", title="Expected", unit="units"),
    ShownColumn(name="ratio", title="Observed over expected"),
    ShownColumn(name="evidence", title="Evidence (likelihood ratio)"),
    ShownColumn(name="verdict", title="Verdict"),
)

INSIGHT = Insight(
    name="early-failure",
    title="Early-failure signal",
    question="Does a sale cohort fail faster than the others?",
    needs=(DatasetName("sales"), DatasetName("claims")),
    templates=TEMPLATES,
    explanation=Explanation(
        formula="mixture likelihood ratio of observed against expected failures, alarm at cohorts / alpha",
        unit="units; ratio",
        denominator="failures expected from the other cohorts' hazard by age",
        exposure="each cohort to the last period",
        censoring="expected failures stop at the age reached",
        suppression="a withheld count enters an alarm with its lowest value",
        sources=("Ville 1939", "Robbins 1970"),
    ),
    compute=compute,
    takes_one_file=True,
)
