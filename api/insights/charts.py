"""Charts drawn on the server: a released table or an insight's result -> SVG or PNG, kept by what they are made of.

The picture's text is text, its colours tell apart for colour-blind readers, and a dark version is drawn for dark pages.
Nothing is fetched while drawing: data stand in the specification.
"""

import json
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import vl_convert

from cleanroom.released import ReleasedTable
from queries.insights.model import Cell, ChartSpec, Encoding, InsightResult, ShownColumn, ShownTable, number
from queries.insights.vega import Json, vega_lite
from queries.template import Chart

MAX_BARS = 60
_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_PICTURE_FONT = "sans-serif"
_MARKS = {"line": "line", "area": "line", "bar": "bar", "point": "point", "heatmap": "heat"}
_INKS = {"light": ("#1c2733", "#5b6875", "#dfe4e8"), "dark": ("#e6ebef", "#a3afba", "#36414b")}


def chart_svg(chart: ChartSpec, result: InsightResult, *, dark: bool = False, font: str = _FONT) -> str:
    """``chart`` as an SVG document: no script, no style, no address in it."""
    return _svg(_document(chart, result, dark=dark, font=font))


def chart_specification(chart: ChartSpec, result: InsightResult, *, dark: bool = False) -> dict[str, Json]:
    """The Vega-Lite specification the pictures are drawn from, for a browser or a notebook to draw."""
    found: dict[str, Json] = json.loads(_document(chart, result, dark=dark, font=_FONT))
    return found


def chart_png(chart: ChartSpec, result: InsightResult) -> bytes:
    """``chart`` as a PNG picture on white, at twice the size."""
    specification = json.loads(_document(chart, result, dark=False, font=_PICTURE_FONT))
    content = vl_convert.vegalite_to_png({**specification, "background": "white"}, scale=2, allowed_base_urls=[])
    return bytes(content)


def is_empty(chart: ChartSpec, result: InsightResult) -> bool:
    """Whether no number of the chart was released: then there is nothing to look at."""
    shown = next(table for table in result.tables if table.name == chart.table)
    drawn = chart.colour.column if chart.mark == "heat" and chart.colour else chart.y.column
    names = [name for name in (drawn, chart.low) if name]
    return all(number(value) is None for name in names for value in _values(shown, name))


def release_chart(table: ReleasedTable, title: str, declared: Chart | None) -> tuple[ChartSpec, InsightResult] | None:
    """How an answer is drawn: as its template declares, else by its first dimension; None where there is nothing to."""
    shown = as_shown(table, title)
    spec = _declared(shown, declared) if declared is not None else _default(table, shown)
    if spec is None or not table.rows:
        return None
    result = InsightResult(headline=title, tables=(shown,), withheld=sum(table.withheld.values()))
    return spec, result


def as_shown(table: ReleasedTable, title: str) -> ShownTable:
    """A released table for reading: heads are the columns' own words."""
    columns = tuple(
        ShownColumn(name=c.name, title=c.description or c.name.replace("_", " ").capitalize(), unit=c.unit)
        for c in table.columns
    )
    return ShownTable(name="answer", title=title, columns=columns, rows=table.rows)


def _declared(shown: ShownTable, chart: Chart) -> ChartSpec | None:
    names = {column.name for column in shown.columns}
    wanted = {chart.x, chart.y[0], *({chart.series} if chart.series else ())}
    if not wanted <= names:
        return None
    return _spec(
        shown,
        mark=_MARKS[chart.type],
        x=chart.x,
        y=chart.y[0],
        colour=chart.series,
        title=chart.title or shown.title,
    )


def _default(table: ReleasedTable, shown: ShownTable) -> ChartSpec | None:
    dimensions = [column.name for column in table.columns if column.role == "dimension"]
    measures = [column.name for column in table.columns if column.role == "measure"]
    if not dimensions or not measures or len(table.rows) > MAX_BARS * 10:
        return None
    dates = [name for name in dimensions if _kind(shown, name) == "temporal"]
    x = dates[0] if dates else max(dimensions, key=lambda name: len(set(_values(shown, name))))
    rest = [name for name in dimensions if name != x]
    if len(rest) > 1 or (rest and len(set(_values(shown, rest[0]))) > 8):
        return None
    mark = "line" if dates else "bar"
    return _spec(shown, mark=mark, x=x, y=measures[0], colour=rest[0] if rest else None, title=shown.title)


