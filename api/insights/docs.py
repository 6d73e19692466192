"""``python -m api.insights.docs``: writes docs/insights.md, and the charts beside it, from the library itself.

The charts are drawn from the demo world's clear rows (seeded, all numbers known), through the very functions that draw
a room's releases.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from api.insights.charts import chart_svg, is_empty
from cleanroom.contracts import shipped_contracts
from queries.insights import INSIGHTS
from queries.insights.model import Insight, InsightResult
from queries.insights.nevada_inputs import TEMPLATES as NEVADA_TEMPLATES
from queries.template import QueryTemplate, load_template

SEED = 2026
_INTRO = """# Insights

<!-- Written by `python -m api.insights.docs`; a test compares. -->

An insight is one or more approved query templates, and arithmetic on what they released. It never sees a row. Each can
be run in a room (`cleanroom insight run NAME`, or on its page) and on plain CSV files with the columns named here, so
that anybody can hold it against a published example:

```
cleanroom insight run claim-incidence --input claims-by-model.csv
cleanroom insight run missing-denominator --input claims-by-model=a.csv --input registrations-by-model=b.csv --input maker-only-units=c.csv
```

A file holds a header row; an empty cell is NULL, the word `withheld` a withheld number, a line that begins with `#` a
remark. Headers may be spelled as books do: `Qty`, `Hours`, `F/S`, `Time to failure (hr)` are understood
(`queries/insights/spellings.py` lists how). Exit 3 and a code say what is missing or not of its kind.

`--format` gives text, json, html, pdf, xlsx, csv, svg, png or vl.json (Vega-Lite). `--confidence 0.9` turns intervals,
`--limits` says how they are made: `wilson` or `clopper-pearson` for shares, `log-log`, `log` or `plain` for survival.
The charts below are drawn from the demo world with nothing withheld (`python -m api.insights.docs` draws them anew).

## Lifetimes and Nevada charts in plain files

`life-fit` and `survival` read any of these layouts:

| layout | columns |
|---|---|
| known ages | `time` alone, suspensions written `6+` |
| known ages with states | `time`, `event` (1 or F failed, 0 or S running) or `censored` (1 running), and `count` |
| counts by age | `time`, `failures`, `suspensions` |
| intervals | `start`, `end` (empty: still running), `count`; or `failures` and `suspensions` |
| delayed entry | any of them with `entry`, the age a unit was watched from |
| Nevada chart as printed | first column the sale period, second the units sold, then one column per claim period |
| Nevada chart by age | the same with columns `MIS 0`, `MIS 1`, ..., empty at the lower right |
| Nevada chart, long | `sale_month`, `units`, `claim_month` or `mis`, `claims` |

`claims-per-1000`, `nevada-chart` and `early-failure` read the Nevada layouts. Failures of a Nevada chart are taken at the
end of their period, as published charts do, intervals of a plain file as intervals; `--treatment end` or `interval` says
otherwise. `tests/queries/insights/test_published.py` holds them against worked examples of NIST, Meeker and Escobar,
Abernethy, Lawless, Nelson, ReliaSoft, Freireich, Newcombe, Fay and Feuer, Garwood.
"""

_NEVADA = """As one plain file instead of the two tables: a Nevada chart in any layout named above."""


def page() -> str:
    """The text of docs/insights.md."""
    parts = [_INTRO, "\n| insight | question |\n|---|---|\n"]
    parts += [f"| [{insight.title}](#{slug(insight.title)}) | {insight.question} |\n" for insight in INSIGHTS]
    parts += [section for insight in INSIGHTS for section in _section(insight)]
    return "".join(parts)


def charts() -> Iterator[tuple[str, str]]:
    """File name and SVG of each insight's first chart, on the demo world."""
    for insight, result in _on_the_demo_world():
        drawn = [chart for chart in result.charts if not is_empty(chart, result)]
        if drawn:
            yield f"{insight.name}.svg", chart_svg(drawn[0], result)


def main(docs: Path) -> None:
    """Write the page and its charts under ``docs``."""
    (docs / "insights").mkdir(parents=True, exist_ok=True)
    for name, svg in charts():
        (docs / "insights" / name).write_text(svg, "utf-8")
    (docs / "insights.md").write_text(page(), "utf-8")


def _section(insight: Insight) -> Iterator[str]:
    yield f"\n## {insight.title}\n\n{insight.question} `{insight.name}` needs "
    yield ", ".join(f"`{name}`" for name in insight.needs) + ".\n\n"
    yield f"![{insight.title}](insights/{insight.name}.svg)\n\n"
    yield from (f"{paragraph}\n\n" for paragraph in _said_of_inputs(insight))
    yield "| input | columns |\n|---|---|\n"
    for name in insight.templates:
        yield f"| `{name}` | {_columns(_template(name))} |\n"
    yield "\n| property | meaning |\n|---|---|\n"
    yield from (f"| {name} | {_cell(text)} |\n" for name, text in insight.explanation.rows)


def slug(title: str) -> str:
    """A heading's anchor, as documentation sites make it."""
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


def _said_of_inputs(insight: Insight) -> Iterator[str]:
    """What the library's own docstrings say beyond their first line, for who brings files."""
    module = inspect.getdoc(inspect.getmodule(insight.compute)) or ""
    yield from (_flowing(paragraph) for paragraph in module.split("\n\n")[1:])
    yield from (_flowing(paragraph) for paragraph in (inspect.getdoc(insight.compute) or "").split("\n\n"))
    if insight.templates == NEVADA_TEMPLATES:
        yield _NEVADA


def _flowing(paragraph: str) -> str:
    return " ".join(paragraph.replace("``", "`").split())


def _columns(template: QueryTemplate) -> str:
    return ", ".join(f"`{name}`" + (f" ({note.unit})" if note.unit else "") for name, note in template.outputs.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _template(name: str) -> QueryTemplate:
    text = (resources.files("queries") / "library" / f"{name}.sql").read_bytes()
    return load_template(text, place=name, contracts=shipped_contracts())


def _on_the_demo_world() -> Iterator[tuple[Insight, InsightResult]]:
    from api.demo import story, truth, world
    from api.demo.generate import generate
    from queries.insights.model import Settings

    rows = truth.clear_room(generate(seed=SEED, scale=1.0))
    for insight in INSIGHTS:
        tables = {name: truth.true_answer(rows, name, story.parameters_of(name)) for name in insight.templates}
        yield insight, insight.compute(tables, Settings(as_of=world.DATA_DATE))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "docs")
