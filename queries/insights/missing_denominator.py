"""What the maker alone would believe, beside the truth: registered units fail more because failures get registered."""

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
    Table,
    number,
)
from queries.insights.refused import InsightRefused, missing_columns

_SOLD = ("model", "units", "units_with_claim")
_KNOWN = ("model", "units_registered")
_MAKER = ("model", "units_with_claim", "units_with_claim_registered")


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Maker-only and true shares by model, from `claims-by-model`, `registrations-by-model` and `maker-only-units`.

    Alone, the maker knows the registered units and the claimed ones: its rate is claimed / (registered or claimed).
    A plain input may be one table with `failed`, `known_healthy` and `sold`.
    """
    only = next(iter(inputs.values()))
    rows = _plain(only) if len(inputs) == 1 and only.has("failed", "known_healthy", "sold") else _released(inputs)
    shown_rows = [row for row in rows if row[3] is not None and row[4] is not None]
    if not shown_rows:
        raise InsightRefused("CR-B005", "no row has all the numbers it needs", place="missing-denominator")
    shown = ShownTable(
        name="rates",
        title="Units with a claim: the maker alone, and with the retailers",
        columns=_COLUMNS,
        rows=tuple(rows),
    )
    failed, known, sold = (sum(number(row[at]) or 0.0 for row in shown_rows) for at in (1, 2, 5))
    headline = f"the maker alone sees {100 * failed / known:.1f} % failing; with the units sold it is {100 * failed / sold:.1f} %"
    beside = ShownTable(
        name="beside",
        title="Share failing by who looks",
        columns=_BESIDE,
        rows=tuple(
            (row[0], seen, row[at])
            for row in shown_rows
            for seen, at in (("maker alone", 3), ("with the units sold", 4))
        ),
    )
    spec = ChartSpec(
        title="Share failing, as the maker alone sees it and of units sold",
        table="beside",
        mark="bar",
        x=Encoding(column="model", kind="nominal"),
        y=Encoding(column="failing", kind="quantitative"),
        colour=Encoding(column="seen", kind="nominal"),
        description=headline,
    )
    return InsightResult(
        headline=headline, tables=(shown, beside), charts=(spec,), withheld=sum(t.withheld() for t in inputs.values())
    )


def _plain(table: Table) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for record in table.records():
        failed, healthy, sold = (number(record[name]) for name in ("failed", "known_healthy", "sold"))
        rows.append(
            _row(
                record.get("model", "all"),
                failed,
                None if failed is None or healthy is None else failed + healthy,
                sold,
            )
        )
    return rows


def _released(inputs: Inputs) -> list[tuple[Cell, ...]]:
    wanted = (("claims-by-model", _SOLD), ("registrations-by-model", _KNOWN), ("maker-only-units", _MAKER))
    for name, columns in wanted:
        if not inputs[name].has(*columns):
            raise missing_columns("missing-denominator", columns, inputs[name].columns)
    registered = {r["model"]: number(r["units_registered"]) for r in inputs["registrations-by-model"].records()}
    both = {r["model"]: number(r["units_with_claim_registered"]) for r in inputs["maker-only-units"].records()}
    rows: list[tuple[Cell, ...]] = []
    for record in inputs["claims-by-model"].records():
        failed, known, shared = (
            number(record["units_with_claim"]),
            registered.get(record["model"]),
            both.get(record["model"]),
        )
        whole = None if failed is None or known is None or shared is None else failed + known - shared
        rows.append(_row(record["model"], failed, whole, number(record["units"])))
    return rows


def _row(model: Cell, failed: float | None, known: float | None, sold: float | None) -> tuple[Cell, ...]:
    alone = round(100 * failed / known, 3) if failed is not None and known else None
    true = round(100 * failed / sold, 3) if failed is not None and sold else None
    return (model, failed, known, alone, true, sold)


_COLUMNS = (
    ShownColumn(name="model", title="Model"),
    ShownColumn(name="failed", title="Units with a claim", unit="units"),
    ShownColumn(name="known", title="Units the maker knows", unit="units"),
    ShownColumn(name="maker_only", title="Failing, maker alone", unit="%"),
    ShownColumn(name="true", title="Failing, of units sold", unit="%"),
    ShownColumn(name="sold", title="Units sold", unit="units"),
)

_BESIDE = (
    ShownColumn(name="model", title="Model"),
    ShownColumn(name="seen", title="Seen"),
    ShownColumn(name="failing", title="Failing", unit="%"),
)

INSIGHT = Insight(
    name="missing-denominator",
    title="The missing denominator",
    question="How wrong is the failure rate the maker sees alone?",
    needs=(DatasetName("sales"), DatasetName("claims"), DatasetName("registrations")),
    templates=("claims-by-model", "registrations-by-model", "maker-only-units"),
    explanation=Explanation(
        formula="claimed / (registered or claimed), beside claimed / sold",
        unit="%",
        denominator="units the maker knows; units sold",
        exposure="all units sold in the period",
        censoring="none: claims so far",
        suppression="a row with a withheld number shows no share",
        sources=("weibulltools field_data: 684 failed, 860 healthy known, 10,684 sold: 44 % against 6.4 %",),
    ),
    compute=compute,
    takes_one_file=True,
)
