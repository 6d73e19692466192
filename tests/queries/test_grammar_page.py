"""docs/grammar.md is executed: what it says passes, passes; what it says is refused, is refused with that code."""

import re
from pathlib import Path

import pytest

from policies.model import Mode
from queries.template import load_template
from tests.queries.asking import CONTRACTS, ask, refusals

_ROOT = Path(__file__).parents[2]
_PAGE = (_ROOT / "docs" / "grammar.md").read_text("utf-8")
_BLOCKS = re.findall(r"^```sql ([^\n]+)\n(.*?)^```", _PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("info", "sql"), _BLOCKS)
def test_an_example_of_the_page_does_what_it_says(info: str, sql: str) -> None:
    """The page is the language's promise to people."""
    words = info.split()
    mode = Mode.TEMPLATES if "templates" in words else Mode.AD_HOC
    if words[0] == "refused":
        assert [one.code for one in refusals(sql, mode)] == [word for word in words if word.startswith("CR-")]
    elif "template" in words:
        assert load_template(sql.encode(), place="grammar.md", contracts=CONTRACTS).shape.aggregates
    else:
        assert ask(sql, mode).aggregates


def test_the_page_has_examples_of_both_kinds() -> None:
    """An empty page would pass every example."""
    kinds = [info.split()[0] for info, _ in _BLOCKS]
    assert kinds.count("pass") >= 10
    assert kinds.count("refused") >= 20


def test_every_code_the_package_gives_has_its_line() -> None:
    """docs/errors/CR-Q.md lists each code that the source can give, and no code that it cannot."""
    sources = [
        *(_ROOT / "queries").glob("*.py"),
        *(_ROOT / "queries" / "binding").glob("*.py"),
        _ROOT / "policies" / "unknown.py",
    ]
    given = set(re.findall(r'"(CR-Q\d{3})"', "".join(path.read_text("utf-8") for path in sources)))
    listed = re.findall(r"^\| (CR-Q\d{3}) \|", (_ROOT / "docs" / "errors" / "CR-Q.md").read_text("utf-8"), re.MULTILINE)
    assert listed == sorted(set(listed))
    assert given - set(listed) == set()
