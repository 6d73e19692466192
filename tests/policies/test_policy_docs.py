"""docs/policies.md and docs/errors/CR-P.md are true: the example loads and is clean, every code and key is explained."""

import re
from pathlib import Path

from policy_room import TODAY

from cleanroom.contracts import shipped_contracts
from policies.document import PolicyDocument
from policies.lint import lint
from policies.load import load_policy
from policies.packs import pack_names
from policies.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
FORMAT = (ROOT / "docs" / "policies.md").read_text()
CODES = (ROOT / "docs" / "errors" / "CR-P.md").read_text()


def test_the_example_of_the_documentation_loads_and_is_clean() -> None:
    """What a reader copies works."""
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", FORMAT, re.MULTILINE | re.DOTALL)
    policy = load_policy(example.encode(), place="docs/policies.md")
    assert lint([policy], contracts=shipped_contracts(), today=TODAY) == ()


def test_every_key_of_the_format_is_explained() -> None:
    """The table of keys is complete."""
    names = set(PolicyDocument.model_fields) - {"apiVersion", "kind", "joins", "columns"}
    assert [name for name in sorted(names) if f"`{name}`" not in FORMAT] == []
    assert [pack for pack in pack_names() if f"`{pack}`" not in FORMAT] == []


def test_every_code_in_the_package_is_explained_and_no_other() -> None:
    """Codes are append-only: code and page are held together."""
    used = {
        code for path in (ROOT / "policies").rglob("*.py") for code in re.findall(r"\bCR-P[0-9]{3}\b", path.read_text())
    }
    explained = set(re.findall(r"^\| (CR-P[0-9]{3}) \|", CODES, re.MULTILINE))
    assert explained == used


def test_every_rule_stands_in_the_table_with_its_page() -> None:
    """Code, name and link."""
    assert [
        rule.name for rule in RULES if f"| {rule.code} | [{rule.name}](../rules/{rule.name}.md) |" not in CODES
    ] == []
