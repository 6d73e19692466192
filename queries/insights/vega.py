"""A chart spec and its table -> one Vega-Lite v5/v6 specification, for the server's pictures and the page alike.

Withheld cells are not drawn; how many there are stands in the subtitle. Colours are Okabe and Ito's, told apart by
colour-blind readers too. The background is transparent, so that one picture serves light and dark pages.
"""

from datetime import date
from decimal import Decimal
from textwrap import wrap

from cleanroom.released import Withheld
from queries.insights.model import Cell, ChartSpec, Encoding, InsightResult, ShownTable

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_TITLE_CHARACTERS = 64
"""A line of a title; longer ones would be cut at the picture's edge."""

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
"""Okabe and Ito (2008), black left out."""


def vega_lite(chart: ChartSpec, result: InsightResult) -> dict[str, Json]:
    """The specification of ``chart`` over its table in ``result``; data are inside, nothing is fetched."""
    table = next(t for t in result.tables if t.name == chart.table)
    drawn: list[Json] = []
    hidden = 0
    for row in table.rows:
        record = {column.name: cell for column, cell in zip(table.columns, row, strict=True)}
        value = record[(chart.colour or chart.y).column if chart.mark == "heat" else chart.y.column]
        if isinstance(value, Withheld) or (value is None and chart.low is None):
            hidden += isinstance(value, Withheld)
            continue
        drawn.append({name: _plain(cell) for name, cell in record.items()})
    layers: list[Json] = [_main(chart, table)]
    if chart.low and chart.high:
        layers.insert(0, _band(chart, table))
    count = result.withheld or hidden
    subtitle = f"{count} number{'s' if count > 1 else ''} withheld or below the threshold" if count else ""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": {"text": list(wrap(chart.title, _TITLE_CHARACTERS)), "subtitle": subtitle, "anchor": "start"},
        "description": chart.description,
        "data": {"values": drawn},
        "width": 560,
        "height": 300,
        "background": "transparent",
        "config": {"range": {"category": list(PALETTE)}, "view": {"stroke": None}},
        "layer": layers,
    }


def _main(chart: ChartSpec, table: ShownTable) -> Json:
    encoding: dict[str, Json] = {"x": _channel(chart.x, table), "y": _channel(chart.y, table)}
    mark = _MARKS[chart.mark]
    if chart.colour is not None:
        encoding["color"] = _channel(chart.colour, table)
    elif chart.mark != "heat":
        encoding["color"] = {"value": PALETTE[0]}
    if chart.mark == "bar" and chart.colour is not None:
        encoding["xOffset"] = {"field": chart.colour.column}
    encoding["tooltip"] = [{"field": c.name, "title": _title(c.title, c.unit)} for c in table.columns]
    return {"mark": mark, "encoding": encoding}


_MARKS: dict[str, Json] = {"line": {"type": "line", "point": True}, "bar": "bar", "point": "point", "heat": "rect"}


def _band(chart: ChartSpec, table: ShownTable) -> Json:
    encoding: dict[str, Json] = {
        "x": _channel(chart.x, table),
        "y": {**_channel(chart.y, table), "field": chart.low},
        "y2": {"field": chart.high},
        "color": {"value": PALETTE[0] if chart.mark == "line" else "#555555"},
    }
    if chart.mark == "bar" and chart.colour is not None:
        encoding["xOffset"] = {"field": chart.colour.column}
    return {
        "mark": {"type": "area", "opacity": 0.25} if chart.mark == "line" else {"type": "rule"},
        "encoding": encoding,
    }


def _channel(encoding: Encoding, table: ShownTable) -> dict[str, Json]:
    column = next(c for c in table.columns if c.name == encoding.column)
    channel: dict[str, Json] = {
        "field": encoding.column,
        "type": encoding.kind,
        "title": _title(column.title, column.unit),
    }
    if encoding.kind in ("nominal", "ordinal"):
        channel["sort"] = None
        channel["scale"] = {"domain": _in_order(table, encoding.column)}
    return channel


def _in_order(table: ShownTable, name: str) -> list[Json]:
    """A column's values as the table lists them: a row whose number is withheld keeps its place in the picture."""
    at = next(position for position, column in enumerate(table.columns) if column.name == name)
    return list(dict.fromkeys(_plain(row[at]) for row in table.rows if not isinstance(row[at], Withheld)))


def _title(title: str, unit: str) -> str:
    return f"{title} ({unit})" if unit and unit not in title else title


def _plain(cell: Cell) -> Json:
    match cell:
        case Withheld():
            return None
        case Decimal():
            return float(cell)
        case date():
            return cell.isoformat()
        case _:
            return cell
