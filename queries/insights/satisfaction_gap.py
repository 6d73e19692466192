"""How makers and retailers are judged on the same cohorts, on one scale.

Not by touchpoint too: a question that parts each member's own answers into groups below the others' minimum is not
answered to anybody. A plain file may bring a ``touchpoint``.
"""

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
    number,
)
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.scales import to_percent

_WANTED = ("about", "kind", "score")


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """The gap from `satisfaction`: `about`, `kind`, `answers`, `score` (mean on the survey's scale)."""
    table = inputs["satisfaction"]
    if not table.has(*_WANTED):
        raise missing_columns("satisfaction-gap", _WANTED, table.columns)
    by = "touchpoint" if table.has("touchpoint") else "kind"
    columns = tuple(column for column in _COLUMNS if column.name != "touchpoint" or by == "touchpoint")
    rows: list[tuple[Cell, ...]] = []
    sums: dict[str, tuple[float, float]] = {}
    parts: dict[tuple[Cell, Cell], tuple[float, float]] = {}
    for record in table.records():
        score, answers = number(record["score"]), number(record.get("answers"))
        mapped = None if score is None else to_percent(str(record["kind"]), score)
        shown_of = {**record, "answers": record.get("answers"), "percent": mapped}
        rows.append(tuple(shown_of[column.name] for column in columns))
        if mapped is not None:
            weight = answers if answers is not None else 1.0
            have = sums.get(str(record["about"]), (0.0, 0.0))
            sums[str(record["about"])] = (have[0] + weight * mapped, have[1] + weight)
            part = (record["about"], record[by])
            seen = parts.get(part, (0.0, 0.0))
            parts[part] = (seen[0] + weight * mapped, seen[1] + weight)
    means = {name: a / b for name, (a, b) in sums.items() if b}
    if not {"maker", "retailer"} <= set(means):
        raise InsightRefused(
            "CR-B005", "scores about both the maker and the retailers are needed", place="satisfaction-gap"
        )
    gap = means["maker"] - means["retailer"]
    shown = ShownTable(name="scores", title="Satisfaction on one scale", columns=columns, rows=tuple(rows))
    # One bar each: bars of two measures in one place would be stacked to twice the scale.
    drawn = ShownTable(
        name="parts",
        title=f"Satisfaction by {'touchpoint, all measures' if by == 'touchpoint' else 'measure'}",
        columns=(_COLUMNS[0], next(column for column in _COLUMNS if column.name == by), _COLUMNS[5]),
        rows=tuple((about, part, round(a / b, 3)) for (about, part), (a, b) in parts.items() if b),
    )
    headline = f"the maker is judged {abs(gap):.1f} points {'higher' if gap >= 0 else 'lower'} than its retailers, on a scale of 0 to 100"
    spec = ChartSpec(
        title="Satisfaction, maker and retailers",
        table="parts",
        mark="bar",
        x=Encoding(column=by, kind="nominal"),
        y=Encoding(column="percent", kind="quantitative"),
        colour=Encoding(column="about", kind="nominal"),
        description=headline,
    )
    notes = (
        "CSAT of 1 to 5, CES of 1 to 7 and likelihood to recommend of 0 to 10 are mapped linearly to 0 to 100; means weighted by answers.",
    )
    return InsightResult(
        headline=headline, tables=(shown, drawn), charts=(spec,), notes=notes, withheld=table.withheld()
    )


_COLUMNS = (
    ShownColumn(name="about", title="Judged"),
    ShownColumn(name="kind", title="Measure"),
    ShownColumn(name="touchpoint", title="About"),
    ShownColumn(name="answers", title="Answers", unit="answers"),
    ShownColumn(name="score", title="Mean score", unit="points"),
    ShownColumn(name="percent", title="On 0 to 100", unit="points"),
)

INSIGHT = Insight(
    name="satisfaction-gap",
    title="Channel satisfaction gap",
    question="Is the maker judged differently from its retailers on the same products?",
    needs=(DatasetName("surveys"), DatasetName("sales")),
    templates=("satisfaction",),
    explanation=Explanation(
        formula="mean score mapped to 0..100, maker minus retailers, weighted by answers",
        unit="points on 0 to 100",
        denominator="answers about units sold by the members",
        exposure="answered surveys",
        censoring="unanswered surveys are not judged; answering is a choice, so this describes those who answer",
        suppression="withheld cells are left out of both means",
    ),
    compute=compute,
)