def _spec(shown: ShownTable, *, mark: str, x: str, y: str, colour: str | None, title: str) -> ChartSpec:
    titles = {column.name: column.title for column in shown.columns}
    kind = "ordinal" if mark == "heat" and _kind(shown, x) == "nominal" else _kind(shown, x)
    by = f" and {titles[colour].lower()}" if colour else ""
    return ChartSpec(
        title=title,
        table=shown.name,
        mark=mark,
        x=Encoding(column=x, kind=kind),
        y=Encoding(column=y, kind="quantitative"),
        colour=Encoding(column=colour, kind="nominal") if colour else None,
        description=f"{titles[y]} by {titles[x].lower()}{by}. {_extremes(shown, x, y)}",
    )


def _extremes(shown: ShownTable, x: str, y: str) -> str:
    """The largest and smallest shown number in words: what an eye sees first."""
    pairs = [(number(value), key) for value, key in zip(_values(shown, y), _values(shown, x), strict=True)]
    known = [(value, key) for value, key in pairs if value is not None]
    if not known:
        return "No number of it was released."
    high, low = max(known, key=lambda pair: pair[0]), min(known, key=lambda pair: pair[0])
    return f"Highest {high[0]:,.10g} at {high[1]}, lowest {low[0]:,.10g} at {low[1]}."


def _kind(shown: ShownTable, name: str) -> str:
    values = [value for value in _values(shown, name) if value is not None]
    if values and all(isinstance(value, date) for value in values):
        return "temporal"
    return "nominal"


def _values(shown: ShownTable, name: str) -> Sequence[Cell]:
    at = next(position for position, column in enumerate(shown.columns) if column.name == name)
    return [row[at] for row in shown.rows]


def _document(chart: ChartSpec, result: InsightResult, *, dark: bool, font: str) -> str:
    strong, soft, line = _INKS["dark" if dark else "light"]
    specification = vega_lite(chart, result)
    config = specification["config"]
    if not isinstance(config, dict):
        raise TypeError("vega_lite makes an object of it")
    look = {
        "font": font,
        "title": {"color": strong, "subtitleColor": soft, "fontSize": 15, "fontWeight": 600, "offset": 14},
        "axis": {
            "labelColor": soft, "titleColor": soft, "gridColor": line, "domainColor": line, "tickColor": line,
            "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 10, "labelLimit": 160,
        },
        "scale": {"bandPaddingInner": 0.3, "bandPaddingOuter": 0.2, "barBandPaddingInner": 0.3, "rectBandPaddingInner": 0.02},
        "axisX": {"grid": False, "labelAngle": 0, "labelOverlap": True},
        "legend": {"titleLimit": 320, "labelLimit": 240, "labelColor": soft, "titleColor": soft, "titleFontWeight": "normal", "labelFontSize": 11},
    }  # fmt: skip
    # Text is measured in one font here and drawn in the reader's own: without room beside it a wider one is cut off.
    room: Json = {"left": 5, "top": 5, "bottom": 5, "right": 60 if chart.colour else 12}
    drawn = {
        **specification,
        "padding": room,
        "config": {**config, **look},
        "layer": _limits_on_top(specification["layer"], strong),
    }
    return json.dumps(drawn, sort_keys=True)


def _limits_on_top(layers: Json, ink: str) -> list[Json]:
    """The layers with interval limits last, so that no bar hides their lower half, in the page's ink."""
    marks: list[Json] = []
    rules: list[Json] = []
    for layer in layers if isinstance(layers, list) else []:
        if isinstance(layer, dict) and layer.get("mark") == {"type": "rule"}:
            encoding = layer["encoding"] if isinstance(layer["encoding"], dict) else {}
            colour: Json = {"value": ink}
            rules.append({"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {**encoding, "color": colour}})
        else:
            marks.append(layer)
    return [*marks, *rules]


@lru_cache(maxsize=512)
def _svg(specification: str) -> str:
    return str(vl_convert.vegalite_to_svg(json.loads(specification), allowed_base_urls=[]))
