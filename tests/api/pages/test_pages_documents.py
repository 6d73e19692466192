"""The documentation of insights is what the library says; documents stand alone and carry no live code."""

from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest

from api.insights import docs
from api.insights.document import Document
from api.insights.document_csv import write_csv
from api.insights.documents import WRITERS, render
from cleanroom.delivery.csv_text import CsvOptions
from cleanroom.errors import UsageProblem
from cleanroom.released import Reason, Withheld
from queries.insights import INSIGHTS, find
from queries.insights.model import InsightResult, ShownColumn, ShownTable

_DOCS = Path(__file__).parents[3] / "docs"
HOSTILE = ("=HYPERLINK(1)", "+1", "@x", "<script>alert(1)</script>", '#"] panic("x")', "$x$ *b* [l](http://e)", "-2+3")


def hostile() -> InsightResult:
    """A result whose texts try to be code in every format."""
    columns = tuple(ShownColumn(name=f"c{n}", title=text) for n, text in enumerate(HOSTILE[:2]))
    rows = tuple((text, Withheld(Reason.LEDGER)) for text in HOSTILE)
    table = ShownTable(name="t", title="*a*/b:[c]?" + HOSTILE[3], columns=columns, rows=(*rows, (1.5, None)))
    return InsightResult(headline=HOSTILE[3], tables=(table, table), notes=HOSTILE, withheld=len(HOSTILE))


def test_the_page_of_insights_is_up_to_date() -> None:
    """`python -m api.insights.docs` would write what is there; every chart it shows exists and they stay small."""
    assert (_DOCS / "insights.md").read_text("utf-8") == docs.page()
    files = list((_DOCS / "insights").glob("*.svg"))
    assert {file.stem for file in files} == {insight.name for insight in INSIGHTS}
    assert sum(file.stat().st_size for file in files) < 1_000_000


@pytest.mark.parametrize("insight", [insight.name for insight in INSIGHTS])
def test_each_chart_of_the_documentation_is_a_still_picture(insight: str) -> None:
    """No script, style, link or foreign address in any of them."""
    root = ET.parse(_DOCS / "insights" / f"{insight}.svg").getroot()  # noqa: S314 - our own file
    for node in root.iter():
        assert node.tag.rpartition("}")[2] not in {"script", "style", "a", "image", "foreignObject", "use"}
        assert not [name for name in node.attrib if name.startswith("on") or name in {"style", "href"}]


@pytest.mark.parametrize("name", ["html", "pdf", "xlsx", "csv"])
def test_hostile_text_stays_text(name: str) -> None:
    """Attack: a dimension's value that a reader, a typesetter or a spreadsheet would run."""
    content = render(name, find("funnel"), hostile(), {"run": HOSTILE[3]})
    if name == "html":
        assert b"<script" not in content
        assert b"&lt;script&gt;" in content
    if name == "pdf":
        assert content.startswith(b"%PDF")
        assert b"/JavaScript" not in content
        assert b"/URI" not in content
    if name == "xlsx":
        book = openpyxl.load_workbook(BytesIO(content))
        cells = [cell for sheet in book for row in sheet for cell in row]
        assert [c for c in cells if c.data_type == "f" or c.hyperlink] == []
        assert book["About"]["A1"].value == "Title"
    if name == "csv":
        lines = content.decode().splitlines()
        assert [line[:2] for line in lines[1:4]] == ["'=", "'+", "'@"]


def test_the_same_document_has_the_same_bytes() -> None:
    """No clock and no chance in any format."""
    for name in ("html", "pdf", "xlsx", "csv"):
        first, second = (render(name, find("funnel"), hostile(), {"run": "r"}) for _ in range(2))
        assert first == second, name


def test_a_decimal_comma_reaches_every_number() -> None:
    """Also those that insights computed as floats."""
    result = hostile()
    document = Document(
        name="n", title="t", question="", headline="", tables=result.tables, charts=(), drawn_from=result, notes=()
    )
    text = write_csv(document, CsvOptions(bom=True, decimal_comma=True)).decode("utf-8-sig")
    assert text.splitlines()[-1] == "1,5;"


def test_what_cannot_be_made_is_said() -> None:
    """CR-B013 for a format nobody knows, CR-B012 where there is no chart."""
    with pytest.raises(UsageProblem, match="CR-B013"):
        render("docx", find("funnel"), hostile(), {})
    for name in ("svg", "png", "vl.json"):
        with pytest.raises(UsageProblem, match="CR-B012"):
            render(name, find("funnel"), hostile(), {})
    assert sorted(WRITERS) == ["csv", "html", "pdf", "png", "svg", "vl.json", "xlsx"]
