"""Every rule has a page, and every page is true: its SQL passes or is refused exactly as it says."""

from pathlib import Path

import pytest
from rule_page import PAGES, TODAY, answered, examples, rewritten

from cleanroom.contracts import shipped_contracts
from cleanroom.names import MemberName
from policies.decision import Question
from policies.model import Mode
from policies.rules import RULES
from queries.check import check
from queries.parameters import Parameters

NAMED = {rule.name: rule.code for rule in RULES} | {"queriers": "CR-Q200", "column_granted": "CR-Q201"}
FILES = sorted(PAGES.glob("*.md"))


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    """A refusal's `rule` leads to docs/rules/<rule>.md."""
    assert {page.stem for page in FILES} - {"README"} == set(NAMED)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_page_names_its_code_and_holds_both_kinds_of_sql(name: str) -> None:
    """What it does, why, passing SQL, refused SQL, how to fix."""
    text = (PAGES / f"{name}.md").read_text()
    assert text.startswith(f"# `{name}` ({NAMED[name]})\n")
    wanted = (
        "## What it does",
        "## Why",
        "## Passes",
        "## Refused",
        "## How to fix",
        "```sql passes",
        "```sql refused",
    )
    assert [part for part in wanted if part not in text] == []


@pytest.mark.parametrize("page", [page for page in FILES if page.stem in NAMED], ids=lambda page: page.stem)
def test_the_sql_of_a_page_is_answered_as_the_page_says(page: Path) -> None:
    """Passing SQL passes; refused SQL comes back with these words, the rule's code among them."""
    for example in examples(page):
        assert answered(example.checked().violations) == example.answer, example.sql
    assert any(NAMED[page.stem] in example.answer for example in examples(page))


@pytest.mark.parametrize("page", [page for page in FILES if page.stem in NAMED], ids=lambda page: page.stem)
def test_every_rewrite_on_a_page_is_legal(page: Path) -> None:
    """Putting the offered text in its place leads to a question that passes."""
    for example in examples(page):
        violations = example.checked().violations
        if violations and all(violation.rewrite is not None for violation in violations):
            legal = rewritten(example.sql, violations)
            assert example.checked(legal).violations == (), legal


def test_a_parameters_value_is_never_repeated_by_a_refusal() -> None:
    """I15: the same cut is rewritten where the text holds the date, and only named where a parameter does."""
    (passing, *_) = examples(PAGES / "grain.md")
    sql = passing.sql.replace("BETWEEN DATE '2026-01-01' AND DATE '2026-03-31'", ">= :from")
    question = Question(querier=MemberName("solstice"), purpose="warranty", mode=Mode.AD_HOC, today=TODAY)
    result = check(
        sql,
        contracts=shipped_contracts(),
        policies=passing.policies,
        question=question,
        parameters=Parameters(given={"from": "2026-03-15"}),
    )
    assert [(violation.code, violation.rewrite) for violation in result.violations] == [("CR-P109", None)]
    assert "2026-03" not in repr(result.violations)
