"""What an uploader's command line says about quality: identifiers at prepare, the trend over a dataset's files."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.feed import Feed, feed

_MAPPING = """
contract: sales
columns:
  sale_id: Id
  sale_date: {from: Day, date_format: "%Y-%m-%d"}
  channel: Channel
  brand: Brand
  serial: Serial
  buyer_email: Email
constants: {currency: GBP, store_id: web}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Feed]:
    with feed(tmp_path) as found:
        (tmp_path / "sales.yaml").write_text(_MAPPING)
        yield found


def _file(shop: Feed, day: int, *, wrong: int = 0) -> Path:
    """Forty sales of one day with running serials; the first ``wrong`` through a channel that no contract knows."""
    path = shop.folder / f"day-{day}.csv"
    lines = [
        f"S{day}-{n},2026-01-{day:02},{'boat' if n < wrong else 'store'},Acme,SN{1000 * day + n:06},p{n}@m{n}.example"
        for n in range(40)
    ]
    path.write_text("Id,Day,Channel,Brand,Serial,Email\n" + "\n".join(lines) + "\n")
    return path


def test_prepare_tells_what_identifiers_are_like_and_warns(shop: Feed) -> None:
    """A table of shares, a warning that serials run on; with --json the counts."""
    how = ("--dataset", "sales", "--mapping", str(shop.folder / "sales.yaml"), *shop.profile)
    path = str(_file(shop, 1))
    code, said, noted = shop.cli("data", "prepare", path, "--out", str(shop.folder / "one"), *how)
    assert code == 0
    (line,) = [line.split() for line in said.splitlines() if line.startswith("serial")]
    assert line == ["serial", "serial.plain@1", "0.0", "%", "0.0", "%", "0.0", "%", "100.0", "%"]
    assert "CR-V050" in noted
    code, said, _ = shop.cli("data", "prepare", path, "--out", str(shop.folder / "two"), "--json", *how)
    assert {known["column"]: known["guessable"] for known in json.loads(said)["identifiers"]} == {
        "buyer_email": 0,
        "serial": 40,
    }


def test_the_trend_of_a_dataset_is_told_in_words_and_as_json(shop: Feed) -> None:
    """Three files; the rule that the last one breaks, its share, and how to fix it."""
    for day, wrong in ((1, 0), (2, 0), (3, 8)):
        shop.push(_file(shop, day, wrong=wrong), shop.folder / "sales.yaml")
    code, said, trouble = shop.cli("data", "quality", "sales", *shop.profile)
    assert code == 0, trouble
    assert [line.split()[1:] for line in said.splitlines()[2:5]] == [
        ["committed", f"2026-01-0{day}", f"2026-01-0{day}", "40", aside, share, "%"]
        for day, aside, share in ((1, "0", "0.0"), (2, "0", "0.0"), (3, "8", "20.0"))
    ]
    (rule,) = [line for line in said.splitlines() if "`channel` must be one of" in line]
    assert "20.0 %" in rule
    assert "map the source's words to these" in rule
    _, listed, _ = shop.cli("data", "quality", "sales", "--json", *shop.profile)
    trend = json.loads(listed)
    assert [file["quarantined"] for file in trend["files"]] == [0, 0, 8]
    assert [rule["rows"] for rule in trend["rules"]] == [[0, 0, 8]]
    code, said, _ = shop.cli("data", "quality", trend["files"][2]["upload_id"], *shop.profile)
    assert (code, said.splitlines()[0]) == (0, "40 rows, 8 quarantined")
    assert shop.cli("data", "quality", "claims", *shop.profile)[:2] == (0, "no file of `claims` yet\n")
