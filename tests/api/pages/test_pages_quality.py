"""The quality page: bars with words for those who do not see them, tables, and the policy of all pages kept."""

from collections.abc import Callable

from api_case import Case, sale
from fastapi.testclient import TestClient

from api.pages.sparkline import sparkline

Browse = Callable[[Case, str], TestClient]


def test_bars_are_told_in_words_and_drawn_without_style() -> None:
    """The newest stands out; nothing is no bar; little stays little; what is said of values is escaped."""
    drawn = str(sparkline([4, 0, 8], "rows <x>"))
    assert 'aria-label="rows &lt;x&gt; over the last 3 files: 0 to 8, 4 in the middle, 8 in the newest"' in drawn
    assert [part.split('"')[0] for part in drawn.split('height="')[2:]] == ["11.0", "0.0", "22.0"]
    assert (drawn.count('class="now"'), "style=" in drawn) == (1, False)
    assert 'height="2.2"' in str(sparkline([10], "share", least_top=100))
    assert str(sparkline([], "rows")) == ""


def test_the_page_reads_rule_rows_share_fix_and_trend(own: Case, browse: Browse) -> None:
    """Three files; another member's page of the same dataset is empty, and others' roles do not get in."""
    for start, wrong in ((9000, 0), (9100, 0), (9200, 2)):
        rows = [sale(start + n, channel="boat" if n < wrong else "store") for n in range(25)]
        upload = str(own.push(rows)["upload_id"])
    page = browse(own, "harbor-uploader").get("/data/sales/quality").text
    assert "<code>channel</code> must be one of store, pickup, ship, online, marketplace." in page
    assert "Map the source&#39;s words to these." in page
    assert '<td class="num">2</td><td class="num">8.0 %</td>' in page
    assert "8.0 % in the newest" in page
    assert f'href="/data/uploads/{upload}"' in page
    alone = browse(own, "harbor-steward").get(f"/data/uploads/{upload}").text
    assert "<td>1, 2</td>" in alone
    assert "sent no file of this kind yet" in browse(own, "solstice-uploader").get("/data/sales/quality").text
    assert browse(own, "harbor-analyst").get("/data/sales/quality").status_code == 403
