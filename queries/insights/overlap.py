"""How much of each side is found on the other, per identifier, with both denominators."""

from cleanroom.names import DatasetName
from queries.insights.chart_input import count_in
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
from queries.insights.refused import missing_columns
from queries.statistics.counts import Count
from queries.statistics.intervals import share

_NEEDED = {
    "overlap-units": ("units_sold", "units_matched", "owners_matched"),
    "overlap-registrations": ("units_registered", "units_matched"),
    "overlap-buyers": ("buyers", "buyers_matched"),
    "overlap-owners": ("owners", "owners_matched"),
}


def compute(inputs: Inputs, settings: Settings) -> InsightResult:
    """Match rates per identifier from four releases of one row each, both sides as denominators."""
    found = {}
    for name, wanted in _NEEDED.items():
        table = inputs[name]
        if not table.has(*wanted) or not table.rows:
            raise missing_columns("overlap", wanted, table.columns)
        found[name] = table.records()[0]
    units, registered = found["overlap-units"], found["overlap-registrations"]
    buyers, owners = found["overlap-buyers"], found["overlap-owners"]
    rows = tuple(
        _row(kind, name, part, whole, settings)
        for kind, name, part, whole in (
            (_SERIAL, "units sold that are registered", units["units_matched"], units["units_sold"]),
            (_SERIAL, "registered units sold", registered["units_matched"], registered["units_registered"]),
            (_PERSON, "buyers that are registered owners", buyers["buyers_matched"], buyers["buyers"]),
            (_PERSON, "registered owners that are buyers", owners["owners_matched"], owners["owners"]),
            (_SERIAL, "matched units whose owner is known", units["owners_matched"], units["units_matched"]),
        )
    )
    shown = ShownTable(name="matches", title="Match rate per identifier", columns=_COLUMNS, rows=rows)
    by_name = {row[2]: row[5] for row in rows}
    said = [
        f"{rate} % of {words}"
        for words, rate in (
            ("registered units are found among the sales by serial", by_name["registered units sold"]),
            ("registered owners by e-mail or phone", by_name["registered owners that are buyers"]),
        )
        if rate is not None
    ]
    headline = ", ".join(said) or "the number of matches is withheld"
    spec = ChartSpec(
        title="Match rates",
        table="matches",
        mark="bar",
        x=Encoding(column="match", kind="nominal"),
        y=Encoding(column="share", kind="quantitative"),
        low="low",
        high="high",
        description=headline,
    )
    withheld = sum(inputs[name].withheld() for name in _NEEDED)
    return InsightResult(headline=headline, tables=(shown,), charts=(spec,), withheld=withheld)


def _row(kind: str, name: str, cell: Cell, whole: Cell, settings: Settings) -> tuple[Cell, ...]:
    units, part = number(whole), count_in(cell, settings, insight="overlap")
    if not units:
        return (kind, _PROFILES[kind], name, cell, whole, None, None, None)
    top = Count.exact(int(units))
    found = share(Count(min(part.low, top.low), min(part.high, top.low)), top, confidence=settings.confidence)
    point = None if found.point is None else round(100 * found.point, 2)
    return (
        kind,
        _PROFILES[kind],
        name,
        cell,
        whole,
        point,
        round(100 * found.interval.low, 2),
        round(100 * found.interval.high, 2),
    )


_SERIAL, _PERSON = "serial", "e-mail or phone"
_PROFILES = {_SERIAL: "serial.plain@1", _PERSON: "email.uid2@1, phone.e164@1"}
"""What the shipped contracts make canonical by; who prepares by another profile matches nobody."""

_COLUMNS = (
    ShownColumn(name="identifier", title="Identifier"),
    ShownColumn(name="profile", title="Profile"),
    ShownColumn(name="match", title="Match"),
    ShownColumn(name="matched", title="Matched"),
    ShownColumn(name="of", title="Of"),
    ShownColumn(name="share", title="Share", unit="%"),
    ShownColumn(name="low", title="Lower limit", unit="%"),
    ShownColumn(name="high", title="Upper limit", unit="%"),
)

INSIGHT = Insight(
    name="overlap",
    title="Overlap and match quality",
    question="How much of each side is found on the other?",
    needs=(DatasetName("sales"), DatasetName("registrations")),
    templates=tuple(_NEEDED),
    explanation=Explanation(
        formula="per identifier (serial; e-mail or phone): matched / sold side; matched / registered side; known owners / matched units",
        unit="%",
        denominator="both sides, each its own",
        exposure="units and buyers of the sales, and of the registrations, in the period asked for",
        censoring="none",
        suppression="withheld matches enter with their bounds",
        sources=("Wilson 1927",),
    ),
    compute=compute,
)
