"""Query templates: front matter, typed parameters, and a digest that names the meaning."""

import json
from pathlib import Path

import pytest

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import PolicyRefused
from cleanroom.shape import LiteralType
from queries.template import Chart, OutputNote, QueryTemplate, is_template, load_template
from queries.template_document import json_schema

_ROOT = Path(__file__).parents[2]
_HEAD = """/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: units-by-region
version: 1
title: Units sold
purpose: warranty
parameters:
  from: {type: date, description: First day, minimum: 2020-01-01}
  channel: {type: text, allowed: [web, store]}
outputs:
  units: {unit: units}
chart: {type: bar, x: region, y: units}
--- */
"""
_SQL = "SELECT region, COUNT(DISTINCT unit_token) AS units FROM sales WHERE sale_date >= :from AND channel = :channel GROUP BY region"


def _load(text: str) -> QueryTemplate:
    return load_template(text.encode(), place="t.sql", contracts=shipped_contracts())


def _codes(text: str) -> list[str]:
    with pytest.raises(PolicyRefused, match="CR-") as refused:
        _load(text)
    assert getattr(refused.value, "place", "") == "t.sql"
    return [one.code for one in refused.value.violations]


def test_a_template_is_read_whole() -> None:
    """Front matter becomes frozen values; the query becomes a shape that keeps its parameters."""
    template = _load(_HEAD + _SQL)
    assert (template.name, template.version, template.purpose) == ("units-by-region", 1, "warranty")
    assert {name: one.type for name, one in template.parameters.items()} == {
        "channel": LiteralType.TEXT,
        "from": LiteralType.DATE,
    }
    assert template.outputs == {"units": OutputNote(unit="units")}
    assert template.chart == Chart(type="bar", x="region", y=("units",))
    assert template.digest.startswith("sha256:")


def test_the_digest_is_the_meaning_and_not_the_spelling() -> None:
    """INVARIANT I14: an approval holds for the question, however it is laid out."""
    other = (
        _SQL.replace("FROM sales", "FROM sales AS s")
        .replace("region", "s.region")
        .replace("GROUP BY s.region", "GROUP BY ALL")
    )
    assert _load(_HEAD + "-- a comment\n" + other).digest == _load(_HEAD + _SQL).digest
    assert _load(_HEAD + _SQL.replace(">=", ">")).digest != _load(_HEAD + _SQL).digest
    assert _load(_HEAD.replace("Units sold", "Units") + _SQL).digest != _load(_HEAD + _SQL).digest


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (["CR-Q190"], _SQL),
        (["CR-Q190"], "/* ---\n- [\n--- */\n" + _SQL),
        (["CR-Q190"], "/* ---\na: &x 1\nb: *x\n--- */\n" + _SQL),
        (["CR-Q191"], _HEAD.replace("QueryTemplate", "DataPolicy") + _SQL),
        (["CR-Q192"], _HEAD.replace("title: Units sold\n", "") + _SQL),
        (["CR-Q192"], _HEAD.replace("title:", "titel: x\ntitle:") + _SQL),
        (["CR-Q192"], _HEAD.replace("version: 1", "version: 1.5") + _SQL),
        (["CR-Q192"], _HEAD.replace("version: 1", "version: 1\nversion: 2") + _SQL),
        (["CR-Q192"], _HEAD.replace("minimum: 2020-01-01", "minimum: soon") + _SQL),
        (["CR-Q193"], _HEAD.replace("  units: {", "  unitz: {") + _SQL),
        (["CR-Q193"], _HEAD.replace("y: units", "y: sales") + _SQL),
        (
            ["CR-Q170"],
            _HEAD + _SQL.replace(":from", ":start").replace("sale_date >=", "sale_date > :from AND sale_date >="),
        ),
        (["CR-Q175"], _HEAD + _SQL.replace(":from", "DATE '2025-01-01'")),
        (["CR-Q160"], _HEAD + _SQL.replace("channel = :channel", "channel = :channel AND quantity > :channel")),
        (["CR-Q101"], _HEAD + "-" * 70_000),
    ],
)
def test_a_wrong_template_says_what_is_wrong(codes: list[str], text: str) -> None:
    """Every way a template can be wrong has its code."""
    assert _codes(text) == codes


def test_a_parameter_is_a_value_and_never_text() -> None:
    """Attack: SQL in a parameter's value; it stays a text literal in the tree."""
    template = _load(_HEAD.replace(", allowed: [web, store]", "") + _SQL)
    given = template.with_values({"channel": "web' OR '1' = '1", "from": "2025-01-01"})
    literal = given.operand("channel", LiteralType.TEXT, None)
    assert getattr(literal, "value", None) == "web' OR '1' = '1"


def test_the_published_schema_is_the_one_in_use() -> None:
    """People validate their templates with the file; it must be what the package reads."""
    shown = json.loads((_ROOT / "queries" / "schema" / "query-template.v1.json").read_text("utf-8"))
    assert shown == json.loads(json.dumps(json_schema()))


def test_every_shipped_template_loads_and_survives_its_rendering() -> None:
    """The library is inside the language."""
    from policies.model import Mode
    from queries.binding.bind import bind
    from queries.parameters import Parameters
    from queries.parse import parse
    from queries.render import render
    from tests.queries.asking import CONTRACTS

    for path in sorted((_ROOT / "queries" / "library").glob("*.sql")):
        template = load_template(path.read_bytes(), place=path.name, contracts=shipped_contracts())
        parameters = Parameters(declared=template.parameters, complete=True)
        again = bind(parse(render(template.shape)), contracts=CONTRACTS, mode=Mode.TEMPLATES, parameters=parameters)
        assert again == template.shape, path.name


def test_front_matter_is_recognised() -> None:
    """A file with front matter is a template, any other text is ad hoc."""
    assert is_template(_HEAD + _SQL)
    assert not is_template("/* a comment */ " + _SQL)
