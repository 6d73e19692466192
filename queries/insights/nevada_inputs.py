"""The two released tables a Nevada chart is made of -> the chart; or one plain file holding both.

``units-by-quarter`` has every unit sold by sale quarter, ``first-claims-by-quarter`` the first claims by sale and claim
quarter. Quarters become consecutive integers. A plain file may be the long or the wide form of ``chart_input``.
"""

from cleanroom.released import Withheld
from queries.insights.chart_input import count_in, month_number, nevada_of
from queries.insights.model import Inputs, Settings
from queries.insights.refused import InsightRefused, missing_columns
from queries.statistics.counts import Count, total
from queries.statistics.nevada import Nevada, NevadaRow

UNITS, CLAIMS = "units-by-quarter", "first-claims-by-quarter"
TEMPLATES = (UNITS, CLAIMS)
MONTHS_PER_PERIOD = 3


def nevada_chart(inputs: Inputs, settings: Settings, *, insight: str) -> tuple[Nevada, str]:
    """The chart and what one period is: ``quarter`` from released tables, ``period`` from a plain file."""
    if UNITS not in inputs:
        table = inputs.get(CLAIMS) or next(iter(inputs.values()))
        return nevada_of(table, settings, insight=insight), "period"
    units, claims = inputs[UNITS], inputs[CLAIMS]
    for table, wanted in ((units, ("sale_month", "units")), (claims, ("sale_month", "claim_month", "claims"))):
        if not table.has(*wanted):
            raise missing_columns(insight, wanted, table.columns)
    sold = {
        month_number(r["sale_month"], insight=insight) // MONTHS_PER_PERIOD: count_in(
            r["units"], settings, insight=insight
        ).low
        for r in units.records()
        if r["sale_month"] is not None and not isinstance(r["units"], Withheld)
    }
    if not sold:
        raise InsightRefused("CR-B005", "no sale period has a released number of units", place=insight)
    cells: dict[tuple[int, int], Count] = {}
    for record in claims.records():
        if record["sale_month"] is not None and record["claim_month"] is not None:
            at = month_number(record["sale_month"], insight=insight) // MONTHS_PER_PERIOD
            to = month_number(record["claim_month"], insight=insight) // MONTHS_PER_PERIOD
            cells[at, to] = count_in(record["claims"], settings, insight=insight)
    last = max([*sold, *(to for _, to in cells)])
    if settings.as_of is not None:
        last = (settings.as_of.year * 12 + settings.as_of.month - 1) // MONTHS_PER_PERIOD
    rows = []
    for period, count in sorted(sold.items()):
        if period <= last:
            # a cell that is not listed was dropped whole: some number of units, possibly none
            unlisted = Count(0, claims.unlisted_high(settings))
            listed = {to: cells.get((period, to), unlisted) for to in range(period, last + 1)}
            rows.append(NevadaRow(period=period, sold=count, claims=_capped(listed, count)))
    return Nevada(rows=tuple(rows), last=last), "quarter"


def _capped(claims: dict[int, Count], sold: int) -> dict[int, Count]:
    """Each cell holds at most what the row sold and the other cells leave: a unit claims for the first time once."""
    certain = total(claims.values()).low
    left = max(0, sold - certain)
    capped = {to: Count(c.low, min(c.high, c.low + left)) for to, c in claims.items()}
    return {to: c for to, c in capped.items() if c.high}


def first_failures(chart: Nevada, *, insight: str) -> Nevada:
    """The chart, if no sale period has more failures than units; CR-B004 else: each unit fails for the first time once."""
    if any(total(row.claims.values()).low > row.sold for row in chart.rows):
        raise InsightRefused(
            "CR-B004", "a sale period has more first failures than units sold",
            help="this insight counts each unit's first failure only", place=insight,
        )  # fmt: skip
    return chart


def period_name(period: int, kind: str) -> str:
    """``2025-Q2`` for a quarter; the bare number for a plain file's period."""
    return f"{period // 4}-Q{period % 4 + 1}" if kind == "quarter" else str(period)
