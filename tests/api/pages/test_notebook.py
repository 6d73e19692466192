"""The notebook client against a served room: exact frames, displays in which nothing runs, refusals that explain."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from api_case import Case

from api.serving import quiet, served
from cleanroom.client.profile import Profile, default_profile, save_profile
from cleanroom.client.room import VEGA_LITE, Answer, QuestionRefused, Room
from cleanroom.errors import NotFound, UsageProblem
from cleanroom.names import MemberName
from cleanroom.released import Reason, ReleasedColumn, ReleasedTable, Withheld

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "notebook.md"
PERIOD = {"from_": "2025-01-01", "to": "2025-12-31"}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


@pytest.fixture(scope="module")
def url(shared: Case) -> Iterator[str]:
    """The shared room, served with its workers."""
    quiet()
    with served(shared.room) as address:
        yield address


@pytest.fixture
def room(shared: Case, url: str) -> Iterator[Room]:
    """The maker's analyst in a notebook."""
    with Room.connect(url=url, api_key=shared.tokens["solstice-analyst"]) as here:
        yield here


def test_every_snippet_of_the_guide_runs(
    shared: Case, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In order, in one namespace, with the profile where `cleanroom login` stores it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    key = shared.tokens["solstice-analyst"]
    save_profile(
        Profile(url=url, member=MemberName("solstice"), api_key=key, member_keys=tmp_path / "keys"), default_profile()
    )
    names: dict[str, object] = {}
    for snippet in re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL):
        exec(compile(snippet, "notebook.md", "exec"), names)  # noqa: S102 - our own documentation
    assert "CR-P" in capsys.readouterr().out
    assert isinstance(names["frame"], pl.DataFrame)


def test_a_frame_is_exact_and_says_what_is_withheld(room: Room) -> None:
    """Whole numbers stay whole; the rare model's number is null, and named with its reason."""
    answer = room.ask("claims-by-model", **PERIOD)
    frame = answer.frame()
    assert frame.schema == {
        "model": pl.String, "units": pl.Int64, "units_with_claim": pl.Int64, "claims": pl.Int64,
    }  # fmt: skip
    rare = frame.filter(pl.col("model") == "KX-7")
    assert rare["units_with_claim"].to_list() == [None]
    assert {(cell.column, cell.reason) for cell in answer.withheld} == {
        ("units_with_claim", "units"),
        ("claims", "units"),
    }
    assert frame["model"].to_list()[answer.withheld[0].row] == "KX-7"
    assert answer.arrow().schema.metadata[b"cleanroom"]
    assert (len(answer.run_id), len(answer.release_id), str(answer.data_date)[:4]) == (32, 32, "2025")


def test_the_chart_is_the_specification_and_the_picture(room: Room) -> None:
    """A front end that draws gets Vega-Lite, another the server's SVG."""
    bundle = room.ask("claims-by-model", **PERIOD).chart._repr_mimebundle_()
    assert set(bundle) == {VEGA_LITE, "image/svg+xml", "text/plain"}
    assert json.dumps(bundle[VEGA_LITE]).count("SX-200") >= 1
    assert str(bundle["image/svg+xml"]).startswith("<svg")


def test_an_insight_is_over_the_releases_it_asked_for(room: Room) -> None:
    """Headline, tables as frames, notes, chart; an unknown table is a matter of use."""
    found = room.insight("missing-denominator", **PERIOD)
    assert "with the units sold it is" in found.headline
    assert len(found.releases) == 3
    assert found.frame("rates").columns == ["model", "failed", "known", "maker_only", "true", "sold"]
    assert found.chart.specification["data"]["values"]
    assert "with the units sold it is" in str(found._repr_mimebundle_()["text/html"])
    with pytest.raises(UsageProblem, match="CR-A116"):
        found.frame("nothing")


def test_a_refusal_explains_itself(room: Room) -> None:
    """Code, rule, owner, help and rewrite stand in its text; IPython prints them without our own frames."""
    sql = "SELECT region, COUNT(*) AS n FROM sales WHERE sale_date = '2025-04-17' GROUP BY region"
    with pytest.raises(QuestionRefused, match="CR-P") as refused:
        room.sql(sql, purpose="warranty")
    text = repr(refused.value)
    for violation in refused.value.violations:
        assert all(part in text for part in (violation.code, violation.rule, violation.help, violation.rewrite or ""))
    assert "policy of harbor" in text
    assert refused.value._render_traceback_()[0] == "the question was refused"


def test_what_is_not_there_is_not_found(room: Room) -> None:
    """A release of nobody's, and a profile that was never stored."""
    with pytest.raises(NotFound, match="CR-L003"):
        room.release("0" * 32)
    with pytest.raises(UsageProblem, match="CR-A117"):
        Room.connect(api_key="crk_x")


def test_lists_are_frames(room: Room) -> None:
    """What can be asked, with the newest headlines."""
    assert "claims-by-model" in room.queries()["name"].to_list()
    assert room.insights().height > 20


def _answer(cell: object) -> Answer:
    table = ReleasedTable(
        columns=(
            ReleasedColumn(name=HOSTILE, type="text", role="dimension", unit=HOSTILE),
            ReleasedColumn(name="n", type="decimal", role="measure"),
        ),
        rows=((HOSTILE, cell),),  # type: ignore[arg-type]
        withheld={}, rows_dropped=0, contributors={}, policies=(), snapshots={}, receivers=(),
    )  # fmt: skip
    about = {"query": HOSTILE, "run": "r", "release": HOSTILE}
    return Answer(about=about, table=table, chart=lambda: None)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("cell", [Decimal("1.50"), Withheld(Reason.LEDGER), None])
def test_a_hostile_text_is_shown_as_its_letters(cell: object) -> None:
    """Title, header, unit, cell and release id are escaped: the only tags are our own."""
    html = _answer(cell)._repr_html_()
    tags = set(re.findall(r"</?([a-z]+)", html))
    assert tags == {"table", "caption", "thead", "tr", "th", "tbody", "td", "p"} | (
        {"i"} if isinstance(cell, Withheld) else set()
    )
    assert html.count("&lt;script&gt;") == 5
    assert "onerror=alert(2)&gt;&quot;&#x27;&amp;" in html


def test_long_answers_are_cut_on_display_only() -> None:
    """Fifty rows are shown, and how many there are."""
    answer = _answer(Decimal(1))
    answer.table = replace(answer.table, rows=answer.table.rows * 120)
    assert answer._repr_html_().count("<tr>") == 51
    assert "the first 50 of 120 rows" in answer._repr_html_()
    assert answer.frame().height == 120


def test_the_client_needs_the_base_install_only() -> None:
    """Nothing of the server's or the insights' extras is imported with it."""
    absent = ("fastapi", "sqlalchemy", "jinja2", "scipy", "xlsxwriter", "vl_convert", "typst", "alembic")
    script = f"import sys\nfor name in {absent}: sys.modules[name] = None\nimport cleanroom.client.room"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0
